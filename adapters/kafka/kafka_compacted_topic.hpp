// A compacted Kafka topic of one partition as the small table that all nodes share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "adapters/kafka/kafka_producer.hpp"
#include "adapters/kafka/kafka_settings.hpp"
#include "commands/ports/compacted_topic.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

class KafkaCompactedTopic final : public CompactedTopic {
 public:
  struct Options {
    KafkaSettings kafka;
    /// Compaction leaves the segment that is written to alone, and only a record begins the next one: so one
    /// comes at least this often (key "tick", never given to the handler).
    std::int64_t tick_ms = 3'600'000;
    std::int64_t tick_again_ms = 60'000;  ///< after one that did not come
  };
  /// Asks the cluster; a topic that is not there or is not as it must be is refused with what to change
  /// (kafka_topic.hpp).
  static Result<std::unique_ptr<KafkaCompactedTopic>> open(Options options);
  ~KafkaCompactedTopic() override;
  KafkaCompactedTopic(const KafkaCompactedTopic&) = delete;
  KafkaCompactedTopic& operator=(const KafkaCompactedTopic&) = delete;

  Result<void> write(const std::vector<Record>& records) override;
  void read(Handler handler, std::function<void(Error)> failed) override;
  Result<void> catch_up() override;
  void stop() override;
  [[nodiscard]] const std::string& place() const override { return place_; }

 private:
  explicit KafkaCompactedTopic(Options options);
  Result<std::shared_ptr<KafkaProducer>> producer();
  void give_up(const std::shared_ptr<KafkaProducer>& failed);
  Result<void> read_on(Handler& handler, const std::stop_token& stop);
  [[nodiscard]] bool tick_is_due() const;
  void tick();

  const Options options_;
  const std::string place_;
  std::mutex producing_;  // guards producer_
  std::shared_ptr<KafkaProducer> producer_;
  std::int64_t newest_ms_ = 0;                // of the reading thread: of the last record's timestamp
  std::int64_t ticked_ms_ = 0;                // the same: when it last tried
  std::shared_ptr<KafkaProducer> ticked_by_;  // the same: with what, while nothing came since
  std::mutex mutex_;                          // guards the members below
  std::condition_variable changed_;
  Offset handled_ = 0;
  bool stopped_ = false;
  std::optional<Error> failed_;
  std::jthread reading_;
};

}  // namespace ringledger
