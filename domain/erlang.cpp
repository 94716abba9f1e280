#include "domain/erlang.hpp"

#include <algorithm>
#include <cmath>

namespace ringledger::pools {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

double erlang_b(double load, std::int64_t size) {
  double blocked = 1;
  for (std::int64_t n = 1; n <= size; ++n)
    blocked = load * blocked / (static_cast<double>(n) + load * blocked);
  return blocked;
}

Share share_of(double part) { return {std::llround(std::clamp(part, 0.0, 1.0) * 10'000)}; }

void Load::session_at(Timestamp at) {
  auto now = at.ms / hour_ms;
  if (now != hour) {
    sessions_last_hour = now == hour + 1 ? sessions_this_hour : 0;
    sessions_this_hour = 0;
    hour = now;
  }
  ++sessions_this_hour;
}

void Load::lease_over(Timestamp from, Timestamp until) {
  ++leases_over;
  taken_ms += std::max<std::int64_t>(0, until.ms - from.ms);
}

double Load::offered(Timestamp now, std::int64_t expected_s) const {
  auto hours = now.ms / hour_ms - hour;
  auto busier = hours == 0   ? std::max(sessions_this_hour, sessions_last_hour)
                : hours == 1 ? sessions_this_hour
                             : 0;
  double taken = leases_over > 0 ? static_cast<double>(taken_ms) / static_cast<double>(leases_over)
                                 : static_cast<double>(expected_s) * 1000;
  return static_cast<double>(busier) * taken / static_cast<double>(hour_ms);
}

std::optional<double> exhaustion(const Load& load, std::int64_t expected_s, std::int64_t size,
                                 Timestamp now) {
  if (size < 1) return std::nullopt;  // nothing is left to be exhausted
  auto offered = load.offered(now, expected_s);
  auto blocked = erlang_b(offered, size);
  return offered > 0 && blocked > blocked_too_often ? std::optional(blocked) : std::nullopt;
}

}  // namespace ringledger::pools
