// Who waits until the read models show something: a position, or a number's outcome at its provider.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "commands/ports/system.hpp"

namespace ringledger {

/// Thread-safe. At most 10,000 wait at once; past it a waiter is told at once that it waited in vain.
class VisibleGate {
 public:
  using Done = std::move_only_function<void(bool reached)>;
  explicit VisibleGate(Executor& timers) : x_timers(timers) {}

  /// Everything before `next` is shown now.
  void shown(std::uint64_t next);
  /// The row named `key` was written.
  void written(const std::string& key);
  [[nodiscard]] std::uint64_t next() const;

  /// Calls `done` once everything up to and including `offset` is shown, or after `wait_ms`.
  void when_shown(std::uint64_t offset, std::int64_t wait_ms, Done done);
  /// Calls `done(true)` at the next write of `key`, or done(false) after `wait_ms`.
  void when_written(const std::string& key, std::int64_t wait_ms, Done done);

 private:
  struct Waiter {
    std::uint64_t id = 0, offset = 0;
    std::string key;
    Done done;
  };
  static constexpr std::size_t most_waiters = 10'000;
  void wait(Waiter waiter, std::int64_t wait_ms);
  void time_out(std::uint64_t id);
  void release(const std::function<bool(const Waiter&)>& which);

  Executor& x_timers;
  mutable std::mutex x_mutex;
  std::uint64_t x_next = 0, x_last_id = 0;
  std::list<Waiter> x_waiters;
};

}  // namespace ringledger
