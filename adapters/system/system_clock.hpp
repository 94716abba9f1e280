// The machine's clocks.
#pragma once

#include "commands/ports/system.hpp"

namespace ringledger {

/// Stateless, thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  /// CLOCK_BOOTTIME: goes on while the machine sleeps.
  [[nodiscard]] std::int64_t monotonic_ms() const override;
  [[nodiscard]] std::int64_t monotonic_us() const override;
};

}  // namespace ringledger
