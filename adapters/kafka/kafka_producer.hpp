// The way into a Kafka partition: idempotent, acknowledged by all in-sync replicas, in the order given.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "adapters/kafka/kafka_settings.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

class KafkaProducer {
 public:
  /// Begins to connect and to fetch its producer id at once, which takes a second the first time.
  static Result<std::unique_ptr<KafkaProducer>> open(const KafkaSettings& settings);
  /// Gives up what is on its way: it fails, and may land all the same.
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  /// Thread-safe, does not block. `done` runs on the producer's own thread, or here when it fails at once;
  /// Code::unknown_outcome in every case of failure.
  void produce(NewRecord record, EventLog::Appended done);
  /// A record that is none of a log; without a value it is a tombstone.
  void produce(std::string key, std::optional<std::string> value, EventLog::Appended done);
  /// One past the partition's last record, asked of its leader now. Blocks, at most this long.
  Result<Offset> end(int wait_ms) { return end(settings_.partition, wait_ms); }
  Result<Offset> end(std::int32_t partition, int wait_ms);
  /// Waits until all is acknowledged or failed, at most this long.
  void drain(int wait_ms);

 private:
  struct OnItsWay;
  explicit KafkaProducer(const KafkaSettings& settings);
  static void delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void*);
  void send(std::unique_ptr<OnItsWay> record, rd_kafka_headers_t* headers);

  const KafkaSettings settings_;
  KafkaHooks hooks_;
  KafkaClient client_;
  std::jthread poller_;
};

}  // namespace ringledger
