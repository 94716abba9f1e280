// Once a day, on the node that writes: forgets the visits that ended long ago and that no call was owed to
// (sessions::kept_after_end_ms). Nothing is kept here: what a stop interrupts, the next look finds.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "commands/forgotten_visits.hpp"
#include "commands/ports/system.hpp"
#include "projections/sessions.hpp"
#include "projections/sight.hpp"

namespace ringledger {

/// Thread-safe.
class VisitCleanup : public std::enable_shared_from_this<VisitCleanup> {
 public:
  /// Destroying keys rewrites their store: many visits share one time.
  static constexpr std::int64_t pause_ms = 24LL * 3600 * 1000;
  /// What is forgotten is gone: a clock that is set right after a start is known to have been wrong, and
  /// then nothing is decided by it (Shard::clock_trusted).
  static constexpr std::int64_t first_look_ms = 3600L * 1000;
  static constexpr std::size_t most_at_once = 5'000;  ///< some 400 kB of a commit's 4 MiB
  struct Ports {
    std::function<Sight()> sight;
    /// `done` is called once, on any thread, when the views show it: true when it is committed.
    std::function<void(AccountId, ForgetVisits, std::move_only_function<void(bool)> done)> issue;
    std::function<bool()> writes;  ///< this node
    Executor* executor;            ///< for tasks that block, and the pause
    const Clock* clock;
  };
  explicit VisitCleanup(Ports ports) : x_ports(std::move(ports)) {}

  /// An hour after this node has begun to write it looks; then once a day as long as it does. Cheap.
  void wake();
  void stop() { x_stopped = true; }

 private:
  void look(const std::string& after);
  void look_later(std::int64_t after_ms);

  const Ports x_ports;
  std::atomic<bool> x_stopped{false}, x_looks{false};
};

}  // namespace ringledger
