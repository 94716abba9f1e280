#include "adapters/system/system_clock.hpp"

#include <time.h>

namespace ringledger {
namespace {
std::int64_t microseconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);  // cannot fail for these clocks
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}
}  // namespace

Timestamp SystemClock::now() const { return {microseconds_of(CLOCK_REALTIME) / 1000}; }
std::int64_t SystemClock::monotonic_ms() const { return microseconds_of(CLOCK_BOOTTIME) / 1000; }
std::int64_t SystemClock::monotonic_us() const { return microseconds_of(CLOCK_BOOTTIME); }

}  // namespace ringledger
