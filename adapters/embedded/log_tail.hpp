// Delivers the log to its one reader: what is stored is read from the disk in steps, then each group is
// handed over as it becomes durable; a reader that falls far behind reads from the disk again.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "adapters/embedded/segment.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// Thread-safe. Held by shared_ptr: its tasks on the executor keep it alive.
class LogTail : public std::enable_shared_from_this<LogTail> {
 public:
  /// `end`: one past the last record that may be delivered so far. `on_error`: the log could not be read;
  /// nothing more is delivered.
  LogTail(Executor& executor, std::shared_ptr<SegmentSet> segments, Offset end,
          std::function<void(Error)> on_error)
      : executor_(executor), segments_(std::move(segments)), end_(end), on_error_(std::move(on_error)) {}
  void start(Offset from, EventLog::TailHandler handler);
  /// Durable records, next in order. Held in memory up to max_waiting_bytes, past that read again later.
  void push(std::vector<LogRecord> records);
  void pause(bool paused);
  /// On return the handler does not run and never will. REQUIRES: not called by the handler.
  void stop();

  static constexpr std::size_t max_waiting_bytes = 64 * 1024 * 1024;
  static constexpr std::size_t read_bytes = 1024 * 1024;

 private:
  void schedule();
  void run();
  Result<std::vector<LogRecord>> take();
  [[nodiscard]] bool idle() const { return stopped_ || paused_ || !handler_ || next_ >= end_; }

  Executor& executor_;
  std::shared_ptr<SegmentSet> segments_;
  std::mutex delivering_;  // held while the handler runs; taken before mutex_
  std::mutex mutex_;       // guards what follows
  EventLog::TailHandler handler_;
  Offset next_ = 0;  // to be delivered
  Offset end_ = 0;
  std::deque<std::vector<LogRecord>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool scheduled_ = false;
  bool stopped_ = false;
  bool paused_ = false;
  std::function<void(Error)> on_error_;
};

}  // namespace ringledger
