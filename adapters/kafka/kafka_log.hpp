// The log in an Apache Kafka topic: one partition, shared with the other nodes (docs/adr/0007). Kafka orders
// and replicates; what counts is folded by the reader, who has it kept in a local copy, from which all
// reading is done.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "adapters/kafka/kafka_settings.hpp"
#include "commands/ports/disk.hpp"
#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

class KafkaLog final : public EventLog {
 public:
  struct Options {
    KafkaSettings kafka;
    std::string folder;  ///< of the local copy
    std::uint64_t segment_bytes = 64 * 1024 * 1024;
    std::uint64_t floor_free_bytes = 0;               ///< below it `append` and `keep` answer Code::read_only
    std::size_t max_queued_bytes = 64 * 1024 * 1024;  ///< past it `append` answers Code::overloaded
    /// Reads the payload of a LOG record.
    std::function<Result<LogHeader>(std::string_view)> decode_header;
    /// Called on the log executor before each group is sent; Code::read_only refuses the group, any other
    /// error fails it as a lost produce does.
    std::function<Result<void>()> before_write;
    /// Called once, on any thread, when the log cannot be read on: the process must stop (and must not close
    /// or destroy the log in this call).
    std::function<void(Error)> on_fatal;
  };
  /// What opening found; for the caller to log.
  struct OpenReport {
    Offset end = 0;         ///< of the topic
    Offset kept = 0;        ///< of the local copy
    std::string discarded;  ///< why the local copy was thrown away; "" when it was not
  };

  /// Asks the cluster: topic, its settings, LOG record and end; opens the local copy. Refused, saying what to
  /// do: a topic that could lose commits, that is no log, another one than was copied, or shorter than its
  /// copy. `log_executor` and `tail_executor` are serial, `blocking` may be a pool; all outlive the log.
  static Result<std::unique_ptr<KafkaLog>> open(Disk& disk, Options options, Executor& log_executor,
                                                Executor& tail_executor, Executor& blocking);
  ~KafkaLog() override;
  KafkaLog(const KafkaLog&) = delete;
  KafkaLog& operator=(const KafkaLog&) = delete;

  /// Orderly shutdown: waits up to a second for what is on its way, stops the tail, closes the copy.
  Result<void> close();
  [[nodiscard]] const OpenReport& report() const;

  void append(NewRecord record, Appended done) override;
  Result<std::vector<LogRecord>> read(Offset from, std::size_t max_bytes) override;
  [[nodiscard]] Offset end() const override;
  [[nodiscard]] Offset kept() const override;
  void tail(Offset from, TailHandler handler) override;
  void pause_tail(bool paused) override;
  [[nodiscard]] bool shared() const override { return true; }
  void end_now(std::move_only_function<void(Result<Offset>)> then) override;
  Result<void> keep(const std::vector<LogRecord>& counted) override;
  void renew() override;
  [[nodiscard]] const std::string& epoch() const override;

 private:
  struct Core;
  explicit KafkaLog(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

}  // namespace ringledger
