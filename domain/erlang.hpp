// How often a pool has no number free: Erlang's B formula (../shared/spec/number-pools.md D.6), and what a
// pool's own traffic says about its load.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/described.hpp"
#include "domain/values.hpp"

namespace ringledger::pools {

/// The share of arrivals that find all of `size` numbers taken, when `load` would be taken on average had
/// everybody got one. Assumes Poisson arrivals; how long each stays does not matter.
double erlang_b(double load, std::int64_t size);
/// Rounded to four decimals.
Share share_of(double part);

/// What has been asked of a pool: sessions of this hour and the one before, and how long numbers were taken.
struct Load {
  std::int64_t hour = 0;  ///< since 1970
  std::int64_t sessions_this_hour = 0, sessions_last_hour = 0;
  std::int64_t leases_over = 0;  ///< whose holds ended
  std::int64_t taken_ms = 0;     ///< by those, from the lease to the end of the hold
  RL_FIELDS(Load, hour, sessions_this_hour, sessions_last_hour, leases_over, taken_ms);

  void session_at(Timestamp at);
  void lease_over(Timestamp from, Timestamp until);
  /// Numbers taken on average, by the busier of the two hours as of `now`. Leases that ended tell how long
  /// each is taken; before there are any, `expected_s`.
  [[nodiscard]] double offered(Timestamp now, std::int64_t expected_s) const;
};

/// How long a number is taken by a visit of which nothing is known but the hold: 3 minutes (D.6), then that.
inline constexpr std::int64_t usual_visit_s = 180;

/// Above it a pool is too small (D.7).
inline constexpr double blocked_too_often = 0.01;
/// The share of visitors that would find no number, were the pool as small as `size`; nullopt: not too many.
std::optional<double> exhaustion(const Load& load, std::int64_t expected_s, std::int64_t size, Timestamp now);

}  // namespace ringledger::pools
