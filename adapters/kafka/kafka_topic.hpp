// The topic under a log: what must hold of it, checked at start, and how `ringledger log create` makes it so.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapters/kafka/kafka_settings.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

struct KafkaTopic {
  bool exists = false;
  std::int32_t partitions = 0;
  std::int32_t replicas = 0;                  ///< the fewest of any partition
  std::int32_t brokers = 0;                   ///< of the cluster
  std::map<std::string, std::string> config;  ///< in force
  std::map<std::string, std::string> own;     ///< said of this topic, not inherited from the brokers
};

/// What a topic is for: the log, or the keys of data subjects, which is compacted.
enum class TopicPurpose : std::uint8_t { log, keys };

/// Asks the cluster. Code::internal when it does not answer within 10 s.
Result<KafkaTopic> describe_topic(const KafkaSettings& settings);

/// What must be changed so that nothing that was acknowledged can be lost or cut, a line each with its
/// reason; empty: all is well.
std::vector<std::string> topic_faults(const KafkaTopic& topic, TopicPurpose purpose = TopicPurpose::log);

/// Code::not_found when there is no such topic, Code::validation_failed when it has faults, or another number
/// of partitions: each says what to change.
Result<void> check_topic(const KafkaSettings& settings, std::int32_t partitions, TopicPurpose purpose);

/// Makes the topic, with as many replicas as there are brokers, at most three; or gives the one that is there
/// the settings it needs. `partitions` of an existing topic must agree.
Result<void> make_topic(const KafkaSettings& settings, std::int32_t partitions,
                        TopicPurpose purpose = TopicPurpose::log);

/// Replaces everything said of the topic by `config`.
Result<void> set_topic_config(const KafkaSettings& settings,
                              const std::map<std::string, std::string>& config);

/// [first, one past the last] of the partition's offsets. Blocks, at most `wait_ms`.
struct KafkaSpan {
  Offset first = 0, end = 0;
};
Result<KafkaSpan> topic_span(rd_kafka_t* client, const KafkaSettings& settings, int wait_ms);

/// The first record of kind LOG, which makes the partition a log; Code::not_found when there is none among
/// its first 10,000 records.
Result<LogRecord> first_log_record(const KafkaSettings& settings);

}  // namespace ringledger
