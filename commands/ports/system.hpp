// The machine, behind ports: clock, random, scheduling. Production and the seeded simulation each
// bring their own; nothing in the product reads a clock or draws a random number past these.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "domain/values.hpp"

namespace ringledger {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, UTC.
  [[nodiscard]] virtual Timestamp now() const = 0;
  /// Milliseconds of a clock that never jumps (CLOCK_BOOTTIME in production).
  [[nodiscard]] virtual std::int64_t monotonic_ms() const = 0;
  /// The same in microseconds, for measuring.
  [[nodiscard]] virtual std::int64_t monotonic_us() const { return monotonic_ms() * 1000; }
};

class Random {
 public:
  virtual ~Random() = default;
  /// Fills with unguessable bytes (a CSPRNG in production; a seeded stream in the simulation).
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
  std::uint64_t next_u64() {
    std::uint8_t b[8];
    fill(b);
    std::uint64_t v = 0;
    for (auto x : b) v = v << 8 | x;
    return v;
  }
};

/// Runs tasks. A *serial* executor runs them one at a time in the order posted (one thread in
/// production); a pool runs them concurrently. Thread-safe. Tasks must not throw.
class Executor {
 public:
  using Task = std::move_only_function<void()>;
  virtual ~Executor() = default;
  virtual void post(Task task) = 0;
  /// Not before `delay_ms` from now. Dropped when the executor stops.
  virtual void post_after(std::int64_t delay_ms, Task task) = 0;
};

}  // namespace ringledger
