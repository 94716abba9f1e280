// The nodes of a cluster as a Kafka consumer group: it spreads the log's partitions over the nodes that live.
// What it says is a hint who should write, and never who may (protocol.md "Liveness"): nothing is consumed
// through it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "adapters/kafka/kafka_settings.hpp"

namespace ringledger {

class KafkaGroup {
 public:
  /// To be a member of the group `<topic>-writers` named `member` (shown as its client id), once `join` is
  /// called. Code::validation_failed for settings that librdkafka refuses.
  static Result<std::unique_ptr<KafkaGroup>> open(const KafkaSettings& settings, const std::string& member);
  /// Once. The brokers may be away: it joins when they are there.
  Result<void> join();
  /// Leaves, so that the others need not wait for the session to end.
  ~KafkaGroup();
  KafkaGroup(const KafkaGroup&) = delete;
  KafkaGroup& operator=(const KafkaGroup&) = delete;

  /// Whom the group gave the partition to; `unknown` before the first answer, and while the group changes.
  enum class Choice { this_node, another, unknown };
  [[nodiscard]] Choice choice(std::int32_t partition) const;
  /// Leaves now; from then on `unknown`. Blocks for a moment. Idempotent.
  void leave();
  /// The client ids of all members, sorted. Blocks, 2 s at most.
  [[nodiscard]] Result<std::vector<std::string>> members() const;

 private:
  explicit KafkaGroup(const KafkaSettings& settings);
  static void rebalance(rd_kafka_t* client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* which,
                        void* opaque);
  void assigned(rd_kafka_t* client, rd_kafka_topic_partition_list_t* which);
  void revoked(rd_kafka_t* client);
  void poll();

  KafkaSettings settings_;
  KafkaHooks hooks_;
  KafkaClient client_;
  mutable std::mutex mutex_;
  std::set<std::int32_t> given_;
  bool settled_ = false;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace ringledger
