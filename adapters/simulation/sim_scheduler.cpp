#include "adapters/simulation/sim_scheduler.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ringledger {
namespace {
constexpr std::size_t recent_kept = 64;
constexpr std::int64_t longest_delay_ms = std::int64_t{1} << 50;  // no addition overflows
constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
}  // namespace

class SimScheduler::SimExecutor final : public Executor, public std::enable_shared_from_this<SimExecutor> {
 public:
  SimExecutor(SimScheduler& scheduler, std::string its_name, bool is_serial)
      : name(std::move(its_name)), serial(is_serial), scheduler_(scheduler) {}
  void post(Task task) override { scheduler_.add(*this, 0, std::move(task)); }
  void post_after(std::int64_t delay_ms, Task task) override {
    scheduler_.add(*this, delay_ms, std::move(task));
  }
  [[nodiscard]] bool runnable() const { return !queue.empty() && !stalled && !(serial && running > 0); }

  // Guarded by the scheduler's mutex.
  const std::string name;
  const bool serial;
  bool dead = false, stalled = false;
  int running = 0;
  std::deque<Task> queue;

 private:
  SimScheduler& scheduler_;
};

SimScheduler::SimScheduler(std::uint64_t seed) : random_(seed, "scheduler") {}

SimScheduler::~SimScheduler() { drop_all(); }

Executor& SimScheduler::executor(const std::string& name, bool serial) {
  std::lock_guard lock(mutex_);
  auto& slot = executors_[name];
  if (!slot) slot = std::make_shared<SimExecutor>(*this, name, serial);
  return *slot;
}

void SimScheduler::add(SimExecutor& executor, std::int64_t delay_ms, Executor::Task task) {
  std::lock_guard lock(mutex_);
  if (executor.dead) return;  // the caller destroys the task, without the lock
  if (delay_ms <= 0) {
    executor.queue.push_back(std::move(task));
    return;
  }
  auto due = now_ms_ + std::min(delay_ms, longest_delay_ms);
  timers_.emplace(Due{due, posted_++}, Timer{executor.shared_from_this(), std::move(task)});
}

/// Moves the next moment's timers to their executors. False: there is none up to `limit_ms`.
bool SimScheduler::advance(std::int64_t limit_ms) {
  if (timers_.empty() || timers_.begin()->first.first > limit_ms) return false;
  now_ms_ = std::max(now_ms_, timers_.begin()->first.first);
  while (!timers_.empty() && timers_.begin()->first.first <= now_ms_) {
    auto timer = std::move(timers_.extract(timers_.begin()).mapped());
    timer.executor->queue.push_back(std::move(timer.task));
  }
  return true;
}

void SimScheduler::record(const SimExecutor& picked) {
  ++picks_;
  trace_ = stable_hash(picked.name, trace_ ^ (picks_ * 0x9e3779b97f4a7c15ULL));
  trace_ = (trace_ ^ static_cast<std::uint64_t>(now_ms_)) * 1099511628211ULL;
  recent_.push_back({picks_, picked.name, now_ms_});
  if (recent_.size() > recent_kept) recent_.pop_front();
}

bool SimScheduler::run_one(const std::shared_ptr<SimExecutor>& picked, std::unique_lock<std::mutex>& lock) {
  auto& queue = picked->queue;
  auto at = picked->serial ? 0 : static_cast<std::ptrdiff_t>(random_.below(queue.size()));
  auto task = std::move(queue[static_cast<std::size_t>(at)]);
  queue.erase(queue.begin() + at);
  record(*picked);
  if (task_ms_ > 0) {
    now_ms_ += static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(task_ms_) + 1));
  }
  ++picked->running;
  lock.unlock();
  task();
  task = nullptr;  // what it holds goes while its executor still counts as running
  lock.lock();
  --picked->running;
  return true;
}

bool SimScheduler::step_before(std::int64_t limit_ms) {
  std::unique_lock lock(mutex_);
  if (task_ms_ > 0) advance(std::min(now_ms_, limit_ms));  // what became due while tasks ran
  std::vector<std::shared_ptr<SimExecutor>> runnable;      // by name: never by address
  for (const auto& [name, executor] : executors_) {
    if (executor->runnable()) runnable.push_back(executor);
  }
  if (runnable.empty()) return advance(limit_ms);
  if (early_per_1000_ > 0 && random_.below(1000) < early_per_1000_ && advance(limit_ms)) return true;
  return run_one(runnable[random_.below(runnable.size())], lock);
}

bool SimScheduler::step() { return step_before(no_limit); }

bool SimScheduler::run_until(const std::function<bool()>& done, std::uint64_t max_steps) {
  for (std::uint64_t i = 0; i < max_steps; ++i) {
    if (done()) return true;
    if (!step()) break;
  }
  return done();
}

bool SimScheduler::run_for(std::int64_t duration_ms, std::uint64_t max_steps) {
  auto end = now_ms() + duration_ms;
  for (std::uint64_t i = 0; i < max_steps; ++i) {
    if (step_before(end)) continue;
    std::lock_guard lock(mutex_);
    now_ms_ = std::max(now_ms_, end);
    return true;
  }
  return false;
}

void SimScheduler::drop_all(std::string_view prefix) {
  std::vector<Executor::Task> dropped;  // destroyed last, without the lock: owners in them may post
  std::lock_guard lock(mutex_);
  for (auto it = executors_.lower_bound(prefix); it != executors_.end() && it->first.starts_with(prefix);) {
    it->second->dead = true;
    std::ranges::move(it->second->queue, std::back_inserter(dropped));
    it->second->queue.clear();
    dead_.push_back(std::move(it->second));
    it = executors_.erase(it);
  }
  for (auto it = timers_.begin(); it != timers_.end();) {
    if (!it->second.executor->dead) {
      ++it;
      continue;
    }
    dropped.push_back(std::move(it->second.task));
    it = timers_.erase(it);
  }
}

void SimScheduler::stall(const std::string& name, bool stalled) {
  std::lock_guard lock(mutex_);
  executors_.at(name)->stalled = stalled;
}

std::int64_t SimScheduler::now_ms() const {
  std::lock_guard lock(mutex_);
  return now_ms_;
}

void SimScheduler::set_early_timers_per_1000(unsigned share) {
  std::lock_guard lock(mutex_);
  early_per_1000_ = share;
}

void SimScheduler::set_task_ms(std::int64_t most_ms) {
  std::lock_guard lock(mutex_);
  task_ms_ = most_ms;
}

std::uint64_t SimScheduler::picks() const {
  std::lock_guard lock(mutex_);
  return picks_;
}

std::uint64_t SimScheduler::trace_hash() const {
  std::lock_guard lock(mutex_);
  return trace_;
}

std::vector<std::string> SimScheduler::recent_picks() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& pick : recent_) {
    out.push_back(std::to_string(pick.number) + " " + pick.executor + " " + std::to_string(pick.at_ms));
  }
  return out;
}

}  // namespace ringledger
