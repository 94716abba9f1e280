#include "adapters/kafka/kafka_reader.hpp"

#include <algorithm>
#include <array>

#include "adapters/kafka/kafka_record.hpp"

namespace ringledger {
namespace {

constexpr std::size_t most_at_once = 1000;

struct DestroyMessage {
  void operator()(rd_kafka_message_t* m) const { rd_kafka_message_destroy(m); }
};
using Message = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;

KafkaProperties reader_properties(const KafkaSettings& settings) {
  return {{"group.id", settings.topic + "-reader"},  // assign() wants one; nothing is committed to it
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "error"},
          {"enable.partition.eof", "true"},
          {"isolation.level", "read_uncommitted"},
          {"check.crcs", "true"},
          {"fetch.min.bytes", "1"},
          {"fetch.wait.max.ms", "500"},
          {"fetch.error.backoff.ms", "0"},
          {"fetch.message.max.bytes", "8388608"},
          {"queued.max.messages.kbytes", "65536"},
          {"socket.nagle.disable", "true"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "1000"}};
}

/// Brokers away or leaders moving: librdkafka goes on by itself.
bool passes(rd_kafka_resp_err_t error) {
  constexpr std::array lasting{RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
                               RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
                               RD_KAFKA_RESP_ERR__FATAL,
                               RD_KAFKA_RESP_ERR__BAD_MSG,
                               RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                               RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                               RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                               RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
  return std::ranges::find(lasting, error) == lasting.end();
}

}  // namespace

KafkaReader::KafkaReader(const KafkaSettings& settings, Offset from)
    : settings_(settings), hooks_{settings.log, nullptr}, next_(from), end_(from) {}

Result<std::unique_ptr<KafkaReader>> KafkaReader::open(const KafkaSettings& settings, Offset from) {
  std::unique_ptr<KafkaReader> reader(new KafkaReader(settings, from));
  auto client = make_kafka_client(RD_KAFKA_CONSUMER, settings, reader_properties(settings), reader->hooks_);
  if (!client) return std::unexpected(client.error());
  reader->client_ = std::move(*client);
  rd_kafka_poll_set_consumer(reader->client_.get());
  auto* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, settings.topic.c_str(), settings.partition)->offset =
      static_cast<std::int64_t>(from);
  auto assigned = rd_kafka_assign(reader->client_.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  if (assigned != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Code::internal, kafka_place(settings) + ": " + rd_kafka_err2str(assigned));
  reader->queue_ = rd_kafka_queue_get_consumer(reader->client_.get());
  return reader;
}

KafkaReader::~KafkaReader() {
  if (queue_) rd_kafka_queue_destroy(queue_);
  if (client_) rd_kafka_consumer_close(client_.get());
}

Result<KafkaReader::Batch> KafkaReader::poll(int wait_ms) {
  Batch batch{{}, next_, end_};
  Message first(rd_kafka_consumer_poll(client_.get(), wait_ms));
  if (!first) return batch;
  if (auto ok = take(*first, batch); !ok) return std::unexpected(ok.error());
  std::array<rd_kafka_message_t*, most_at_once> more{};
  auto count = rd_kafka_consume_batch_queue(queue_, 0, more.data(), more.size());
  Result<void> taken;
  for (ssize_t i = 0; i < count; ++i) {
    Message message(more[static_cast<std::size_t>(i)]);
    if (taken) taken = take(*message, batch);
  }
  if (!taken) return std::unexpected(taken.error());
  next_ = batch.next;
  end_ = batch.end = std::max(batch.end, batch.next);
  return batch;
}

Result<void> KafkaReader::take(const rd_kafka_message_t& message, Batch& batch) {
  auto offset = static_cast<Offset>(std::max<std::int64_t>(message.offset, 0));
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    batch.end = std::max(batch.end, offset);
    if (offset > batch.next) {  // what is at the log's end is no record (a stranger's transaction marker)
      batch.records.push_back({offset - 1, RecordKind::foreign, {}});
      batch.next = offset;
    }
    return {};
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (passes(message.err)) return {};
    return fail(Code::internal,
                kafka_place(settings_) + " cannot be read on from offset " + std::to_string(batch.next) +
                    ": " + rd_kafka_message_errstr(&message) +
                    ". Nothing is skipped: restore the topic, or begin anew with another one");
  }
  if (offset < batch.next) return {};
  auto record = kafka_record(message);
  if (!record) return std::unexpected(record.error());
  batch.records.push_back(std::move(*record));
  batch.next = offset + 1;
  return {};
}

}  // namespace ringledger
