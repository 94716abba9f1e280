// The queue in front of the log executor.
#include "adapters/embedded/log_queue.hpp"

namespace ringledger {
namespace {

std::size_t cost(const WaitingRecord& w) { return w.record.payload.size() + sizeof(WaitingRecord); }

}  // namespace

Result<bool> LogQueue::push(WaitingRecord& waiting) {
  std::lock_guard lock(mutex_);
  if (refusal_) return std::unexpected(*refusal_);
  if (waiting.record.payload.size() > max_payload_bytes) {
    return fail(Code::too_large, "a log record of " + std::to_string(waiting.record.payload.size()) +
                                     " bytes; at most " + std::to_string(max_payload_bytes) + " are taken");
  }
  if (bytes_ + cost(waiting) > max_bytes_ && !waiting_.empty()) {
    return fail(Code::overloaded, std::to_string(bytes_) + " bytes wait for the log already");
  }
  bytes_ += cost(waiting);
  waiting_.push_back(std::move(waiting));
  return !std::exchange(under_way_, true);
}

std::vector<WaitingRecord> LogQueue::next_group() {
  std::lock_guard lock(mutex_);
  std::vector<WaitingRecord> group;
  std::size_t payload_bytes = 0;
  while (!waiting_.empty() && group.size() < max_group_records_) {
    payload_bytes += waiting_.front().record.payload.size();
    if (!group.empty() && payload_bytes > max_group_bytes_) break;
    bytes_ -= cost(waiting_.front());
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (group.empty()) under_way_ = false;
  return group;
}

void LogQueue::refuse(Error why) {
  std::lock_guard lock(mutex_);
  if (!refusal_) refusal_ = std::move(why);
}

std::size_t LogQueue::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace ringledger
