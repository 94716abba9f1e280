#include "adapters/kafka/kafka_producer.hpp"

#include <array>

#include "adapters/kafka/kafka_record.hpp"
#include "adapters/kafka/kafka_topic.hpp"

namespace ringledger {
namespace {

constexpr int poll_ms = 100;
constexpr int purge_ms = 1000;

Error unknown(const char* why) {
  return {Code::unknown_outcome, std::string("Kafka did not acknowledge the record: ") + why, ""};
}

KafkaProperties producer_properties() {
  return {{"enable.idempotence", "true"},
          {"acks", "all"},
          {"linger.ms", "0"},
          {"message.timeout.ms", "10000"},
          {"message.max.bytes", "8388608"},
          {"socket.nagle.disable", "true"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "1000"}};
}

rd_kafka_vu_t part(rd_kafka_vtype_t type) {
  rd_kafka_vu_t v{};
  v.vtype = type;
  return v;
}

}  // namespace

/// One record; librdkafka holds a pointer to it until it is delivered or given up.
struct KafkaProducer::OnItsWay {
  std::string key;
  std::optional<std::string> value;
  EventLog::Appended done;
};

void KafkaProducer::delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  std::unique_ptr<OnItsWay> record(static_cast<OnItsWay*>(message->_private));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return record->done({});
  record->done(std::unexpected(unknown(rd_kafka_err2str(message->err))));
}

KafkaProducer::KafkaProducer(const KafkaSettings& settings)
    : settings_(settings), hooks_{settings.log, delivered} {}

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const KafkaSettings& settings) {
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(settings));
  auto client = make_kafka_client(RD_KAFKA_PRODUCER, settings, producer_properties(), producer->hooks_);
  if (!client) return std::unexpected(client.error());
  producer->client_ = std::move(*client);
  producer->poller_ = std::jthread([client = producer->client_.get()](const std::stop_token& stop) {
    while (!stop.stop_requested()) rd_kafka_poll(client, poll_ms);
  });
  return producer;
}

KafkaProducer::~KafkaProducer() {
  if (!client_) return;
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  drain(purge_ms);
  poller_.request_stop();
  poller_.join();
}

void KafkaProducer::produce(NewRecord record, EventLog::Appended done) {
  auto* headers = kafka_headers(record);
  auto key = kafka_key(record);
  send(std::make_unique<OnItsWay>(std::move(key), std::move(record.payload), std::move(done)), headers);
}

void KafkaProducer::produce(std::string key, std::optional<std::string> value, EventLog::Appended done) {
  send(std::make_unique<OnItsWay>(std::move(key), std::move(value), std::move(done)),
       rd_kafka_headers_new(0));
}

void KafkaProducer::send(std::unique_ptr<OnItsWay> record, rd_kafka_headers_t* headers) {
  std::array<rd_kafka_vu_t, 6> parts{part(RD_KAFKA_VTYPE_TOPIC),   part(RD_KAFKA_VTYPE_PARTITION),
                                     part(RD_KAFKA_VTYPE_KEY),     part(RD_KAFKA_VTYPE_VALUE),
                                     part(RD_KAFKA_VTYPE_HEADERS), part(RD_KAFKA_VTYPE_OPAQUE)};
  parts[0].u.cstr = settings_.topic.c_str();
  parts[1].u.i32 = settings_.partition;
  if (!record->key.empty()) parts[2].u.mem = {record->key.data(), record->key.size()};
  if (record->value) parts[3].u.mem = {record->value->data(), record->value->size()};
  parts[4].u.headers = headers;
  parts[5].u.ptr = record.get();
  auto* error = rd_kafka_produceva(client_.get(), parts.data(), parts.size());
  if (!error) {
    static_cast<void>(record.release());  // until `delivered`
    return;
  }
  std::string why = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  rd_kafka_headers_destroy(headers);
  record->done(std::unexpected(unknown(why.c_str())));
}

Result<Offset> KafkaProducer::end(std::int32_t partition, int wait_ms) {
  auto at = settings_;
  at.partition = partition;
  auto span = topic_span(client_.get(), at, wait_ms);
  if (!span) return std::unexpected(span.error());
  return span->end;
}

void KafkaProducer::drain(int wait_ms) { rd_kafka_flush(client_.get(), wait_ms); }

}  // namespace ringledger
