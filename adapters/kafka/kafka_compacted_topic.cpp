#include "adapters/kafka/kafka_compacted_topic.hpp"

#include <algorithm>
#include <chrono>
#include <future>

#include "adapters/kafka/kafka_consumer.hpp"
#include "adapters/kafka/kafka_topic.hpp"

namespace ringledger {
namespace {

constexpr std::string_view tick_key = "tick";
constexpr int poll_ms = 200, end_ms = 2000;
constexpr auto patience = std::chrono::seconds(10);

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

CompactedTopic::Record record_of(const rd_kafka_message_t& message) {
  CompactedTopic::Record record;
  if (message.key) record.key.assign(static_cast<const char*>(message.key), message.key_len);
  if (message.payload) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  return record;
}

/// What came back of many; the first error stands for all.
struct Acknowledged {
  std::mutex mutex;
  std::size_t left;
  Result<void> result;
  std::promise<Result<void>> done;

  explicit Acknowledged(std::size_t count) : left(count) {}
  void take(Result<void> one) {
    std::lock_guard lock(mutex);
    if (result) result = std::move(one);
    if (--left == 0) done.set_value(result);
  }
};

}  // namespace

KafkaCompactedTopic::KafkaCompactedTopic(Options options)
    : options_(std::move(options)),
      place_("topic " + options_.kafka.topic + " at " + options_.kafka.bootstrap) {}

Result<std::unique_ptr<KafkaCompactedTopic>> KafkaCompactedTopic::open(Options options) {
  options.kafka.partition = 0;
  if (auto ok = check_topic(options.kafka, 1, TopicPurpose::keys); !ok) return std::unexpected(ok.error());
  std::unique_ptr<KafkaCompactedTopic> topic(new KafkaCompactedTopic(std::move(options)));
  if (auto producer = topic->producer(); !producer) return std::unexpected(producer.error());
  return topic;
}

KafkaCompactedTopic::~KafkaCompactedTopic() { stop(); }

void KafkaCompactedTopic::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  reading_.request_stop();
  if (reading_.joinable()) reading_.join();
}

Result<std::shared_ptr<KafkaProducer>> KafkaCompactedTopic::producer() {
  std::lock_guard lock(producing_);
  if (producer_) return producer_;
  auto opened = KafkaProducer::open(options_.kafka);
  if (!opened) return std::unexpected(opened.error());
  producer_ = std::move(*opened);
  return producer_;
}

/// Its errors may be for ever (fatal ones of the idempotent producer): the next write takes another one.
void KafkaCompactedTopic::give_up(const std::shared_ptr<KafkaProducer>& failed) {
  std::lock_guard lock(producing_);
  if (producer_ == failed) producer_.reset();
}

Result<void> KafkaCompactedTopic::write(const std::vector<Record>& records) {
  if (records.empty()) return {};
  auto to = producer();
  if (!to) return std::unexpected(to.error());
  auto all = std::make_shared<Acknowledged>(records.size());
  for (const auto& record : records)
    (*to)->produce(record.key, record.value, [all](Result<void> one) { all->take(std::move(one)); });
  auto done = all->done.get_future().get();  // answered at last by message.timeout.ms
  if (done) return done;
  give_up(*to);
  return fail(Code::unknown_outcome, place_ + ": " + done.error().detail);
}

void KafkaCompactedTopic::read(Handler handler, std::function<void(Error)> failed) {
  reading_ = std::jthread(
      [this, handler = std::move(handler), failed = std::move(failed)](const std::stop_token& stop) mutable {
        auto read = read_on(handler, stop);
        if (read) return;
        {
          std::lock_guard lock(mutex_);
          failed_ = read.error();
        }
        changed_.notify_all();
        failed(std::move(read.error()));
      });
}

Result<void> KafkaCompactedTopic::read_on(Handler& handler, const std::stop_token& stop) {
  auto consumer = KafkaConsumer::open(options_.kafka, 0);
  if (!consumer) return std::unexpected(consumer.error());
  bool at_end = false;
  while (!stop.stop_requested()) {
    std::vector<Record> records;
    bool ended = false;
    const KafkaConsumer::Visitor visitor{[&](const rd_kafka_message_t& message) -> Result<void> {
                                           ended = false;
                                           ticked_by_.reset();
                                           newest_ms_ = std::max(
                                               newest_ms_, rd_kafka_message_timestamp(&message, nullptr));
                                           auto record = record_of(message);
                                           if (record.key != tick_key) records.push_back(std::move(record));
                                           return {};
                                         },
                                         [&](Offset) { ended = true; }};
    const auto before = (*consumer)->next();
    if (auto ok = (*consumer)->poll(poll_ms, visitor); !ok) return ok;
    const bool moved = (*consumer)->next() != before;
    if (moved || ended) at_end = ended;
    if (moved || ended) handler(std::move(records), ended);
    {
      std::lock_guard lock(mutex_);
      handled_ = (*consumer)->next();
    }
    changed_.notify_all();
    if (at_end && tick_is_due()) tick();
  }
  return {};
}

bool KafkaCompactedTopic::tick_is_due() const {
  const auto now = now_ms();
  return now - newest_ms_ >= options_.tick_ms &&
         now - ticked_ms_ >= std::min(options_.tick_ms, options_.tick_again_ms);
}

/// Nobody waits for it: one that does not come is written again. What it was given to may be dead for good.
void KafkaCompactedTopic::tick() {
  give_up(std::exchange(ticked_by_, nullptr));
  ticked_ms_ = now_ms();
  auto to = producer();
  if (!to) return;
  ticked_by_ = *to;
  (*to)->produce(std::string(tick_key), std::to_string(ticked_ms_), [](const Result<void>&) {});
}

Result<void> KafkaCompactedTopic::catch_up() {
  auto asked = producer();
  auto end = asked ? (*asked)->end(end_ms) : Result<Offset>(std::unexpected(asked.error()));
  if (!end) return std::unexpected(end.error());
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return handled_ >= *end || failed_ || stopped_; });
  if (failed_) return std::unexpected(*failed_);
  if (handled_ >= *end) return {};
  return fail(Code::internal, place_ + (stopped_ ? " is closed" : " does not give what it has"));
}

}  // namespace ringledger
