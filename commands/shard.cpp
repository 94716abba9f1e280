// The shard's first part: taking, deciding and appending commands. shard_fold.cpp counts and answers,
// shard_term.cpp knows whose term it is.
#include "commands/shard.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>
#include <cstdlib>

namespace ringledger {
namespace {

constexpr int max_fetches = 64;     // a decision that misses more often is a bug
constexpr int position_waits = 40;  // × 50 ms: the default Prefer: wait of 2 s
constexpr std::int64_t facts_live_ms = 30'000;
constexpr std::int64_t clock_drift_ms = 60'000;
constexpr std::int64_t drain_ms = 1000;  // at a stop

std::string running_key(const Ticket& t) { return raw_name(t.account.raw) + t.key_hash; }

Refusal plain(Code code, std::string detail) { return Refusal{code, std::move(detail), {}, {}, {}}; }

Refusal other_request() {
  return plain(Code::idempotency_key_reused,
               "This Idempotency-Key was used for another request; use a new key for a new request.");
}

}  // namespace

Shard::Shard(Ports ports, ShardLimits limits, std::string node_name, std::string url)
    : x_ports(std::move(ports)), x_limits(limits), x_url(std::move(url)) {
  // node = name + random incarnation: a restarted node never takes its dead self for itself
  x_node = std::move(node_name) + "." +
           encode_base32(RawId::make(x_ports.random->next_u64(), 0, x_ports.random->next_u64()));
  x_wall_minus_boot = x_ports.clock->now().ms - x_ports.clock->monotonic_ms();
}

void Shard::submit(std::unique_ptr<Ticket> ticket) {
  auto held_bytes = x_held_bytes.fetch_add(ticket->bytes);
  if (x_held.fetch_add(1) >= x_limits.in_flight || held_bytes >= x_limits.in_flight_bytes) {
    x_held.fetch_sub(1);
    x_held_bytes.fetch_sub(ticket->bytes);
    ++x_stats.overloaded;
    CommandAnswer full;
    full.refused = plain(Code::overloaded, "Too many commands are waiting; try again shortly.");
    full.trace = ticket->trace;
    ticket->answer(std::move(full));
    return;
  }
  ticket->submitted_us = x_ports.clock->monotonic_us();
  {
    std::lock_guard lock(x_door_mutex);
    auto& line = x_door[ticket->account];
    if (line.empty()) x_turns.push_back(ticket->account);
    line.push_back(std::move(ticket));
  }
  x_ports.executor->post([this] { admit(next_in_turn()); });
}

/// One command of each account that waits, in turn: a busy account makes no other wait behind all of its own.
std::unique_ptr<Ticket> Shard::next_in_turn() {
  std::lock_guard lock(x_door_mutex);
  auto account = x_turns.front();
  x_turns.pop_front();
  auto at = x_door.find(account);
  auto ticket = std::move(at->second.front());
  at->second.pop_front();
  if (at->second.empty())
    x_door.erase(at);
  else
    x_turns.push_back(account);
  return ticket;
}

void Shard::admit(std::unique_ptr<Ticket> ticket) {
  auto& held = ++x_per_account[ticket->account];
  if (held > x_limits.in_flight_account) {
    ++x_stats.overloaded;
    return refuse_now(std::move(ticket),
                      plain(Code::rate_limited, "Too many commands of this account are waiting."));
  }
  adopt(*ticket);
  take(std::move(ticket));
}

void Shard::prefetch(Ticket& ticket) const {
  ticket.fetched_at = x_stats.visible.load();
  auto key = book_key(ticket.account, row_kind<Remembered>, ticket.key_hash);
  if (auto row = x_ports.book->get(key)) ticket.fetched.emplace_back(std::move(key), *row);
}

/// A row read at a position shows at least what was visible then, and rows written since are in memory
/// (forget_cold_rows keeps them), so a fetched row is taken only where memory has none.
void Shard::adopt(Ticket& ticket) {
  bool fresh = x_applied - ticket.fetched_at <= x_limits.in_flight * 4;
  for (auto& [key, row] : ticket.fetched) {
    if (fresh && !x_older_rows.contains(key)) x_rows.try_emplace(key, Cached{std::move(row), 0});
  }
  ticket.fetched.clear();
}

void Shard::answer(std::unique_ptr<Ticket> ticket, CommandAnswer answer) {
  x_held.fetch_sub(1);
  x_held_bytes.fetch_sub(ticket->bytes);
  auto at = x_per_account.find(ticket->account);
  if (at != x_per_account.end() && --at->second == 0) x_per_account.erase(at);
  ticket->answer(std::move(answer));
}

void Shard::refuse_now(std::unique_ptr<Ticket> ticket, Refusal refusal) {
  CommandAnswer a;
  a.refused = std::move(refusal);
  a.trace = ticket->trace;
  answer(std::move(ticket), std::move(a));
}

/// No commit remembers this refusal: it waits for those in flight that it rests on. Void ones have it decided
/// again.
void Shard::refuse_when_true(std::unique_ptr<Ticket> ticket, Refusal refusal) {
  if (ticket->rests_on > 0) {
    auto place = ticket->rests_on - x_flights.front()->commit->seq;
    x_flights[place]->refused.push_back({std::move(ticket), std::move(refusal)});
    return;
  }
  ++x_stats.refused;
  refuse_now(std::move(ticket), std::move(refusal));
}

bool Shard::clock_trusted() {
  auto drift = x_ports.clock->now().ms - x_ports.clock->monotonic_ms() - x_wall_minus_boot;
  return std::abs(drift) <= clock_drift_ms;
}

Refusal Shard::why_closed() const {
  if (x_out_of_space) return plain(Code::read_only, x_out_of_space->detail);
  if (x_stopping) return plain(Code::not_writer, "The server is stopping.");
  if (!x_own.owner.empty() && (x_own.owner != x_node || x_let_go) && x_caught_up)
    return plain(Code::not_writer, "Another node writes this account.");
  return plain(Code::not_writer, "The log is not open for writing yet.");
}

/// True: the ticket went elsewhere (waiting, or refused).
bool Shard::wait_for_position(std::unique_ptr<Ticket>& ticket) {
  if (!ticket->not_before || *ticket->not_before < x_applied) return false;
  if (++ticket->waits > position_waits) {
    refuse_now(std::move(ticket),
               plain(Code::position_not_reached, "That position was not reached in time."));
    return true;
  }
  x_ports.executor->post_after(50, [this, t = std::move(ticket)]() mutable { take(std::move(t)); });
  return true;
}

bool Shard::join_running(std::unique_ptr<Ticket>& ticket) {
  auto key = running_key(*ticket);
  if (auto at = x_by_key.find(key); at != x_by_key.end()) {
    if (at->second->commit->req_hash != ticket->req_hash) {
      at->second->refused.push_back({std::move(ticket), other_request()});
    } else {
      at->second->joined.push_back(std::move(ticket));
    }
    return true;
  }
  if (auto at = x_gathering.find(key); at != x_gathering.end()) {
    at->second.push_back(std::move(ticket));
    return true;
  }
  return false;
}

bool Shard::repeat_remembered(std::unique_ptr<Ticket>& ticket, const Book& book, Timestamp now) {
  const auto* seen = book.find<Remembered>(ticket->key_hash);
  const auto* line = book.find<AccountLine>("");
  if (!seen || !line || !book.misses().empty()) return false;
  if (!remembered(seen->eff, effective_time(now, line->eff))) return false;
  if (seen->req_hash != ticket->req_hash) {
    refuse_now(std::move(ticket), other_request());
    return true;
  }
  ++x_stats.replayed;
  CommandAnswer a;
  a.result = {static_cast<int>(seen->status), seen->clear, seen->personal, seen->subject};
  a.refusal_code = seen->refusal;
  a.trace = seen->trace;
  a.commit = seen->commit;
  a.offset = seen->offset;
  a.replayed = true;
  answer(std::move(ticket), std::move(a));
  return true;
}

/// Who does not write says nothing that rests on state; but what the command of a key came to stays true for
/// ever.
void Shard::answer_closed(std::unique_ptr<Ticket> ticket) {
  if (!ticket->read_only && x_ports.log->shared() && x_caught_up && !x_dead) {
    Book book(ticket->account, [this](const std::string& key) { return counted(key); });
    if (repeat_remembered(ticket, book, x_ports.clock->now())) return;
    if (!book.misses().empty()) return fetch(std::move(ticket), book.misses());
  }
  refuse_now(std::move(ticket), why_closed());
}

void Shard::take(std::unique_ptr<Ticket> ticket) {
  if (!x_open) return answer_closed(std::move(ticket));
  ticket->taken_us = x_ports.clock->monotonic_us();
  if (wait_for_position(ticket) || (!ticket->read_only && join_running(ticket))) return;
  Book book(ticket->account,
            [this, asking = ticket.get()](const std::string& key) { return lookup(key, *asking); });
  auto now = x_ports.clock->now();  // once: the same time finds the key forgotten and counts the commit
  if (!ticket->read_only && repeat_remembered(ticket, book, now)) return;
  if (!book.misses().empty()) return fetch(std::move(ticket), book.misses());
  if (!clock_trusted()) {
    return refuse_now(std::move(ticket), plain(Code::clock_untrusted,
                                               "The wall clock jumped; commands wait until it is right."));
  }
  const auto* line = book.find<AccountLine>("");
  Context context;
  context.principal = ticket->principal;
  context.account = ticket->account;
  context.now = effective_time(now, line ? line->eff : Timestamp{});
  if (!ticket->first_decided) ticket->first_decided = context.now;
  context.ids_at = ticket->first_decided;
  context.draws = ticket->draws;
  context.if_match = ticket->if_match;
  context.phones = x_ports.phones;
  context.mint = x_ports.mint;
  std::erase_if(ticket->facts, [&](const ProviderFacts& f) {
    return x_ports.clock->monotonic_ms() - f.gathered_ms > facts_live_ms;
  });
  context.facts = &ticket->facts;
  ticket->rests_on = 0;
  Outcome outcome = ticket->decide(book, context);
  if (!book.misses().empty()) return fetch(std::move(ticket), book.misses());
  if (!outcome.questions.empty()) return gather(std::move(ticket), std::move(outcome.questions));
  if (outcome.refusal && (ticket->read_only || !is_remembered(outcome.refusal->code)))
    return refuse_when_true(std::move(ticket), std::move(*outcome.refusal));
  if (ticket->read_only) {
    CommandAnswer a;
    a.result = std::move(outcome.result);
    a.trace = ticket->trace;
    a.offset = x_applied == 0 ? 0 : x_applied - 1;
    return answer(std::move(ticket), std::move(a));
  }
  commit(std::move(ticket), std::move(outcome), book, context);
}

void Shard::commit(std::unique_ptr<Ticket> ticket, Outcome outcome, Book& book, const Context& context) {
  const auto* line = book.find<AccountLine>("");
  auto c = std::make_shared<Commit>();
  c->term = x_own.term;
  c->node = x_node;
  c->seq = x_next_seq;
  c->basis = x_basis;
  c->id = CommitId{
      RawId::make(static_cast<std::uint64_t>(context.now.ms), context.account.slot(), ticket->draws.back())};
  c->account = ticket->account;
  c->principal = ticket->principal;
  c->command = ticket->command;
  c->key_hash = ticket->key_hash;
  c->req_hash = ticket->req_hash;
  c->log_time = context.now;
  c->at = x_ports.clock->now();
  c->cause = ticket->cause;
  c->trace = ticket->trace;
  if (outcome.refusal) c->refusal = boost::describe::enum_to_string(outcome.refusal->code, "");
  c->result = std::move(outcome.result);
  c->first_sequence = (line ? line->sequence : 0) + 1;
  c->events = std::move(outcome.events);

  auto payload = x_ports.codec->encode(*c);
  if (!payload) return refuse_now(std::move(ticket), plain(payload.error().code, payload.error().detail));
  if (payload->size() > max_payload_bytes) {
    return refuse_when_true(std::move(ticket),
                            plain(Code::too_large, "The command makes a commit of more than 4 MiB."));
  }
  if (!x_flights.empty() && x_flight_bytes + payload->size() > x_limits.in_flight_bytes) {
    ++x_stats.overloaded;
    return refuse_now(std::move(ticket), plain(Code::overloaded, "Too much waits for the log; try again."));
  }
  auto changes = fold_into_book(*c, 0, book);
  if (!book.misses().empty()) return fetch(std::move(ticket), book.misses());
  if (!changes) return refuse_now(std::move(ticket), plain(Code::internal, changes.error().detail));

  auto flight = std::make_unique<Flight>();
  flight->commit = c;
  flight->changes = std::move(*changes);
  flight->bytes = payload->size();
  flight->once = std::move(outcome.once);
  flight->appended_us = x_ports.clock->monotonic_us();
  flight->times.queue = ticket->taken_us - ticket->submitted_us;
  flight->times.decide = flight->appended_us - ticket->taken_us;
  flight->basis_after = x_ports.codec->chain(x_basis, *payload);
  x_basis = flight->basis_after;
  for (const auto& change : flight->changes) x_over[change.key] = {change.row, c->seq};
  auto key = running_key(*ticket);
  flight->ticket = std::move(ticket);
  x_by_key[key] = flight.get();
  x_flight_bytes += flight->bytes;
  x_flights.push_back(std::move(flight));
  ++x_next_seq;
  watch_overdue();
  x_ports.log->append({RecordKind::commit, std::move(*payload), c}, [this, term = c->term,
                                                                     seq = c->seq](Result<void> done) {
    if (done) return;  // its place is told by the tail
    x_ports.executor->post([this, term, seq, error = done.error()] { on_commit_failed(term, seq, error); });
  });
}

void Shard::fetch(std::unique_ptr<Ticket> ticket, std::vector<std::string> keys) {
  // Who stands in a queue with others misses another row each time that one of them was served.
  if (std::exchange(ticket->fetched_seq, x_next_seq) != x_next_seq) ticket->fetches = 0;
  if (++ticket->fetches > max_fetches) {
    return refuse_now(std::move(ticket), plain(Code::internal, "The decision never had all it needed."));
  }
  ticket->fetched_at = x_stats.visible.load();
  x_ports.pool->post([this, t = std::move(ticket), keys = std::move(keys)]() mutable {
    std::optional<Error> broken;
    for (auto& key : keys) {
      auto row = x_ports.book->get(key);
      if (!row) broken = row.error();
      t->fetched.emplace_back(std::move(key), row.value_or(nullptr));
    }
    x_ports.executor->post([this, broken, t = std::move(t)]() mutable {
      if (broken) return refuse_now(std::move(t), plain(Code::internal, broken->detail));
      adopt(*t);
      take(std::move(t));
    });
  });
}

void Shard::gather(std::unique_ptr<Ticket> ticket, std::vector<ProviderQuestion> questions) {
  auto key = running_key(*ticket);
  x_gathering[key];  // repeats of it wait here
  x_ports.providers->post([this, key, t = std::move(ticket), questions = std::move(questions)]() mutable {
    std::vector<ProviderFacts> facts;
    for (const auto& q : questions) {
      facts.push_back(x_ports.gatherer->ask(q));
      facts.back().gathered_ms = x_ports.clock->monotonic_ms();
    }
    x_ports.executor->post([this, key, t = std::move(t), facts = std::move(facts)]() mutable {
      auto waiting = std::move(x_gathering[key]);
      x_gathering.erase(key);
      for (auto& f : facts) {
        std::erase_if(t->facts, [&](auto& old) { return old.connection == f.connection; });
        t->facts.push_back(std::move(f));
      }
      take(std::move(t));
      for (auto& w : waiting) take(std::move(w));
    });
  });
}

void Shard::stop(std::move_only_function<void()> drained) {
  x_ports.executor->post([this, d = std::move(drained)]() mutable {
    x_stopping = true;
    close();
    for (auto& ticket : std::exchange(x_again, {})) refuse_now(std::move(ticket), why_closed());
    x_drained = std::move(d);
    maybe_drained();
    if (!x_ports.log->shared()) return;
    x_ports.executor->post_after(drain_ms, [this] { give_up_answers(x_ports.clock->monotonic_us()); });
  });
}

void Shard::maybe_drained() {
  if (!x_stopping || !x_drained) return;
  bool waited_for = std::ranges::any_of(x_by_key, [](const auto& named) {
    const Flight& f = *named.second;
    return f.ticket || !f.joined.empty() || !f.refused.empty();
  });
  if ((waited_for || x_folding > 0) && !x_dead) return;
  auto d = std::move(x_drained);
  x_drained = nullptr;
  d();
}

}  // namespace ringledger
