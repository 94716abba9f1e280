// Executors over real threads: one serial thread, or a pool.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "adapters/system/timer_heap.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// Tasks one at a time, in the order posted, on one thread of its own. Timers run on the same thread,
/// by due time, those of one moment in the order posted; a delay of 0 or less is a plain post.
/// A task that throws ends the process.
class ThreadExecutor final : public Executor {
 public:
  /// The first 15 bytes of `name` are the thread's name.
  explicit ThreadExecutor(const std::string& name);
  ~ThreadExecutor() override { stop(); }
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  /// One lock; wakes the thread only when it sleeps. After `stop` began the task is dropped.
  void post(Task task) override;
  void post_after(std::int64_t delay_ms, Task task) override;
  /// Runs what is queued, drops timers and what is posted from now on, joins. Repeatable.
  /// REQUIRES: not called (nor the destructor run) by a task of this executor.
  void stop();
  /// Tasks queued and not yet taken by the thread (for metrics).
  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> queue_;
  TimerHeap timers_;
  bool sleeping_ = false;
  bool stopping_ = false;
  std::mutex joining_;
  std::thread thread_;  // last: it starts with everything above in place
};

/// The same contract on `threads` (at least 1) threads: tasks start in the order posted, run concurrently.
class PoolExecutor final : public Executor {
 public:
  /// Threads are named "<name>-<n>".
  PoolExecutor(const std::string& name, std::size_t threads);
  ~PoolExecutor() override { stop(); }
  PoolExecutor(const PoolExecutor&) = delete;
  PoolExecutor& operator=(const PoolExecutor&) = delete;

  void post(Task task) override;
  void post_after(std::int64_t delay_ms, Task task) override;
  void stop();
  [[nodiscard]] std::size_t queued() const;

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  TimerHeap timers_;
  std::size_t sleeping_ = 0;
  bool stopping_ = false;
  std::mutex joining_;
  std::vector<std::thread> threads_;
};

}  // namespace ringledger
