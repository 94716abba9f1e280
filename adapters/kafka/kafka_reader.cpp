#include "adapters/kafka/kafka_reader.hpp"

#include <algorithm>

#include "adapters/kafka/kafka_record.hpp"

namespace ringledger {

Result<std::unique_ptr<KafkaReader>> KafkaReader::open(const KafkaSettings& settings, Offset from) {
  auto consumer = KafkaConsumer::open(settings, from);
  if (!consumer) return std::unexpected(consumer.error());
  return std::unique_ptr<KafkaReader>(new KafkaReader(std::move(*consumer), from));
}

Result<KafkaReader::Batch> KafkaReader::poll(int wait_ms) {
  Batch batch{{}, next_, end_};
  auto record = [&](const rd_kafka_message_t& message) -> Result<void> {
    batch.records.push_back(kafka_record(message));
    batch.next = batch.records.back().offset + 1;
    return {};
  };
  auto end = [&](Offset at) {
    batch.end = std::max(batch.end, at);
    if (at <= batch.next) return;
    // What is at the log's end is no record (a stranger's transaction marker).
    batch.records.push_back({at - 1, RecordKind::foreign, {}});
    batch.next = at;
  };
  if (auto ok = consumer_->poll(wait_ms, {record, end}); !ok) return std::unexpected(ok.error());
  next_ = batch.next;
  end_ = batch.end = std::max(batch.end, batch.next);
  return batch;
}

}  // namespace ringledger
