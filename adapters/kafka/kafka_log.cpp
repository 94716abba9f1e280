// The Kafka engine put together: opening, the way in on the log executor, the thread that reads.
#include "adapters/kafka/kafka_log.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "adapters/embedded/log_queue.hpp"
#include "adapters/kafka/kafka_delivery.hpp"
#include "adapters/kafka/kafka_producer.hpp"
#include "adapters/kafka/kafka_reader.hpp"
#include "adapters/kafka/kafka_topic.hpp"
#include "adapters/kafka/local_copy.hpp"

namespace ringledger {
namespace {

constexpr std::size_t group_records = 1024, group_bytes = 1024 * 1024;
constexpr std::size_t stretch_bytes = 1024 * 1024;
constexpr int poll_ms = 200, end_ms = 5000, drain_ms = 1000;
constexpr int first_end_ms = 30'000;  // at the start, on a machine that may be busy

Result<void> must_exist(const KafkaSettings& settings) {
  auto topic = describe_topic(settings);
  if (!topic) return std::unexpected(topic.error());
  if (topic->exists) return {};
  return fail(Code::not_found, "there is no topic " + settings.topic + " at " + settings.bootstrap +
                                   "; `ringledger log create` makes it");
}

}  // namespace

struct KafkaLog::Core : std::enable_shared_from_this<KafkaLog::Core> {
  Core(Disk& on, Options given, Executor& log, Executor& tail_on, Executor& blocking_on)
      : disk(on),
        options(std::move(given)),
        log_executor(log),
        tail_executor(tail_on),
        blocking(blocking_on),
        queue(options.max_queued_bytes, group_records, group_bytes) {}

  void append(WaitingRecord record);
  void schedule();
  void run_group();
  [[nodiscard]] Result<void> has_room() const;
  void send(std::vector<WaitingRecord> group);
  void renew();
  void read_on(Offset from, const std::stop_token& stop);
  Result<Offset> read_copy(Offset from, const std::stop_token& stop);
  void raise_end(Offset to);
  void stop_for(Error error);

  Disk& disk;
  const Options options;
  Executor& log_executor;
  Executor& tail_executor;
  Executor& blocking;
  OpenReport report;
  std::string epoch;
  std::unique_ptr<LocalCopy> copy;
  LogQueue queue;
  std::mutex sending;  // guards `producer`, `spare` and `closed`; callbacks never run under it
  std::shared_ptr<KafkaProducer> producer, spare;
  bool closed = false;
  std::atomic<Offset> end = 0;
  std::atomic<bool> failed = false;
  std::shared_ptr<KafkaDelivery> delivery;
  std::jthread reading;
};

void KafkaLog::Core::append(WaitingRecord record) {
  auto pushed = queue.push(record);
  if (pushed && *pushed) schedule();
  if (pushed) return;
  log_executor.post([done = std::move(record.done), error = std::move(pushed.error())]() mutable {
    done(std::unexpected(std::move(error)));
  });
}

void KafkaLog::Core::schedule() {
  log_executor.post([self = shared_from_this()] { self->run_group(); });
}

void KafkaLog::Core::run_group() {
  auto group = queue.next_group();
  if (group.empty()) return;
  send(std::move(group));
  schedule();
}

/// What cannot be kept here cannot be shown here: somebody with room for it is to write.
Result<void> KafkaLog::Core::has_room() const {
  auto free = disk.free_bytes(options.folder);
  if (!free || *free >= options.floor_free_bytes) return {};
  return fail(Code::read_only, "less than " + std::to_string(options.floor_free_bytes) +
                                   " bytes are free at " + options.folder);
}

/// Keys first: no record may be in the log before the keys that open it are durable.
void KafkaLog::Core::send(std::vector<WaitingRecord> group) {
  auto allowed = has_room();
  if (allowed && options.before_write) allowed = options.before_write();
  if (!allowed && allowed.error().code != Code::read_only) allowed.error().code = Code::unknown_outcome;
  std::shared_ptr<KafkaProducer> to;
  {
    std::lock_guard lock(sending);
    to = producer;
  }
  if (allowed && !to) allowed = fail(Code::unknown_outcome, "the log is closed");
  for (auto& waiting : group) {
    if (!allowed) {
      waiting.done(std::unexpected(allowed.error()));
      continue;
    }
    to->produce(std::move(waiting.record), std::move(waiting.done));
  }
}

/// The old producer ends on the log executor, after what was queued before; what it had on its way fails
/// there. The spare takes its place: it has its producer id already, for which a new one waits about a second
/// (kafka.md).
void KafkaLog::Core::renew() {
  log_executor.post([self = shared_from_this()] {
    auto fresh = KafkaProducer::open(self->options.kafka);
    std::shared_ptr<KafkaProducer> old;
    {
      std::lock_guard lock(self->sending);
      if (self->closed || !fresh) return;
      old = std::exchange(self->producer, std::exchange(self->spare, std::move(*fresh)));
    }
  });
}

void KafkaLog::Core::raise_end(Offset to) {
  for (auto now = end.load(); now < to && !end.compare_exchange_weak(now, to);) {
  }
}

void KafkaLog::Core::stop_for(Error error) {
  if (failed.exchange(true)) return;
  if (options.on_fatal) options.on_fatal(std::move(error));
}

/// What is kept here is never fetched again. Gives where to go on.
Result<Offset> KafkaLog::Core::read_copy(Offset from, const std::stop_token& stop) {
  while (from < copy->end() && !stop.stop_requested()) {
    auto records = copy->read(from, stretch_bytes);
    if (!records) return std::unexpected(records.error());
    if (records->empty()) return fail(Code::internal, "the local copy ends before " + std::to_string(from));
    from = records->back().offset + 1;
    if (!delivery->push(std::move(*records))) break;
  }
  return from;
}

void KafkaLog::Core::read_on(Offset from, const std::stop_token& stop) {
  auto next = read_copy(from, stop);
  if (!next) return stop_for(std::move(next.error()));
  auto reader = KafkaReader::open(options.kafka, *next);
  if (!reader) return stop_for(std::move(reader.error()));
  while (!stop.stop_requested()) {
    auto batch = (*reader)->poll(poll_ms);
    if (!batch) return stop_for(std::move(batch.error()));
    raise_end(batch->end);
    if (!delivery->push(std::move(batch->records))) return;
  }
}

Result<std::unique_ptr<KafkaLog>> KafkaLog::open(Disk& disk, Options options, Executor& log_executor,
                                                 Executor& tail_executor, Executor& blocking) {
  const auto& kafka = options.kafka;
  if (auto ok = must_exist(kafka); !ok) return std::unexpected(ok.error());
  auto first = first_log_record(kafka);
  if (!first) return std::unexpected(first.error());
  auto header = options.decode_header(first->payload);
  if (!header) return std::unexpected(header.error());
  if (auto ok = check_topic(kafka, static_cast<std::int32_t>(header->partitions), TopicPurpose::log); !ok)
    return std::unexpected(ok.error());

  auto core = std::make_shared<Core>(disk, std::move(options), log_executor, tail_executor, blocking);
  const auto& o = core->options;
  core->epoch = header->epoch;
  auto producer = KafkaProducer::open(o.kafka);
  if (!producer) return std::unexpected(producer.error());
  core->producer = std::move(*producer);
  auto spare = KafkaProducer::open(o.kafka);
  if (!spare) return std::unexpected(spare.error());
  core->spare = std::move(*spare);
  auto end = core->producer->end(first_end_ms);
  if (!end) return std::unexpected(end.error());
  core->end = *end;
  auto copy = LocalCopy::open(
      disk, {o.folder, o.segment_bytes, o.floor_free_bytes,
             copied_partition(o.kafka.topic, o.kafka.partition), header->epoch, first->payload});
  if (!copy) return std::unexpected(copy.error());
  core->copy = std::move(*copy);
  if (core->copy->end() > *end) {
    return fail(Code::internal,
                kafka_place(o.kafka) + " ends at offset " + std::to_string(*end) + ", but records up to " +
                    std::to_string(core->copy->end()) +
                    " were read from it before: it lost commits. Restore the topic, or move the "
                    "log in " +
                    o.folder + " to a new one with `ringledger log copy`");
  }
  core->report = {*end, core->copy->end(), core->copy->discarded()};
  return std::unique_ptr<KafkaLog>(new KafkaLog(std::move(core)));
}

KafkaLog::~KafkaLog() {
  core_->queue.refuse({Code::not_writer, "the log is closed", ""});
  if (core_->delivery) core_->delivery->stop();
  core_->reading.request_stop();
  if (core_->reading.joinable()) core_->reading.join();
  std::shared_ptr<KafkaProducer> last, spare;
  std::lock_guard lock(core_->sending);
  core_->closed = true;
  last.swap(core_->producer);
  spare.swap(core_->spare);
}

Result<void> KafkaLog::close() {
  core_->queue.refuse({Code::not_writer, "the log is closed", ""});
  std::shared_ptr<KafkaProducer> last, spare;
  {
    std::lock_guard lock(core_->sending);
    core_->closed = true;
    last.swap(core_->producer);
    spare.swap(core_->spare);
  }
  if (last) last->drain(drain_ms);
  last.reset();
  if (core_->delivery) core_->delivery->stop();
  core_->reading.request_stop();
  if (core_->reading.joinable()) core_->reading.join();
  return core_->copy->close();
}

const KafkaLog::OpenReport& KafkaLog::report() const { return core_->report; }

void KafkaLog::append(NewRecord record, Appended done) {
  core_->append({std::move(record), std::move(done)});
}

Result<std::vector<LogRecord>> KafkaLog::read(Offset from, std::size_t max_bytes) {
  return core_->copy->read(from, max_bytes);
}

Offset KafkaLog::end() const { return core_->end; }
Offset KafkaLog::kept() const { return core_->copy->end(); }

void KafkaLog::tail(Offset from, TailHandler handler) {
  core_->delivery = std::make_shared<KafkaDelivery>(core_->tail_executor, std::move(handler));
  core_->reading =
      std::jthread([core = core_.get(), from](const std::stop_token& stop) { core->read_on(from, stop); });
}

void KafkaLog::pause_tail(bool paused) {
  if (core_->delivery) core_->delivery->pause(paused);
}

void KafkaLog::end_now(std::move_only_function<void(Result<Offset>)> then) {
  core_->blocking.post([core = core_, then = std::move(then)]() mutable {
    std::shared_ptr<KafkaProducer> ask;
    {
      std::lock_guard lock(core->sending);
      ask = core->producer;
    }
    auto end = ask ? ask->end(end_ms) : fail(Code::not_writer, "the log is closed");
    if (end) core->raise_end(*end);
    then(std::move(end));
  });
}

Result<void> KafkaLog::keep(const std::vector<LogRecord>& counted) { return core_->copy->keep(counted); }
void KafkaLog::renew() { core_->renew(); }
const std::string& KafkaLog::epoch() const { return core_->epoch; }

}  // namespace ringledger
