#include "adapters/simulation/sim_shared_log.hpp"

#include <algorithm>

namespace ringledger {

SimPartition::SimPartition(std::string epoch, std::string first_record) : epoch_(std::move(epoch)) {
  landed_.push_back({0, RecordKind::log, std::move(first_record)});
}

void SimPartition::report(Sent& sent, Result<void> result) {
  auto done = std::exchange(sent.done, nullptr);
  if (done && !sent.sender.expired()) (*done)(std::move(result));
}

void SimPartition::land(std::size_t i) {
  auto at = sent_.begin() + static_cast<std::ptrdiff_t>(i);
  Sent sent = std::move(*at);
  sent_.erase(at);
  sent.record.offset = landed_.size();
  landed_.push_back(sent.record);
  report(sent, {});
}

void SimPartition::copy(std::size_t i) { sent_.push_back({sent_[i].record, {}, nullptr}); }

void SimPartition::take_back(std::size_t i, Error why) {
  auto at = sent_.begin() + static_cast<std::ptrdiff_t>(i);
  Sent sent = std::move(*at);
  sent_.erase(at);
  report(sent, std::unexpected(std::move(why)));
}

void SimPartition::drop(std::size_t i) { take_back(i, {Code::unknown_outcome, "lost on the way", ""}); }

void SimPartition::refuse(std::size_t i) { take_back(i, {Code::read_only, "no space", ""}); }

void SimPartition::fail(std::size_t i) {
  report(sent_[i], ringledger::fail(Code::unknown_outcome, "no acknowledgement in time"));
}

void SimPartition::land_record(LogRecord record) {
  record.offset = landed_.size();
  landed_.push_back(std::move(record));
}

bool SimSharedLog::deliver(std::size_t most) {
  auto count = std::min<std::size_t>(most, partition_.landed_.size() - std::min(next_, end()));
  if (!handler_ || paused_ || count == 0) return false;
  auto from = partition_.landed_.begin() + static_cast<std::ptrdiff_t>(next_);
  std::vector<LogRecord> records(from, from + static_cast<std::ptrdiff_t>(count));
  next_ += count;
  executor_.post(
      [handler = handler_, records = std::move(records)]() mutable { (*handler)(std::move(records)); });
  return true;
}

void SimSharedLog::append(NewRecord record, Appended done) {
  if (producer_dead_) return done(fail(Code::unknown_outcome, "the producer is dead"));
  partition_.sent_.push_back(
      {{0, record.kind, std::move(record.payload)}, alive_, std::make_shared<Appended>(std::move(done))});
}

Result<std::vector<LogRecord>> SimSharedLog::read(Offset from, std::size_t max_bytes) {
  std::vector<LogRecord> out;
  std::size_t bytes = 0;
  for (const auto& record : kept_) {
    if (record.offset < from) continue;
    bytes += record.payload.size();
    if (!out.empty() && bytes > max_bytes) break;
    out.push_back(record);
  }
  return out;
}

void SimSharedLog::tail(Offset from, TailHandler handler) {
  next_ = from;
  handler_ = std::make_shared<TailHandler>(std::move(handler));
}

Result<void> SimSharedLog::keep(const std::vector<LogRecord>& counted) {
  for (const auto& record : counted) {
    if (record.offset >= kept()) kept_.push_back(record);
  }
  return {};
}

void SimSharedLog::give_up(const std::string& why) {
  for (auto& sent : partition_.sent_) {
    if (sent.sender.lock() == alive_) partition_.report(sent, fail(Code::unknown_outcome, why));
  }
}

void SimSharedLog::kill_producer() {
  producer_dead_ = true;
  give_up("a fatal error");
}

void SimSharedLog::renew() {
  producer_dead_ = false;
  give_up("given up");
}

}  // namespace ringledger
