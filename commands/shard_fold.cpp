// The shard's second half: counting what the log gave back, folding it, answering.
#include <algorithm>

#include "commands/continuity.hpp"
#include "commands/shard.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t space_retry_ms = 1000;

/// The offset was not known when the flight was decided.
void remember_at(std::vector<BookChange>& changes, Offset offset) {
  for (auto& change : changes) {
    const auto* row = change.row ? std::get_if<Remembered>(change.row.get()) : nullptr;
    if (!row) continue;
    Remembered placed = *row;
    placed.offset = offset;
    change.row = std::make_shared<const BookRow>(std::move(placed));
  }
}

}  // namespace

void Shard::start(std::move_only_function<void()> opened) {
  x_ports.executor->post([this, o = std::move(opened)]() mutable {
    x_opened = std::move(o);
    auto saved = x_ports.book->saved();
    if (!saved) return stop_for(saved.error());
    x_own = saved->ownership;
    x_applied = saved->next;
    x_stats.visible = saved->next;
    x_claim_after = x_ports.log->end();
    if (x_applied > x_claim_after) {
      return stop_for(Error{Code::internal,
                            "The views are ahead of the log (offset " + std::to_string(x_applied) + " > " +
                                std::to_string(x_claim_after) +
                                "): this is not the log they were folded from. Delete the folder views/ to "
                                "rebuild them, or restore the right log.",
                            ""});
    }
    x_ports.log->tail(x_applied, [this](std::vector<LogRecord> records) { on_records(std::move(records)); });
    if (x_applied == x_claim_after) claim();
  });
}

void Shard::claim() {
  x_claimed = true;
  x_claim_term = x_own.term + 1;
  Claim mine{x_claim_term, x_node, x_url};
  x_ports.log->append(RecordKind::claim, x_ports.codec->encode(mine), [this](Result<void> done) {
    if (done) return;
    x_ports.executor->post(
        [this, term = x_claim_term, error = done.error()] { on_append_failed(term, 0, error); });
  });
}

/// Out of space: nothing of this record was written. Later flights rest on it and can only turn void,
/// so all of them are refused and, as a sequence number is never used twice in a term, a new term is
/// claimed as soon as there is space. Any other failure ends the process.
void Shard::on_append_failed(std::uint64_t term, std::uint64_t seq, const Error& error) {
  if (x_dead || term < std::max(x_own.term, x_claim_term)) return;
  if (error.code != Code::read_only) return stop_for(error);
  if (seq > 0) refuse_flights_from(seq, Refusal{Code::read_only, error.detail, {}, {}, {}});
  if (x_out_of_space && seq > 0) return;  // the first failure already waits for space
  x_out_of_space = error;
  x_open = false;
  x_open_flag = false;
  if (!x_stopping) {
    x_ports.executor->post_after(space_retry_ms, [this] {
      if (!x_dead && !x_stopping) claim();
    });
  }
}

void Shard::refuse_flights_from(std::uint64_t seq, const Refusal& why) {
  while (!x_flights.empty() && x_flights.back()->commit->seq >= seq) {
    auto flight = std::move(x_flights.back());
    x_flights.pop_back();
    x_by_key.erase(raw_name(flight->commit->account.raw) + flight->commit->key_hash);
    x_flight_bytes -= flight->bytes;
    for (auto& j : flight->joined) refuse_now(std::move(j), why);
    refuse_now(std::move(flight->ticket), why);
  }
  x_over.clear();  // laid again over what is counted by the flights that are left
  for (const auto& flight : x_flights) {
    for (const auto& change : flight->changes) x_over[change.key] = {change.row, flight->commit->seq};
  }
  maybe_drained();
}

void Shard::maybe_open() {
  bool owner = x_own.owner == x_node && x_own.term == x_claim_term;
  if (x_open || x_stopping || !owner || x_applied < x_open_after) return;
  x_open = true;
  x_out_of_space.reset();
  x_next_seq = x_own.seq + 1;
  x_basis = x_own.basis;
  x_term_flag = x_own.term;
  x_open_flag = true;
  if (x_opened) std::exchange(x_opened, nullptr)();
}

void Shard::stop_for(Error error) {
  if (x_dead) return;
  // Nothing on a log that failed can be believed: what is in flight has no known outcome, and only a
  // new start, which reads the log again, can tell (architecture.md "The write path").
  x_dead = true;
  x_open = false;
  x_open_flag = false;
  refuse_flights_from(
      0, Refusal{Code::unknown_outcome,
                 "The log failed while this command was on its way; repeat it with the same key.",
                 {},
                 {},
                 {}});
  maybe_drained();
  x_ports.on_fatal(std::move(error));
}

Result<BookRowPtr> Shard::stored(const std::string& key) {
  if (auto row = counted(key)) return *row;
  auto row = x_ports.book->get(key);
  if (row) x_rows.try_emplace(key, Cached{*row, 0});
  return row;
}

std::optional<BookRowPtr> Shard::lookup(const std::string& key) {
  if (auto at = x_over.find(key); at != x_over.end()) return at->second.first;
  return counted(key);
}

std::optional<BookRowPtr> Shard::counted(const std::string& key) {
  if (auto at = x_rows.find(key); at != x_rows.end()) return at->second.row;
  auto at = x_older_rows.find(key);
  if (at == x_older_rows.end()) return std::nullopt;
  auto moved = x_rows.emplace(key, std::move(at->second)).first;
  x_older_rows.erase(at);
  return moved->second.row;
}

/// Two generations: what was not asked for during a whole generation goes. Rows whose write may not be
/// in the store yet, or that a fetch under way may have read before, stay.
void Shard::forget_cold_rows() {
  if (x_rows.size() < x_limits.cached_rows / 2) return;
  Rows kept;
  auto keep_from = x_stats.visible.load();
  auto margin = x_limits.in_flight * 4;
  keep_from = keep_from > margin ? keep_from - margin : 0;
  for (auto& [key, cached] : x_older_rows) {
    if (cached.written >= keep_from && cached.written > 0) kept.emplace(key, std::move(cached));
  }
  x_older_rows = std::exchange(x_rows, std::move(kept));
}

void Shard::apply(const std::vector<BookChange>& changes, Offset offset) {
  for (const auto& change : changes) {
    x_older_rows.erase(change.key);
    x_rows[change.key] = Cached{change.row, offset};
  }
}

Result<std::optional<Timestamp>> Shard::seen_at(const Commit& commit) {
  auto row = stored(book_key(commit.account, row_kind<Remembered>, commit.key_hash));
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return std::get<Remembered>(**row).eff;
}

Result<std::vector<BookChange>> Shard::changes_of(const Commit& commit, Offset offset) {
  std::optional<Error> broken;
  Book book(commit.account, [&](const std::string& key) -> std::optional<BookRowPtr> {
    auto row = stored(key);
    if (!row) broken = row.error();
    return row.value_or(nullptr);
  });
  auto changes = fold_into_book(commit, offset, book);
  if (broken) return std::unexpected(*broken);
  return changes;
}

Result<void> Shard::count_commit(const LogRecord& record, CountedBatch& batch, Flights& done) {
  auto stamp = x_ports.codec->stamp_of(record.payload);
  bool mine = stamp && !x_flights.empty() && stamp->node == x_node &&
              stamp->term == x_flights.front()->commit->term && stamp->seq == x_flights.front()->commit->seq;
  std::shared_ptr<const Commit> commit;
  if (mine) {
    commit = x_flights.front()->commit;
  } else {
    auto decoded = x_ports.codec->decode_commit(record.payload);
    if (!decoded) return std::unexpected(decoded.error());
    commit = std::make_shared<const Commit>(std::move(*decoded));
  }
  Timestamp effective = commit->log_time;
  std::optional<Timestamp> seen;
  auto sequence = commit->first_sequence - 1;
  if (!mine) {  // one's own was looked up when it was decided
    auto line = stored(book_key(commit->account, row_kind<AccountLine>, ""));
    auto at = seen_at(*commit);
    if (!line) return std::unexpected(line.error());
    if (!at) return std::unexpected(at.error());
    if (*line) effective = effective_time(effective, std::get<AccountLine>(**line).eff);
    sequence = *line ? std::get<AccountLine>(**line).sequence : 0;
    seen = *at;
  }
  if (auto why = x_own.count(*commit, seen, effective)) {
    ++x_stats.voided;
    batch.voided.push_back(record.offset);
    return {};
  }
  if (auto ok = check_continuity(*commit, x_own, sequence); !ok) return ok;
  Counted counted{commit, record.offset, record.payload.size(), {}};
  if (mine) {
    auto flight = std::move(x_flights.front());
    x_flights.pop_front();
    x_flight_bytes -= flight->bytes;
    x_own.basis = flight->basis_after;
    counted.changes = std::move(flight->changes);
    remember_at(counted.changes, record.offset);
    for (const auto& change : counted.changes) {
      auto over = x_over.find(change.key);
      if (over != x_over.end() && over->second.second == commit->seq) x_over.erase(over);
    }
    flight->offset = record.offset;
    flight->times.sync = x_ports.clock->monotonic_us() - flight->appended_us;
    done.push_back(std::move(flight));
  } else {
    auto changes = changes_of(*commit, record.offset);
    if (!changes) return std::unexpected(changes.error());
    counted.changes = std::move(*changes);
    x_own.basis = x_ports.codec->chain(x_own.basis, record.payload);
  }
  apply(counted.changes, record.offset);
  ++x_stats.committed;
  batch.commits.push_back(std::move(counted));
  return {};
}

Result<void> Shard::count(const LogRecord& record, CountedBatch& batch, Flights& done) {
  switch (record.kind) {
    case RecordKind::log: {
      auto header = x_ports.codec->decode_header(record.payload);
      if (!header) return std::unexpected(header.error());
      if (x_own.epoch.empty()) x_own.epoch = header->epoch;
      return {};
    }
    case RecordKind::claim: {
      auto claim = x_ports.codec->decode_claim(record.payload);
      if (!claim) return std::unexpected(claim.error());
      if (x_own.take(*claim) && x_own.owner == x_node) x_open_after = x_ports.log->end();
      return {};
    }
    case RecordKind::commit:
      return count_commit(record, batch, done);
  }
  return fail(Code::internal, "a record of unknown kind");
}

void Shard::on_records(std::vector<LogRecord> records) {
  if (records.empty() || x_dead) return;
  CountedBatch batch;
  batch.from = x_applied;
  Flights done;
  for (const auto& record : records) {
    if (auto ok = count(record, batch, done); !ok) {
      return stop_for(Error{ok.error().code,
                            "offset " + std::to_string(record.offset) + ": " + ok.error().detail,
                            ok.error().pointer});
    }
    x_applied = record.offset + 1;
  }
  batch.next = x_applied;
  batch.ownership = x_own;
  forget_cold_rows();
  ++x_folding;
  x_ports.sink->fold(std::move(batch),
                     [this, next = x_applied] { x_ports.executor->post([this, next] { visible(next); }); });
  answer_counted(std::move(done));
  pace_tail();
  if (!x_claimed && x_applied >= x_claim_after) claim();
  maybe_open();
}

/// Counted, in the book's memory, and on their way into the read models: answered, in order.
void Shard::answer_counted(Flights done) {
  for (auto& flight : done) {
    x_by_key.erase(raw_name(flight->commit->account.raw) + flight->commit->key_hash);
    auto began_us = x_ports.clock->monotonic_us();
    const Commit& c = *flight->commit;
    CommandAnswer a;
    a.result = c.result;
    a.refusal_code = c.refusal;
    a.trace = c.trace;
    a.commit = c.id.to_string();
    a.offset = flight->offset;
    for (auto& j : flight->joined) {
      CommandAnswer again = a;
      again.replayed = true;
      answer(std::move(j), std::move(again));
    }
    a.once = std::move(flight->once);
    answer(std::move(flight->ticket), std::move(a));
    flight->times.answer = x_ports.clock->monotonic_us() - began_us;
    x_ports.staged(flight->times);
  }
  maybe_drained();
}

/// Every read model shows everything before `next`.
void Shard::visible(Offset next) {
  x_stats.visible = next;
  --x_folding;
  pace_tail();
  maybe_drained();
}

/// Read models may be a little behind what is counted, never more: a long replay runs at their pace, and
/// under load the answers do.
void Shard::pace_tail() {
  auto behind = x_applied - x_stats.visible.load();
  bool pause = x_folding >= 2 && behind >= x_limits.unfolded;
  if (pause == x_paused) return;
  x_paused = pause;
  x_ports.log->pause_tail(pause);
}

}  // namespace ringledger
