// The shard's third part: whose term it is. It claims, opens, resigns, and settles what was in flight
// (../shared/spec/protocol.md "Rules").
#include "commands/shard.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t space_retry_ms = 1000;
constexpr std::int64_t claim_again_ms = 5000;  // "nothing within 5 s": the same claim again
constexpr std::int64_t end_retry_ms = 500;     // the log's end could not be asked
constexpr std::int64_t overdue_ms = 5000;      // an answer waits no longer; the record may still land
constexpr std::int64_t overdue_look_ms = 1000;
constexpr std::int64_t stalled_ms = 2000;  // others may claim
constexpr std::int64_t let_go_look_ms = 20;
constexpr int let_go_looks = 50;
constexpr std::int64_t most_pause_ms = 4000;
constexpr int most_tries = 3;  // of a command whose commits turn void

/// Before what failed so often in a row is tried again.
std::int64_t pause_ms_after(int failures) {
  return std::min(most_pause_ms, std::int64_t{100} << std::min(failures, 10));
}

Refusal unknown(std::string detail) { return Refusal{Code::unknown_outcome, std::move(detail), {}, {}, {}}; }

}  // namespace

void Shard::start(Start how, std::move_only_function<void()> ready) {
  x_ports.executor->post([this, how, r = std::move(ready)]() mutable {
    x_start = how;
    x_ready = std::move(r);
    auto saved = x_ports.book->saved();
    if (!saved) return stop_for(saved.error());
    x_own = saved->ownership;
    x_applied = saved->next;
    x_kept_next = saved->kept_next;
    x_stats.visible = saved->next;
    ask_end([this](Offset end) { begin(end); });
  });
}

/// An end no older than this call; asked until the log answers.
void Shard::ask_end(std::move_only_function<void(Offset)> then) {
  x_ports.log->end_now([this, t = std::move(then)](Result<Offset> end) mutable {
    x_ports.executor->post([this, end = std::move(end), t = std::move(t)]() mutable {
      if (x_dead) return;
      if (end) return t(*end);
      x_ports.executor->post_after(end_retry_ms,
                                   [this, t = std::move(t)]() mutable { ask_end(std::move(t)); });
    });
  });
}

void Shard::begin(Offset end) {
  tell_seat();
  x_end_at_start = end;
  if (x_applied > end) {
    return stop_for(Error{Code::internal,
                          "The views are ahead of the log (offset " + std::to_string(x_applied) + " > " +
                              std::to_string(end) +
                              "): this is not the log they were folded from. Delete the folder views/ to "
                              "rebuild them, or restore the right log.",
                          ""});
  }
  x_ports.log->tail(x_applied, [this](std::vector<LogRecord> records) { on_records(std::move(records)); });
  if (x_applied == end) caught_up();
}

void Shard::caught_up() {
  x_caught_up = true;
  if (x_start == Start::claim) return claim();
  std::exchange(x_ready, nullptr)();
}

void Shard::contend() {
  x_ports.executor->post([this] {
    bool under_way = !x_caught_up || x_claim_term > x_own.term;
    if (!x_dead && !x_stopping && !under_way) claim();
  });
}

/// Nothing is decided between a claim and its term: what fails then would be overlooked.
void Shard::claim() {
  close();
  x_claim_term = x_own.term + 1;
  append_claim();
}

/// Its acknowledgement means nothing: whether it counts is read from the log.
void Shard::append_claim() {
  ++x_stats.claims;
  Claim mine{x_claim_term, x_node, x_url};
  auto attempt = ++x_claim_attempt;
  x_ports.log->append(
      {RecordKind::claim, x_ports.codec->encode(mine), {}}, [this, attempt](Result<void> done) {
        if (done) return;
        x_ports.executor->post([this, attempt, error = done.error()] { on_claim_failed(attempt, error); });
      });
  if (x_ports.log->shared()) append_claim_after(claim_again_ms);
}

/// The same claim, when no claim of its term, or a later one, was read by then.
void Shard::append_claim_after(std::int64_t pause_ms) {
  x_ports.executor->post_after(pause_ms, [this, attempt = x_claim_attempt] {
    if (x_dead || x_stopping || attempt != x_claim_attempt || x_own.term >= x_claim_term) return;
    append_claim();
  });
}

/// Nobody knows whether it lands, and what sent it may be dead for good: once more by another producer, and
/// soon. An older attempt's failure says nothing: another one is on its way.
void Shard::on_claim_failed(std::uint64_t attempt, const Error& error) {
  if (x_dead || attempt != x_claim_attempt || x_own.term >= x_claim_term) return;
  if (error.code == Code::read_only) return wait_for_space(error);
  if (!x_ports.log->shared()) return stop_for(error);
  x_ports.log->renew();
  append_claim_after(pause_ms_after(++x_claims_failed_in_a_row));
}

/// Out of space: nothing of this record was written. Later flights rest on it and can only turn void,
/// so all of them are refused and, as a sequence number is never used twice in a term, a new term is
/// claimed as soon as there is space. Any other failure: nobody knows whether it lands. A shared log goes on
/// in another term; a log of this process alone ends it.
void Shard::on_commit_failed(std::uint64_t term, std::uint64_t seq, const Error& error) {
  if (x_dead || term < std::max(x_own.term, x_claim_term)) return;
  if (error.code != Code::read_only) {
    if (!x_ports.log->shared()) return stop_for(error);
    return resign(ResignCause::produce_failed, error.detail);
  }
  refuse_flights_from(seq, Refusal{Code::read_only, error.detail, {}, {}, {}});
  if (!x_out_of_space) wait_for_space(error);
}

void Shard::wait_for_space(const Error& error) {
  x_out_of_space = error;
  ++x_claim_attempt;
  close();
  x_ports.executor->post_after(space_retry_ms, [this, in = x_own.term] {
    if (!x_dead && !x_stopping && x_own.term == in) claim();  // else another node writes by now
  });
}

/// Decides no more in this term, for good. What is in flight is known as soon as a newer claim is read.
void Shard::resign(ResignCause cause, const std::string& why) {
  if (x_dead || x_own.owner != x_node || x_own.term != x_claim_term || x_own.term == x_resigned_term) return;
  x_resigned_term = x_own.term;
  close();
  ++x_stats.resigned;
  if (x_ports.resigned) x_ports.resigned(x_own.term, cause, why);
  if (cause == ResignCause::handed_over) return let_go(x_own.term, 0);
  x_ports.log->renew();
  if (x_stopping || x_let_go) return;
  if (x_resigns_in_a_row++ == 0) return claim();
  // What fails again and again (a topic that takes no large records any more) is not tried without a pause.
  x_ports.executor->post_after(pause_ms_after(x_resigns_in_a_row), [this, in = x_own.term] {
    bool under_way = x_claim_term > in;
    if (!x_dead && !x_stopping && !x_let_go && x_own.term == in && !under_way) claim();
  });
}

void Shard::hand_over() {
  x_ports.executor->post([this] {
    if (x_open && x_ports.log->shared()) resign(ResignCause::handed_over, "another node is to write");
  });
}

/// What is in flight still counts in this term: it is waited for, a second at most.
void Shard::let_go(std::uint64_t term, int looks) {
  if (x_dead || x_own.term != term) return;
  if (!x_flights.empty() && looks < let_go_looks) {
    x_ports.executor->post_after(let_go_look_ms, [this, term, looks] { let_go(term, looks + 1); });
    return;
  }
  x_let_go = true;
  tell_seat();
}

Shard::Seat Shard::seat() const {
  std::lock_guard lock(x_seat_mutex);
  auto seat = x_seat;
  seat.counted = x_stats.committed;
  return seat;
}

void Shard::tell_seat() {
  std::lock_guard lock(x_seat_mutex);
  x_seat = {x_own.term, x_own.owner_url, !x_own.owner.empty() && x_own.owner == x_node && !x_let_go};
}

/// A claim counts: what is left in flight of an older term is void for certain.
void Shard::on_new_term() {
  close();
  x_let_go = false;
  x_claims_failed_in_a_row = 0;
  tell_seat();
  x_open_after.reset();
  bool mine = x_own.owner == x_node;
  if (!mine) x_out_of_space.reset();
  auto left = std::exchange(x_flights, {});
  x_over.clear();
  for (auto& flight : left) {
    x_by_key.erase(raw_name(flight->commit->account.raw) + flight->commit->key_hash);
    x_flight_bytes -= flight->bytes;
    decide_again(std::move(flight));
  }
  if (mine) {
    return ask_end([this, term = x_own.term](Offset end) {
      if (x_own.term != term) return;
      x_open_after = end;
      maybe_open();
    });
  }
  for (auto& ticket : std::exchange(x_again, {})) refuse_now(std::move(ticket), why_closed());
  maybe_drained();
}

/// All whose answer it was to be, in the order they came; whose was given up is not among them.
std::vector<std::unique_ptr<Ticket>> Shard::waiting_for(Flight& flight) {
  std::vector<std::unique_ptr<Ticket>> all;
  if (flight.ticket) all.push_back(std::move(flight.ticket));
  for (auto& joined : std::exchange(flight.joined, {})) all.push_back(std::move(joined));
  for (auto& refused : std::exchange(flight.refused, {})) all.push_back(std::move(refused.ticket));
  return all;
}

/// Nothing of it happened: its commands are decided anew when this shard is open again.
void Shard::decide_again(std::unique_ptr<Flight> flight) {
  for (auto& ticket : waiting_for(*flight)) {
    if (++ticket->tries >= most_tries) {
      refuse_now(std::move(ticket),
                 unknown("The log did not take this command; repeat it with the same key."));
      continue;
    }
    ticket->fetches = ticket->waits = 0;
    x_again.push_back(std::move(ticket));
  }
}

/// Whoever waits for what was sent until then is told that the outcome is not known, and repeats.
void Shard::give_up_answers(std::int64_t until_us) {
  const auto why = unknown("The log did not confirm this command in time; repeat it with the same key.");
  for (auto& flight : x_flights) {
    if (flight->appended_us > until_us) break;
    for (auto& ticket : waiting_for(*flight)) refuse_now(std::move(ticket), why);
  }
  maybe_drained();
}

/// A shared log may be away for long, and an answer waits no longer than a client does.
void Shard::answer_overdue() {
  x_overdue_timer = false;
  x_stalled = !x_flights.empty() &&
              x_flights.front()->appended_us < x_ports.clock->monotonic_us() - stalled_ms * 1000;
  auto before_us = x_ports.clock->monotonic_us() - overdue_ms * 1000;
  give_up_answers(before_us);
  std::vector<std::unique_ptr<Ticket>> waiting;
  for (auto& ticket : std::exchange(x_again, {})) {
    if (ticket->submitted_us <= before_us)
      refuse_now(std::move(ticket), why_closed());
    else
      waiting.push_back(std::move(ticket));
  }
  x_again = std::move(waiting);
  watch_overdue();
}

void Shard::watch_overdue() {
  bool any = !x_flights.empty() || !x_again.empty();
  if (x_overdue_timer || x_dead || !any || !x_ports.log->shared()) return;
  x_overdue_timer = true;
  x_ports.executor->post_after(overdue_look_ms, [this] { answer_overdue(); });
}

void Shard::refuse_flights_from(std::uint64_t seq, const Refusal& why) {
  while (!x_flights.empty() && x_flights.back()->commit->seq >= seq) {
    auto flight = std::move(x_flights.back());
    x_flights.pop_back();
    x_by_key.erase(raw_name(flight->commit->account.raw) + flight->commit->key_hash);
    x_flight_bytes -= flight->bytes;
    for (auto& ticket : waiting_for(*flight)) refuse_now(std::move(ticket), why);
  }
  x_over.clear();  // laid again over what is counted by the flights that are left
  for (const auto& flight : x_flights) {
    for (const auto& change : flight->changes) x_over[change.key] = {change.row, flight->commit->seq};
  }
  maybe_drained();
}

/// Only a claim that counts from now on opens again: a term that was left is never gone on with.
void Shard::close() {
  x_stalled = false;
  x_open = false;
  x_open_flag = false;
  x_open_after.reset();
}

void Shard::maybe_open() {
  bool owner = x_own.owner == x_node && x_own.term == x_claim_term;
  bool read = x_open_after && x_applied >= *x_open_after;
  if (x_open || x_stopping || x_dead || !owner || !read) return;
  x_open = true;
  x_out_of_space.reset();
  x_next_seq = x_own.seq + 1;
  x_basis = x_own.basis;
  x_term_flag = x_own.term;
  x_open_flag = true;
  if (x_ports.opened) x_ports.opened();
  if (x_ready) std::exchange(x_ready, nullptr)();
  for (auto& ticket : std::exchange(x_again, {})) take(std::move(ticket));
}

void Shard::stop_for(Error error) {
  if (x_dead) return;
  // Nothing on a log that failed can be believed: what is in flight has no known outcome, and only a
  // new start, which reads the log again, can tell (architecture.md "The write path").
  x_dead = true;
  close();
  refuse_flights_from(
      0, unknown("The log failed while this command was on its way; repeat it with the same key."));
  for (auto& ticket : std::exchange(x_again, {})) refuse_now(std::move(ticket), why_closed());
  maybe_drained();
  x_ports.on_fatal(std::move(error));
}

}  // namespace ringledger
