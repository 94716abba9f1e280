// After an erasure the rows are right at once, but the store's files still hold the old ones: this lets them
// vanish, within a day at most (architecture.md "Privacy").
#pragma once

#include <memory>
#include <mutex>

#include "commands/ports/system.hpp"
#include "projections/row_store.hpp"

namespace ringledger {

/// Thread-safe. Its references must outlive the executor's threads.
class RowScrub : public std::enable_shared_from_this<RowScrub> {
 public:
  /// Rewriting everything costs what there is: many erasures share one.
  static constexpr std::int64_t pause_ms = 3'600'000;
  static constexpr std::int64_t again_ms = 60'000;  ///< after one that failed
  static constexpr std::string_view family = "scrubbed.v1";
  /// `erased`: how many data subjects are erased, as the rows show now.
  using Erased = std::function<std::uint64_t()>;
  RowScrub(RowStore& rows, Executor& blocking, const Clock& clock, Erased erased)
      : x_rows(rows), x_blocking(blocking), x_clock(clock), x_erased(std::move(erased)) {}
  /// Somebody was erased: the store is scrubbed now, or when the pause after the last time is over. Nothing
  /// happens when it was scrubbed since the last erasure: it remembers over restarts.
  void wake();
  void stop();

 private:
  void run();
  Result<void> scrub();
  RowStore& x_rows;
  Executor& x_blocking;
  const Clock& x_clock;
  const Erased x_erased;
  std::mutex x_mutex;
  std::int64_t x_next_ms = 0;  ///< monotonic: not before
  bool x_waits = false, x_stopped = false;
};

}  // namespace ringledger
