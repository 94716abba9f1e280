#include "adapters/kafka/kafka_consumer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

namespace ringledger {
namespace {

constexpr std::size_t most_at_once = 1000;
constexpr auto most_to_end = std::chrono::seconds(10);

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

KafkaConsumer::KafkaConsumer(const KafkaSettings& settings, Offset from)
    : settings_(settings),
      hooks_(std::make_unique<KafkaHooks>(KafkaHooks{settings.log, nullptr})),
      next_(from) {}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(const KafkaSettings& settings, Offset from) {
  std::unique_ptr<KafkaConsumer> reader(new KafkaConsumer(settings, from));
  auto client = make_kafka_client(RD_KAFKA_CONSUMER, settings, reader_properties(settings), *reader->hooks_);
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

/// librdkafka 2.0.2 never ends a consumer whose topic was deleted: it is left to itself then, with what it
/// reports to.
KafkaConsumer::~KafkaConsumer() {
  if (queue_) rd_kafka_queue_destroy(queue_);
  if (!client_) return;
  std::promise<void> ended;
  auto end = ended.get_future();
  std::thread([client = std::move(client_), hooks = std::move(hooks_), ended = std::move(ended)]() mutable {
    rd_kafka_consumer_close(client.get());
    client.reset();
    ended.set_value();
  }).detach();
  static_cast<void>(end.wait_for(most_to_end));
}

Result<void> KafkaConsumer::poll(int wait_ms, const Visitor& visitor) {
  Message first(rd_kafka_consumer_poll(client_.get(), wait_ms));
  if (!first) return {};
  auto taken = take(*first, visitor);
  if (!taken) return taken;
  std::array<rd_kafka_message_t*, most_at_once> more{};
  auto count = rd_kafka_consume_batch_queue(queue_, 0, more.data(), more.size());
  for (ssize_t i = 0; i < count; ++i) {
    Message message(more[static_cast<std::size_t>(i)]);
    if (taken) taken = take(*message, visitor);
  }
  return taken;
}

Result<void> KafkaConsumer::take(const rd_kafka_message_t& message, const Visitor& visitor) {
  auto offset = static_cast<Offset>(std::max<std::int64_t>(message.offset, 0));
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    next_ = std::max(next_, offset);
    visitor.end(offset);
    return {};
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (passes(message.err)) return {};
    return fail(Code::internal,
                kafka_place(settings_) + " cannot be read on from offset " + std::to_string(next_) + ": " +
                    rd_kafka_message_errstr(&message) +
                    ". Nothing is skipped: restore the topic, or begin anew with another one");
  }
  if (offset < next_) return {};
  if (auto ok = visitor.message(message); !ok) return ok;
  next_ = offset + 1;
  return {};
}

}  // namespace ringledger
