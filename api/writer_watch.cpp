#include "api/writer_watch.hpp"

#include <algorithm>
#include <utility>

namespace ringledger {

void WriterWatch::start() {
  x_ports.executor->post([this] { look(); });
}

void WriterWatch::look_later() {
  x_ports.executor->post_after(look_ms, [this] { look(); });
}

void WriterWatch::look() {
  auto seat = x_ports.seat();
  if (seat.mine) return look_at_own_seat();
  x_preferred_elsewhere = 0;
  // Nobody yet, or this node before its restart: nobody answers for them.
  if (seat.owner_url.empty() || seat.owner_url == x_ports.own_url) return judge(seat, Reach::denies);
  x_ports.blocking->post([this, seat = std::move(seat)] {
    auto reached = x_ports.reach(seat);
    x_ports.executor->post([this, seat, reached] { judge(seat, reached); });
  });
}

void WriterWatch::look_at_own_seat() {
  x_misses = 0;
  x_backoff_ms = first_backoff_ms;
  x_preferred_elsewhere = x_ports.hint() == Hint::another ? x_preferred_elsewhere + 1 : 0;
  if (x_preferred_elsewhere >= settled_looks) {
    x_preferred_elsewhere = 0;
    x_ports.hand_over();
  }
  look_later();
}

void WriterWatch::judge(const Seat& seat, Reach reached) {
  bool another = std::exchange(x_looked_at, seat.term) != seat.term;  // a new writer is given its time
  if (another) x_looked_at_since = x_ports.clock->monotonic_ms();
  bool commits = std::exchange(x_counted, seat.counted) != seat.counted && !another;
  if (reached == Reach::silent && commits) reached = Reach::writes;
  if (reached == Reach::writes) x_backoff_ms = first_backoff_ms;
  x_misses = reached == Reach::writes ? 0 : another ? 1 : x_misses + 1;
  if (!is_free(seat, reached)) return look_later();
  x_misses = 0;
  claim_soon(seat.term);
}

/// An owner that says itself that it does not write needs no patience of the node that is to follow it.
bool WriterWatch::is_free(const Seat& seat, Reach reached) const {
  auto hint = x_ports.hint();
  if (reached == Reach::writes) return false;
  if (seat.owner_url.empty()) return true;
  if (reached == Reach::denies && hint == Hint::this_node) return true;
  if (seat.owner_url == x_ports.own_url && hint == Hint::unknown) return true;
  bool young = x_ports.clock->monotonic_ms() - x_looked_at_since < young_ms;
  if (reached == Reach::silent && young) return false;
  return x_misses >= (hint == Hint::another ? unhinted_looks : silent_looks);
}

/// Not all at once, and later each time it was lost.
void WriterWatch::claim_soon(std::uint64_t term) {
  auto wait_ms =
      static_cast<std::int64_t>(x_ports.random->next_u64() % static_cast<std::uint64_t>(x_backoff_ms + 1));
  x_backoff_ms = std::min(2 * x_backoff_ms, most_backoff_ms);
  x_ports.executor->post_after(wait_ms, [this, term] {
    if (x_ports.seat().term == term) claim();
    look_later();
  });
}

void WriterWatch::claim() {
  if (!x_ports.may_claim()) return;
  auto now = x_ports.clock->monotonic_ms();
  while (!x_claims.empty() && x_claims.front() <= now - 60'000) x_claims.pop_front();
  if (x_claims.size() >= claims_a_minute)
    return x_ports.alarm("the writer is not reached, and this node has claimed " +
                         std::to_string(claims_a_minute) + " times within a minute: it waits");
  x_claims.push_back(now);
  x_ports.contend();
}

}  // namespace ringledger
