#include "api/row_scrub.hpp"

#include <algorithm>

#include "api/logging.hpp"

namespace ringledger {

void RowScrub::wake() {
  std::int64_t delay_ms = 0;
  {
    std::lock_guard lock(x_mutex);
    if (x_waits || x_stopped) return;
    x_waits = true;
    delay_ms = std::max<std::int64_t>(0, x_next_ms - x_clock.monotonic_ms());
  }
  x_blocking.post_after(delay_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->run();
  });
}

void RowScrub::run() {
  {
    std::lock_guard lock(x_mutex);
    if (x_stopped) return;
    x_waits = false;  // who is erased from now on waits for the next time
    x_next_ms = x_clock.monotonic_ms() + pause_ms;
  }
  auto done = scrub();
  if (done) return;
  log_warn("rows of erased people are still in the files of the views", {{"reason", done.error().detail}});
  {
    std::lock_guard lock(x_mutex);
    x_next_ms = x_clock.monotonic_ms() + again_ms;
  }
  wake();
}

/// The mark says how many had been erased when the last scrub began.
Result<void> RowScrub::scrub() {
  const std::string name(family), key = "m", erased = std::to_string(x_erased());
  if (auto made = x_rows.create_family(name); !made) return made;
  auto marked = x_rows.get(name, key);
  if (auto healthy = x_rows.health(); !healthy) return healthy;
  if (marked == erased) return {};
  if (auto done = x_rows.scrub(); !done) return done;
  if (auto written = x_rows.write({{name, key, erased}}); !written) return written;
  return x_rows.flush();
}

void RowScrub::stop() {
  std::lock_guard lock(x_mutex);
  x_stopped = true;
}

}  // namespace ringledger
