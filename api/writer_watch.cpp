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
  if (seat.mine || seat.owner_url.empty()) {
    x_misses = 0;
    if (seat.mine) x_backoff_ms = first_backoff_ms;
    return look_later();
  }
  x_ports.blocking->post([this, seat = std::move(seat)] {
    bool reached = x_ports.reach(seat);
    x_ports.executor->post([this, seat, reached] { judge(seat, reached); });
  });
}

void WriterWatch::judge(const Seat& seat, bool reached) {
  bool another = std::exchange(x_looked_at, seat.term) != seat.term;  // a new writer is given its time
  x_misses = reached ? 0 : another ? 1 : x_misses + 1;
  if (x_misses < most_misses) return look_later();
  x_misses = 0;
  auto wait_ms =
      static_cast<std::int64_t>(x_ports.random->next_u64() % static_cast<std::uint64_t>(x_backoff_ms + 1));
  x_backoff_ms = std::min(2 * x_backoff_ms, most_backoff_ms);
  x_ports.executor->post_after(wait_ms, [this, term = seat.term] {
    if (x_ports.seat().term == term) claim();
    look_later();
  });
}

void WriterWatch::claim() {
  auto now = x_ports.clock->monotonic_ms();
  while (!x_claims.empty() && x_claims.front() <= now - 60'000) x_claims.pop_front();
  if (x_claims.size() >= claims_a_minute)
    return x_ports.alarm("the writer is not reached, and this node has claimed " +
                         std::to_string(claims_a_minute) + " times within a minute: it waits");
  x_claims.push_back(now);
  x_ports.contend();
}

}  // namespace ringledger
