#include "adapters/system/system_clock.hpp"

#include <time.h>

namespace ringledger {
namespace {
std::int64_t milliseconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);  // cannot fail for these clocks
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}
}  // namespace

Timestamp SystemClock::now() const { return {milliseconds_of(CLOCK_REALTIME)}; }
std::int64_t SystemClock::monotonic_ms() const { return milliseconds_of(CLOCK_BOOTTIME); }

}  // namespace ringledger
