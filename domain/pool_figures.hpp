// What a pool has been like, for GetPool (../shared/spec/number-pools.md D.7): how full it was hour by hour,
// how soon its numbers went to other visitors, and of how many calls nobody can say for sure whose they were.
#pragma once

#include <cstdint>
#include <vector>

#include "domain/described.hpp"
#include "domain/values.hpp"

namespace ringledger::pools {

/// The most of a pool that was leased at once, in each of the newest hours.
struct Week {
  static constexpr std::int64_t hours = 168;
  std::int64_t hour = 0;            ///< the newest, since 1970
  std::vector<std::int64_t> peaks;  ///< ten-thousandths, the newest last
  RL_FIELDS(Week, hour, peaks);

  /// Whether `note` would change anything.
  [[nodiscard]] bool is_news(Share after, Timestamp at) const;
  /// The share was `before` until `at`, and is `after` from then on.
  void note(Share before, Share after, Timestamp at);
  /// What so many percent of the hours up to `now` stayed within; `current`: the share since the last note.
  [[nodiscard]] Share percentile(int percent, Share current, Timestamp now) const;
};

/// Times from when a number was last shown to one visitor until it was lent to another.
struct Gaps {
  std::int64_t count = 0, total_ms = 0;
  std::vector<std::int64_t> doublings;  ///< how many took less than 1 s, 2 s, 4 s, …
  RL_FIELDS(Gaps, count, total_ms, doublings);

  void add(std::int64_t ms);
  /// Seconds; 0: there are none.
  [[nodiscard]] std::int64_t mean_s() const { return count > 0 ? total_ms / count / 1000 : 0; }
  /// What so many percent stayed within, in seconds, rounded up to a power of two.
  [[nodiscard]] std::int64_t percentile_s(int percent) const;
};

/// Inbound calls to the pool's campaign, and those of them that are owed to one of several visitors.
struct CallsOwed {
  std::int64_t calls = 0, ambiguous = 0;
  RL_FIELDS(CallsOwed, calls, ambiguous);
};

}  // namespace ringledger::pools
