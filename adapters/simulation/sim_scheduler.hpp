// All threads of a simulated installation in one: which executor runs next is drawn from a seed, time
// passes only when nothing else is to do, and a node can die between any two tasks.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulation/sim_random.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// Posting is thread-safe; stepping is for one thread. A task may call `step` or `run_until` itself
/// (to wait for others): a serial executor whose task is running is then not picked.
class SimScheduler {
 public:
  explicit SimScheduler(std::uint64_t seed);
  ~SimScheduler();
  SimScheduler(const SimScheduler&) = delete;
  SimScheduler& operator=(const SimScheduler&) = delete;

  /// The executor of this name, made at first use (and anew after it died); valid as long as the
  /// scheduler. A serial one keeps the order posted; any other runs its tasks in random order.
  Executor& executor(const std::string& name, bool serial = true);
  /// Runs one task, or, when none is runnable, advances to the next timers' moment. False: nothing left.
  bool step();
  /// Steps until `done` (asked first, then after each step). False: nothing left, or `max_steps` done.
  bool run_until(const std::function<bool()>& done, std::uint64_t max_steps);
  /// Steps through the next `duration_ms` of virtual time; afterwards exactly that much has passed.
  /// False: `max_steps` were not enough.
  bool run_for(std::int64_t duration_ms, std::uint64_t max_steps);
  /// Kills every executor whose name begins with `prefix`: tasks and timers are destroyed without
  /// running, and whatever is posted to these objects later is dropped.
  void drop_all(std::string_view prefix = {});

  /// A stalled executor runs nothing until it is let go again (a thread that hangs).
  void stall(const std::string& name, bool stalled);

  /// Milliseconds of virtual time, from 0.
  [[nodiscard]] std::int64_t now_ms() const;
  /// Of 1,000 steps this many fire the next timers although tasks are runnable (slow threads). From 0.
  void set_early_timers_per_1000(unsigned share);
  /// Each task takes 0 to `most_ms` of virtual time, drawn (a busy machine). From 0: none takes any.
  void set_task_ms(std::int64_t most_ms);

  /// Tasks picked so far, and a hash over their executors' names, numbers and moments: equal for equal runs.
  [[nodiscard]] std::uint64_t picks() const;
  [[nodiscard]] std::uint64_t trace_hash() const;
  /// The last 64 picks, oldest first, as "<pick> <executor> <ms>": where two runs parted.
  [[nodiscard]] std::vector<std::string> recent_picks() const;

 private:
  class SimExecutor;
  struct Timer {
    std::shared_ptr<SimExecutor> executor;
    Executor::Task task;
  };
  using Due = std::pair<std::int64_t, std::uint64_t>;  // moment, order posted

  void add(SimExecutor& executor, std::int64_t delay_ms, Executor::Task task);
  bool advance(std::int64_t limit_ms);
  bool run_one(const std::shared_ptr<SimExecutor>& picked, std::unique_lock<std::mutex>& lock);
  bool step_before(std::int64_t limit_ms);
  void record(const SimExecutor& picked);

  mutable std::mutex mutex_;
  SimRandom random_;
  std::map<std::string, std::shared_ptr<SimExecutor>, std::less<>> executors_;
  std::vector<std::shared_ptr<SimExecutor>> dead_;  // references to them stay valid
  std::map<Due, Timer> timers_;
  std::int64_t now_ms_ = 0;
  std::uint64_t posted_ = 0;
  std::uint64_t picks_ = 0;
  std::uint64_t trace_ = 0;
  unsigned early_per_1000_ = 0;
  std::int64_t task_ms_ = 0;
  struct Pick {
    std::uint64_t number;
    std::string executor;
    std::int64_t at_ms;
  };
  std::deque<Pick> recent_;
};

}  // namespace ringledger
