// Where a Kafka log is and how it is reached: what the operator says, and how librdkafka's clients are made
// of it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

/// librdkafka's names and values.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

struct KafkaSettings {
  std::string bootstrap;  ///< HOST:PORT[,…]
  std::string topic;
  std::int32_t partition = 0;
  KafkaProperties properties;  ///< the operator's own: TLS, SASL and the like
  /// librdkafka's lines: syslog level (0 worst, 7 debug) and text. On any thread; absent: dropped.
  std::function<void(int level, const std::string& line)> log;
};

struct CloseKafka {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using KafkaClient = std::unique_ptr<rd_kafka_t, CloseKafka>;

/// What a client reports to: `delivered` gets each produced message once.
struct KafkaHooks {
  std::function<void(int level, const std::string& line)> log;
  void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
  /// Of a group's member: what it is given or loses. The last argument is the hooks.
  void (*rebalanced)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*) = nullptr;
  void* owner = nullptr;  ///< for the callbacks
};

/// A producer or consumer with the operator's properties and ours. Code::validation_failed, naming it, for a
/// property that librdkafka does not know, or that the log's safety rests on. `hooks` must outlive the
/// client.
Result<KafkaClient> make_kafka_client(rd_kafka_type_t type, const KafkaSettings& settings,
                                      const KafkaProperties& ours, KafkaHooks& hooks);

/// "partition 3 of topic t at host:9092", for every message to a person.
std::string kafka_place(const KafkaSettings& settings);

}  // namespace ringledger
