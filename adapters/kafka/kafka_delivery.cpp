#include "adapters/kafka/kafka_delivery.hpp"

namespace ringledger {
namespace {

std::size_t bytes_of(const std::vector<LogRecord>& records) {
  std::size_t bytes = 0;
  for (const auto& record : records) bytes += record.payload.size() + sizeof(LogRecord);
  return bytes;
}

}  // namespace

bool KafkaDelivery::push(std::vector<LogRecord> records) {
  if (records.empty()) return true;
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return stopped_ || waiting_.empty() || waiting_bytes_ < max_waiting_bytes; });
    if (stopped_) return false;
    waiting_bytes_ += bytes_of(records);
    waiting_.push_back(std::move(records));
  }
  schedule();
  return true;
}

void KafkaDelivery::pause(bool paused) {
  {
    std::lock_guard lock(mutex_);
    paused_ = paused;
  }
  schedule();
}

void KafkaDelivery::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting_.clear();
  }
  room_.notify_all();
  std::lock_guard wait(delivering_);
}

void KafkaDelivery::schedule() {
  {
    std::lock_guard lock(mutex_);
    if (scheduled_ || idle()) return;
    scheduled_ = true;
  }
  executor_.post([self = shared_from_this()] { self->run(); });
}

/// One batch a task.
void KafkaDelivery::run() {
  {
    std::lock_guard delivering(delivering_);
    std::vector<LogRecord> records;
    {
      std::lock_guard lock(mutex_);
      if (!idle()) {
        records = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= bytes_of(records);
      }
    }
    room_.notify_all();
    if (!records.empty()) handler_(std::move(records));
    std::lock_guard lock(mutex_);
    scheduled_ = false;
  }
  schedule();
}

}  // namespace ringledger
