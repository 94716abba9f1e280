// Who waits until the read models show something: a position, what was answered before, or a number's
// outcome at its provider. A command is answered when the book has it; this gate makes sure that whoever asks
// after an answer sees what it told (architecture.md rule 4).
#pragma once

#include <atomic>
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

  /// Everything before `next` is counted and may be answered from now on, here or (`rights` is then not
  /// known, and taken for true) by another node; `rights`: something in it changes who may do what.
  void counted(std::uint64_t next, bool rights);
  /// One past the last counted position; of a position that changed rights.
  [[nodiscard]] std::uint64_t counted() const { return x_counted; }
  [[nodiscard]] std::uint64_t rights() const { return x_rights; }

  /// Everything before `next` is shown now.
  void shown(std::uint64_t next);
  /// The row named `key` was written.
  void written(const std::string& key);
  [[nodiscard]] std::uint64_t next() const { return x_next; }

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
  std::atomic<std::uint64_t> x_counted{0}, x_rights{0};
  mutable std::mutex x_mutex;
  std::atomic<std::uint64_t> x_next{0};  ///< written under the mutex
  std::uint64_t x_last_id = 0;
  std::list<Waiter> x_waiters;
};

}  // namespace ringledger
