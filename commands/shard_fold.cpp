// The shard's second part: counting what the log gave back, folding it, answering.
#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "commands/continuity.hpp"
#include "commands/shard.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t read_again_ms = 50;

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

Result<BookRowPtr> Shard::stored(const std::string& key) {
  if (auto row = counted(key)) return *row;
  auto row = x_ports.book->get(key);
  if (row) x_rows.try_emplace(key, Cached{*row, 0});
  return row;
}

/// What is only asked is told as it counts; what is decided rests on what is in flight, too.
std::optional<BookRowPtr> Shard::lookup(const std::string& key, Ticket& asking) {
  auto at = x_over.find(key);
  if (asking.read_only || at == x_over.end()) return counted(key);
  asking.rests_on = std::max(asking.rests_on, at->second.second);
  return at->second.first;
}

/// As counted, when it is in memory.

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

/// nullptr: a stranger's, in a shared log; it cannot count. What would count and cannot be read, as it is
/// damaged or of a newer release, is an error, and so is what cannot be read yet
/// (Code::position_not_reached).
Result<std::shared_ptr<const Commit>> Shard::decoded(const LogRecord& record) const {
  auto commit = x_ports.codec->decode_commit(record.payload);
  if (commit) return std::make_shared<const Commit>(std::move(*commit));
  if (commit.error().code == Code::position_not_reached) return std::unexpected(commit.error());
  auto stamp = x_ports.codec->stamp_of(record.payload);
  bool counts = stamp && x_own.is_next(stamp->term, stamp->node, stamp->seq);
  if (!x_ports.log->shared() || counts) return std::unexpected(commit.error());
  return nullptr;
}

/// Always false: the record does not count.
bool Shard::voided(const LogRecord& record, std::string_view why) {
  ++x_stats.voided;
  if (x_ports.void_record) x_ports.void_record(record.offset, why);
  return false;
}

Result<bool> Shard::count_commit(const LogRecord& record, CountedBatch& batch, Flights& done) {
  auto stamp = x_ports.codec->stamp_of(record.payload);
  bool mine = stamp && !x_flights.empty() && stamp->node == x_node &&
              stamp->term == x_flights.front()->commit->term && stamp->seq == x_flights.front()->commit->seq;
  std::shared_ptr<const Commit> commit;
  if (mine) {
    commit = x_flights.front()->commit;
  } else {
    auto read = decoded(record);
    if (!read) return std::unexpected(read.error());
    if (!*read) return voided(record, "foreign");
    commit = std::move(*read);
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
    if (!x_ports.log->shared()) batch.voided.push_back(record.offset);
    bool own = commit->node == x_node && commit->term == x_own.term && commit->seq > x_own.seq;
    if (own) resign(ResignCause::void_commit, "its commit " + std::to_string(commit->seq) + " is void");
    return voided(record, boost::describe::enum_to_string(*why, ""));
  }
  if (auto ok = check_continuity(*commit, x_own, sequence); !ok) return std::unexpected(ok.error());
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
    x_resigns_in_a_row = 0;
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
  return true;
}

/// True: the record counts (protocol.md "fold").
Result<bool> Shard::count(const LogRecord& record, CountedBatch& batch, Flights& done) {
  switch (record.kind) {
    case RecordKind::foreign:
      return voided(record, "foreign");
    case RecordKind::log: {
      auto header = x_ports.codec->decode_header(record.payload);
      if (!header && x_ports.log->shared()) return voided(record, "foreign");
      if (!header) return std::unexpected(header.error());
      if (!x_own.epoch.empty()) return voided(record, "second_log");
      x_own.epoch = header->epoch;
      return true;
    }
    case RecordKind::claim: {
      auto claim = x_ports.codec->decode_claim(record.payload);
      if (!claim && x_ports.log->shared()) return voided(record, "foreign");
      if (!claim) return std::unexpected(claim.error());
      if (!x_own.take(*claim)) return voided(record, "late_claim");
      on_new_term();
      return true;
    }
    case RecordKind::commit:
      return count_commit(record, batch, done);
  }
  return fail(Code::internal, "a record of unknown kind");
}

void Shard::on_records(std::vector<LogRecord> records) {
  if (records.empty() || x_dead) return;
  if (x_unread.empty()) return fold(std::move(records));
  std::ranges::move(records, std::back_inserter(x_unread));
}

void Shard::fold(std::vector<LogRecord> records) {
  CountedBatch batch;
  batch.from = x_applied;
  Flights done;
  for (auto record = records.begin(); record != records.end(); ++record) {
    auto counts = count(*record, batch, done);
    if (!counts && counts.error().code == Code::position_not_reached) {
      read_again({std::make_move_iterator(record), std::make_move_iterator(records.end())});
      break;
    }
    if (!counts) {
      return stop_for(Error{counts.error().code,
                            "offset " + std::to_string(record->offset) + ": " + counts.error().detail,
                            counts.error().pointer});
    }
    x_applied = record->offset + 1;
    if (!*counts) continue;
    x_kept_next = x_applied;
    if (x_ports.log->shared()) batch.kept.push_back(std::move(*record));
  }
  if (x_applied != batch.from) show(std::move(batch));
  answer_counted(std::move(done));
  pace_tail();
  if (!x_caught_up && x_applied >= x_end_at_start) caught_up();
  maybe_open();
}

void Shard::show(CountedBatch batch) {
  batch.next = x_applied;
  batch.kept_next = x_kept_next;
  batch.ownership = x_own;
  forget_cold_rows();
  ++x_folding;
  x_ports.sink->fold(std::move(batch),
                     [this, next = x_applied] { x_ports.executor->post([this, next] { visible(next); }); });
}

/// The first of them cannot be read yet: the key that opens it is on its way from another node. All behind it
/// wait with it; nothing else does.
void Shard::read_again(std::vector<LogRecord> records) {
  x_unread = std::move(records);
  x_ports.executor->post_after(read_again_ms, [this] {
    auto unread = std::exchange(x_unread, {});
    if (!x_dead) fold(std::move(unread));
  });
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
    if (flight->ticket) answer(std::move(flight->ticket), std::move(a));  // else it was answered too late
    for (auto& r : flight->refused) {
      ++x_stats.refused;
      refuse_now(std::move(r.ticket), std::move(r.refusal));
    }
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
  bool pause = !x_unread.empty() || (x_folding >= 2 && behind >= x_limits.unfolded);
  if (pause == x_paused) return;
  x_paused = pause;
  x_ports.log->pause_tail(pause);
}

}  // namespace ringledger
