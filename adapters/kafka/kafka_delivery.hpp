// Hands what a thread reads over to the log's one reader on its executor: in order, not while paused, and no
// more than a bounded amount ahead.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// Thread-safe. Held by shared_ptr: its tasks on the executor keep it alive.
class KafkaDelivery : public std::enable_shared_from_this<KafkaDelivery> {
 public:
  KafkaDelivery(Executor& executor, EventLog::TailHandler handler)
      : executor_(executor), handler_(std::move(handler)) {}
  /// Waits while more than max_waiting_bytes wait; false: stopped.
  bool push(std::vector<LogRecord> records);
  void pause(bool paused);
  /// On return the handler does not run and never will. REQUIRES: not called by the handler.
  void stop();

  static constexpr std::size_t max_waiting_bytes = 16 * 1024 * 1024;

 private:
  void schedule();
  void run();
  [[nodiscard]] bool idle() const { return stopped_ || paused_ || waiting_.empty(); }

  Executor& executor_;
  std::mutex delivering_;  // held while the handler runs; taken before mutex_
  EventLog::TailHandler handler_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable room_;
  std::deque<std::vector<LogRecord>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool scheduled_ = false, paused_ = false, stopped_ = false;
};

}  // namespace ringledger
