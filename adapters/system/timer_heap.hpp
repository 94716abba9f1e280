// Tasks waiting for their moment, the earliest first; of one moment in the order added. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "commands/ports/system.hpp"

namespace ringledger {

class TimerHeap {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  /// Due `delay_ms` after `now`, held to a year so that no addition overflows. True: it is the earliest.
  bool add(Moment now, std::int64_t delay_ms, Executor::Task task) {
    constexpr std::int64_t year_ms = 366LL * 24 * 3600 * 1000;
    auto due = now + std::chrono::milliseconds(std::clamp<std::int64_t>(delay_ms, 0, year_ms));
    timers_.push_back({due, added_++, std::move(task)});
    std::push_heap(timers_.begin(), timers_.end(), later);
    return timers_.front().number == added_ - 1;
  }
  [[nodiscard]] bool empty() const { return timers_.empty(); }
  /// REQUIRES: not empty.
  [[nodiscard]] Moment next() const { return timers_.front().due; }
  /// Appends to `queue` every task that is due.
  template <class Queue>
  void move_due(Moment now, Queue& queue) {
    while (!timers_.empty() && timers_.front().due <= now) {
      std::pop_heap(timers_.begin(), timers_.end(), later);
      queue.push_back(std::move(timers_.back().task));
      timers_.pop_back();
    }
  }

 private:
  struct Timer {
    Moment due;
    std::uint64_t number;
    Executor::Task task;
  };
  static bool later(const Timer& a, const Timer& b) {
    return std::pair(a.due, a.number) > std::pair(b.due, b.number);
  }

  std::vector<Timer> timers_;
  std::uint64_t added_ = 0;
};

}  // namespace ringledger
