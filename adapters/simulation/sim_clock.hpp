// A clock over the scheduler's virtual time, whose wall side a test may set wrong.
#pragma once

#include <atomic>

#include "adapters/simulation/sim_scheduler.hpp"

namespace ringledger {

/// REQUIRES: the scheduler outlives it. Thread-safe.
class SimClock final : public Clock {
 public:
  static constexpr std::int64_t default_start_ms = 1'760'000'000'000;  // 2025-10-09T08:53:20Z

  explicit SimClock(const SimScheduler& scheduler, Timestamp start = {default_start_ms})
      : scheduler_(scheduler), offset_ms_(start.ms - scheduler.now_ms()) {}
  [[nodiscard]] Timestamp now() const override { return {scheduler_.now_ms() + offset_ms_}; }
  [[nodiscard]] std::int64_t monotonic_ms() const override { return scheduler_.now_ms(); }
  /// The wall clock shows `at` from now on; the monotonic one goes on unmoved.
  void set_wall(Timestamp at) { offset_ms_ = at.ms - scheduler_.now_ms(); }
  /// The wall clock jumps, backwards when negative.
  void jump_wall(std::int64_t by_ms) { offset_ms_ += by_ms; }

 private:
  const SimScheduler& scheduler_;
  std::atomic<std::int64_t> offset_ms_;
};

}  // namespace ringledger
