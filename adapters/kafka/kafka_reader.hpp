// The way out of a Kafka partition: every record from an offset on, in order. It never jumps: an offset that
// is not there is an error.
#pragma once

#include <memory>
#include <vector>

#include "adapters/kafka/kafka_consumer.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

class KafkaReader {
 public:
  struct Batch {
    std::vector<LogRecord> records;
    Offset next = 0;  ///< one past the last record; past a gap at the end of the log
    Offset end = 0;   ///< of the log, as far as known
  };
  static Result<std::unique_ptr<KafkaReader>> open(const KafkaSettings& settings, Offset from);
  /// What is there, waiting at most `wait_ms` for something. What cannot be read on is an error
  /// (Code::internal); brokers that are away are not: nothing comes until they are back.
  Result<Batch> poll(int wait_ms);

 private:
  KafkaReader(std::unique_ptr<KafkaConsumer> consumer, Offset from)
      : consumer_(std::move(consumer)), next_(from), end_(from) {}

  std::unique_ptr<KafkaConsumer> consumer_;
  Offset next_ = 0, end_ = 0;
};

}  // namespace ringledger
