#include "adapters/kafka/kafka_create.hpp"

#include <future>

#include "adapters/kafka/kafka_producer.hpp"
#include "adapters/kafka/kafka_topic.hpp"

namespace ringledger {
namespace {

constexpr int wait_ms = 10'000;

/// True: written now.
Result<bool> write_first(const KafkaSettings& settings, const std::string& payload) {
  auto producer = KafkaProducer::open(settings);
  if (!producer) return std::unexpected(producer.error());
  auto end = (*producer)->end(wait_ms);
  if (!end) return std::unexpected(end.error());
  if (*end > 0) {
    auto first = first_log_record(settings);
    if (first) return false;
    if (first.error().code != Code::not_found) return std::unexpected(first.error());
    return fail(Code::validation_failed,
                kafka_place(settings) + " holds records that are no log; take an empty topic");
  }
  auto written = std::make_shared<std::promise<Result<void>>>();
  (*producer)->produce({RecordKind::log, payload, {}},
                       [written](Result<void> done) { written->set_value(std::move(done)); });
  auto done = written->get_future().get();  // answered at last by message.timeout.ms
  if (!done) return std::unexpected(done.error());
  return true;
}

}  // namespace

Result<bool> create_kafka_log(KafkaSettings settings, std::int32_t partitions,
                              const std::string& first_record) {
  if (auto made = make_topic(settings, partitions); !made) return std::unexpected(made.error());
  settings.partition = 0;
  auto begun = first_log_record(settings);  // by a run that was interrupted: all partitions have the same one
  if (!begun && begun.error().code != Code::not_found) return std::unexpected(begun.error());
  const auto& record = begun ? begun->payload : first_record;
  bool any = false;
  for (settings.partition = 0; settings.partition < partitions; ++settings.partition) {
    auto written = write_first(settings, record);
    if (!written) return std::unexpected(written.error());
    any = any || *written;
  }
  return any;
}

Result<bool> kafka_log_was_written(KafkaSettings settings) {
  auto topic = describe_topic(settings);
  if (!topic) return std::unexpected(topic.error());
  if (!topic->exists) {
    return fail(Code::not_found, "there is no topic " + settings.topic + " at " + settings.bootstrap +
                                     "; `ringledger log create` makes it");
  }
  auto producer = KafkaProducer::open(settings);
  if (!producer) return std::unexpected(producer.error());
  for (settings.partition = 0; settings.partition < topic->partitions; ++settings.partition) {
    auto end = (*producer)->end(settings.partition, wait_ms);
    if (!end) return std::unexpected(end.error());
    if (*end > 1) return true;
  }
  return false;
}

}  // namespace ringledger
