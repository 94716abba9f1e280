// What a pool of another size, or with another hold, would have done with the visits that were there
// (../shared/spec/number-pools.md D.6): replaying them assumes nothing about when visitors come.
#pragma once

#include <vector>

#include "domain/values.hpp"

namespace ringledger::pools {

/// A visitor came at `from` and needed a number for `taken_ms`, the hold included; the first `shown_ms` of it
/// the page was open.
struct Visit {
  Timestamp from;
  std::int64_t shown_ms = 0, taken_ms = 0;
};

struct Simulated {
  std::int64_t visits = 0;
  std::int64_t blocked = 0;  ///< found every number taken
  std::int64_t risky = 0;    ///< would have been lent a number on hold, had that been allowed: of the blocked
  std::int64_t most_taken = 0;
  double offered_load = 0;  ///< numbers taken on average, had everybody got one
};

/// REQUIRES: `visits` in the order in which they came.
Simulated simulate(const std::vector<Visit>& visits, std::int64_t size);

}  // namespace ringledger::pools
