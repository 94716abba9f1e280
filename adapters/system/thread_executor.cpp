#include "adapters/system/thread_executor.hpp"

#include <pthread.h>

#include <utility>

namespace ringledger {
namespace {

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());  // Linux: 15 bytes and a zero
}

/// Sleeps until notified or until the earliest timer is due.
void sleep_until_due(std::condition_variable& wake, std::unique_lock<std::mutex>& lock,
                     const TimerHeap& timers) {
  if (timers.empty()) {
    wake.wait(lock);
  } else {
    wake.wait_until(lock, timers.next());
  }
}

}  // namespace

ThreadExecutor::ThreadExecutor(const std::string& name)
    : thread_([this, name] {
        name_this_thread(name);
        run();
      }) {}

void ThreadExecutor::post(Task task) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;  // the task is destroyed after the lock is released
    queue_.push_back(std::move(task));
    wake = std::exchange(sleeping_, false);
  }
  if (wake) wake_.notify_one();
}

void ThreadExecutor::post_after(std::int64_t delay_ms, Task task) {
  if (delay_ms <= 0) return post(std::move(task));
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    wake = timers_.add(TimerHeap::Moment::clock::now(), delay_ms, std::move(task)) &&
           std::exchange(sleeping_, false);
  }
  if (wake) wake_.notify_one();
}

void ThreadExecutor::run() {
  std::vector<Task> batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!timers_.empty()) timers_.move_due(TimerHeap::Moment::clock::now(), queue_);
    if (queue_.empty()) {
      if (stopping_) return;
      sleeping_ = true;
      sleep_until_due(wake_, lock, timers_);
      sleeping_ = false;
      continue;
    }
    std::swap(batch, queue_);
    lock.unlock();
    for (auto& task : batch) {
      task();
      task = nullptr;  // what it holds goes before the next one runs
    }
    batch.clear();
    lock.lock();
  }
}

void ThreadExecutor::stop() {
  TimerHeap dropped;  // destroyed without the lock: a task's last owner may post
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    std::swap(dropped, timers_);
  }
  wake_.notify_one();
  std::lock_guard joining(joining_);
  if (thread_.joinable()) thread_.join();
}

std::size_t ThreadExecutor::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

PoolExecutor::PoolExecutor(const std::string& name, std::size_t threads) {
  if (threads == 0) threads = 1;
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, thread_name = name.substr(0, 12) + "-" + std::to_string(i)] {
      name_this_thread(thread_name);
      run();
    });
  }
}

void PoolExecutor::post(Task task) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(task));
    wake = sleeping_ > 0;
  }
  if (wake) wake_.notify_one();
}

void PoolExecutor::post_after(std::int64_t delay_ms, Task task) {
  if (delay_ms <= 0) return post(std::move(task));
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    wake = timers_.add(TimerHeap::Moment::clock::now(), delay_ms, std::move(task)) && sleeping_ > 0;
  }
  if (wake) wake_.notify_one();
}

void PoolExecutor::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!timers_.empty()) timers_.move_due(TimerHeap::Moment::clock::now(), queue_);
    if (queue_.empty()) {
      if (stopping_) return;
      ++sleeping_;
      sleep_until_due(wake_, lock, timers_);
      --sleeping_;
      continue;
    }
    auto task = std::move(queue_.front());
    queue_.pop_front();
    // A sleeper takes over what this thread was to watch: further tasks, and the earliest timer.
    bool pass_on = sleeping_ > 0 && (!queue_.empty() || !timers_.empty());
    lock.unlock();
    if (pass_on) wake_.notify_one();
    task();
    task = nullptr;
    lock.lock();
  }
}

void PoolExecutor::stop() {
  TimerHeap dropped;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    std::swap(dropped, timers_);
  }
  wake_.notify_all();
  std::lock_guard joining(joining_);
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t PoolExecutor::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

}  // namespace ringledger
