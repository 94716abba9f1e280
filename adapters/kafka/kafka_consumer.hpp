// Reads one partition from an offset on, message by message. It never jumps: an offset that is not there is
// an error.
#pragma once

#include <functional>
#include <memory>

#include "adapters/kafka/kafka_settings.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

class KafkaConsumer {
 public:
  static Result<std::unique_ptr<KafkaConsumer>> open(const KafkaSettings& settings, Offset from);
  /// Ends within some seconds, also where librdkafka does not.
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// `message` gets each message once, in order; an error of it ends the call. `end` is told an end of the
  /// partition when all before it was given.
  struct Visitor {
    std::function<Result<void>(const rd_kafka_message_t&)> message;
    std::function<void(Offset)> end = [](Offset) {};
  };
  /// What is there, waiting at most `wait_ms` for something. What cannot be read on is an error
  /// (Code::internal); brokers that are away are not: nothing comes until they are back.
  Result<void> poll(int wait_ms, const Visitor& visitor);
  /// One past the last offset given.
  [[nodiscard]] Offset next() const { return next_; }

 private:
  KafkaConsumer(const KafkaSettings& settings, Offset from);
  Result<void> take(const rd_kafka_message_t& message, const Visitor& visitor);

  const KafkaSettings settings_;
  std::unique_ptr<KafkaHooks> hooks_;  // what client_ reports to, as long as it lives
  KafkaClient client_;
  rd_kafka_queue_t* queue_ = nullptr;
  Offset next_ = 0;
};

}  // namespace ringledger
