// Delivery to the tail's handler, one batch a task.
#include "adapters/embedded/log_tail.hpp"

namespace ringledger {
namespace {

std::size_t payload_bytes(const std::vector<LogRecord>& records) {
  std::size_t bytes = 0;
  for (const auto& record : records) bytes += record.payload.size() + sizeof(LogRecord);
  return bytes;
}

}  // namespace

void LogTail::start(Offset from, EventLog::TailHandler handler) {
  {
    std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
    next_ = from;
  }
  schedule();
}

void LogTail::push(std::vector<LogRecord> records) {
  if (records.empty()) return;
  {
    std::lock_guard lock(mutex_);
    end_ = records.back().offset + 1;
    std::size_t bytes = payload_bytes(records);
    if (handler_ && !stopped_ && waiting_bytes_ + bytes <= max_waiting_bytes) {
      waiting_bytes_ += bytes;
      waiting_.push_back(std::move(records));
    }
  }
  schedule();
}

void LogTail::pause(bool paused) {
  {
    std::lock_guard lock(mutex_);
    paused_ = paused;
  }
  schedule();
}

void LogTail::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting_.clear();
  }
  std::lock_guard wait(delivering_);
}

void LogTail::schedule() {
  {
    std::lock_guard lock(mutex_);
    if (scheduled_ || idle()) return;
    scheduled_ = true;
  }
  executor_.post([self = shared_from_this()] { self->run(); });
}

void LogTail::run() {
  {
    std::lock_guard delivering(delivering_);
    auto records = take();
    if (!records) {
      {
        std::lock_guard lock(mutex_);
        if (stopped_) return;
        stopped_ = true;
      }
      on_error_(std::move(records.error()));
      return;
    }
    if (!records->empty()) {
      Offset next = records->back().offset + 1;
      handler_(std::move(*records));
      std::lock_guard lock(mutex_);
      next_ = next;
    }
  }
  {
    std::lock_guard lock(mutex_);
    scheduled_ = false;
  }
  schedule();
}

/// The next batch, from memory when it is there, else from the disk; empty when there is nothing to do.
Result<std::vector<LogRecord>> LogTail::take() {
  std::unique_lock lock(mutex_);
  if (idle()) return std::vector<LogRecord>{};
  while (!waiting_.empty() && waiting_.front().front().offset <= next_) {
    auto records = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= payload_bytes(records);
    std::erase_if(records, [&](const LogRecord& record) { return record.offset < next_; });
    if (!records.empty()) return records;
  }
  Offset from = next_;
  Offset limit = end_;
  lock.unlock();
  auto records = segments_->read(from, limit, read_bytes);
  if (records && records->empty())
    return fail(Code::internal, "the log ends before record " + std::to_string(from));
  return records;
}

}  // namespace ringledger
