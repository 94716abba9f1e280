// A shared log whose every freedom is in the test's hand: what was appended lands when it says so, in any
// order, twice or never; a failure is reported before, after or without a landing; each reader gets as many
// records as it says. Nothing else happens by itself (../shared/spec/protocol.md "Testing it").
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

class SimSharedLog;

/// The one partition behind all handles. For one thread.
class SimPartition {
 public:
  SimPartition(std::string epoch, std::string first_record);

  struct Sent {
    LogRecord record;
    std::weak_ptr<bool> sender;  ///< expired: it crashed, or gave the record up
    std::shared_ptr<EventLog::Appended> done;
  };
  [[nodiscard]] const std::vector<LogRecord>& landed() const { return landed_; }
  [[nodiscard]] const std::deque<Sent>& on_the_way() const { return sent_; }

  // The model's actions; `i` is a place in on_the_way().
  void land(std::size_t i);            ///< durable; acknowledged, unless its failure was reported
  void copy(std::size_t i);            ///< will land once more
  void drop(std::size_t i);            ///< never lands, and its sender is told that it failed
  void fail(std::size_t i);            ///< its sender is told that it failed; it may land all the same
  void refuse(std::size_t i);          ///< never written, for want of space, and its sender is told so
  void land_record(LogRecord record);  ///< from nobody here: a stranger, or a node gone wrong

 private:
  friend class SimSharedLog;
  void report(Sent& sent, Result<void> result);
  void take_back(std::size_t i, Error why);

  std::string epoch_;
  std::vector<LogRecord> landed_;
  std::deque<Sent> sent_;
};

/// A node's way to it. `kept` is the node's disk: it outlives the handle.
class SimSharedLog final : public EventLog {
 public:
  SimSharedLog(SimPartition& partition, std::vector<LogRecord>& kept, Executor& executor)
      : partition_(partition), kept_(kept), executor_(executor) {}

  /// Hands the next records over, at most this many; false: there is none, nobody listens, or it is paused.
  bool deliver(std::size_t most);
  /// A fatal error of its producer: what is on its way fails, and so does all that is appended until `renew`.
  void kill_producer();
  [[nodiscard]] Offset next() const { return next_; }

  void append(NewRecord record, Appended done) override;
  Result<std::vector<LogRecord>> read(Offset from, std::size_t max_bytes) override;
  [[nodiscard]] Offset end() const override { return partition_.landed_.size(); }
  [[nodiscard]] Offset kept() const override { return kept_.empty() ? 0 : kept_.back().offset + 1; }
  void tail(Offset from, TailHandler handler) override;
  void pause_tail(bool paused) override { paused_ = paused; }
  [[nodiscard]] bool shared() const override { return true; }
  Result<void> keep(const std::vector<LogRecord>& counted) override;
  void renew() override;
  [[nodiscard]] const std::string& epoch() const override { return partition_.epoch_; }

 private:
  void give_up(const std::string& why);

  SimPartition& partition_;
  std::vector<LogRecord>& kept_;
  Executor& executor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< of this producer
  std::shared_ptr<TailHandler> handler_;
  Offset next_ = 0;
  bool paused_ = false, producer_dead_ = false;
};

}  // namespace ringledger
