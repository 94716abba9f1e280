#include "api/shared_source.hpp"

#include <chrono>
#include <future>

#include "adapters/kafka/kafka_producer.hpp"

namespace ringledger::offline {
namespace {

constexpr auto patience = std::chrono::seconds(30);  // without any record of the topic
constexpr int most_claims = 5;
constexpr int end_ms = 10'000;
constexpr int ask_node_ms = 2000;

}  // namespace

SharedSource::~SharedSource() {
  static_cast<void>(close());
  if (x_copy) static_cast<void>(x_copy->close());
  for (auto* thread : {&x_log_thread, &x_tail_thread}) thread->stop();
  x_blocking.stop();
}

Result<void> SharedSource::fence(const std::string& node,
                                 const std::function<void(Offset next, Offset end)>& progress) {
  if (auto ok = open(); !ok) return ok;
  auto end = end_now();
  if (!end) return std::unexpected(end.error());
  if (auto ok = read_to(*end, progress); !ok) return ok;
  if (auto ok = check_stopped(); !ok) return ok;
  for (int tries = 0; x_count->ownership().owner != node; ++tries) {
    if (tries == most_claims)
      return fail(Code::validation_failed,
                  kafka_place(x_settings) + ": a node claims it again and again: stop all nodes");
    if (auto ok = claim(node); !ok) return ok;
  }
  x_fence = x_count->next();
  return close();
}

Result<void> SharedSource::open() {
  KafkaLog::Options options;
  options.kafka = x_settings;
  options.folder = x_folder + "/log";
  options.decode_header = [this](std::string_view payload) { return x_ports.codec->decode_header(payload); };
  options.on_fatal = [this](Error error) {
    std::lock_guard lock(x_mutex);
    x_failed = std::move(error);
    x_changed.notify_all();
  };
  auto log = KafkaLog::open(*x_ports.disk, std::move(options), x_log_thread, x_tail_thread, x_blocking);
  if (!log) return std::unexpected(log.error());
  x_log = std::move(*log);
  RocksDbOptions rows;
  rows.path = x_folder + "/rows";
  auto opened = RocksDbRowStore::open(std::move(rows));
  if (!opened) return std::unexpected(opened.error());
  x_rows = std::move(*opened);
  auto book = json::BookRowStore::open(*x_rows, *x_ports.vault, x_log->epoch(), x_log->kept());
  if (!book) return std::unexpected(book.error());
  x_book = std::move(*book);
  auto saved = x_book->saved();
  if (!saved) return std::unexpected(saved.error());
  x_count = std::make_unique<LogCount>(*x_ports.codec, *x_book, std::move(*saved), true);
  x_log->tail(x_count->next(), [this](std::vector<LogRecord> records) {
    std::lock_guard lock(x_mutex);
    x_arrived.push_back(std::move(records));
    x_changed.notify_all();
  });
  return {};
}

Result<void> SharedSource::read_to(Offset end, const std::function<void(Offset, Offset)>& progress) {
  while (x_count->next() < end) {
    if (auto ok = read_some(); !ok) return ok;
    progress(x_count->next(), end);
  }
  return {};
}

/// What waits is counted at once, but not more than memory should hold: the topic gives no more meanwhile.
Result<void> SharedSource::read_some() {
  std::vector<LogRecord> records;
  {
    std::unique_lock lock(x_mutex);
    x_changed.wait_for(lock, patience, [&] { return !x_arrived.empty() || x_failed; });
    if (x_failed) return std::unexpected(*x_failed);
    if (x_arrived.empty())
      return fail(Code::unknown_outcome, kafka_place(x_settings) + " does not answer; run the copy again");
    records = std::move(x_arrived.front());
    x_arrived.pop_front();
    x_log->pause_tail(x_arrived.size() > 8);
  }
  return count(records);
}

Result<void> SharedSource::count(const std::vector<LogRecord>& records) {
  auto batch = x_count->count(records);
  if (!batch) return std::unexpected(batch.error());
  if (auto kept = x_log->keep(batch->kept); !kept) return kept;
  return x_book->apply(*batch);
}

/// It would claim anew, and go on where the copy ends.
Result<void> SharedSource::check_stopped() const {
  const auto& url = x_count->ownership().owner_url;
  if (url.empty() || !x_ports.http->call({"GET", url + "/readyz", {}, {}, ask_node_ms})) return {};
  return fail(Code::validation_failed, "a node still runs at " + url + ": stop all nodes first");
}

/// Its acknowledgement means nothing: who owns the partition is read.
Result<void> SharedSource::claim(const std::string& node) {
  const Claim mine{x_count->ownership().term + 1, node, ""};
  x_log->append({RecordKind::claim, x_ports.codec->encode(mine), {}}, [this](Result<void> done) {
    if (done) return;
    std::lock_guard lock(x_mutex);
    if (!x_failed) x_failed = Error{Code::unknown_outcome, done.error().detail + "; run the copy again", ""};
    x_changed.notify_all();
  });
  while (x_count->ownership().term < mine.term) {
    if (auto ok = read_some(); !ok) return ok;
  }
  return {};
}

Result<Offset> SharedSource::end_now() {
  std::promise<Result<Offset>> told;
  x_log->end_now([&](Result<Offset> end) { told.set_value(std::move(end)); });
  return told.get_future().get();
}

Result<void> SharedSource::close() {
  if (!x_log) return {};
  auto closed = x_log->close();
  x_count.reset();
  x_log.reset();
  x_book.reset();
  x_rows.reset();
  return closed;
}

Result<void> SharedSource::check_fenced() const {
  auto producer = KafkaProducer::open(x_settings);
  if (!producer) return std::unexpected(producer.error());
  auto end = (*producer)->end(end_ms);
  if (!end) return std::unexpected(end.error());
  if (*end == x_fence) return {};
  return fail(Code::validation_failed,
              kafka_place(x_settings) +
                  " was written while it was copied: stop all nodes, and run the copy "
                  "again; it goes on");
}

Result<CopySource> SharedSource::source() {
  EmbeddedLog::Options options;
  options.folder = x_folder + "/log";
  options.create_if_absent = false;
  auto opened = EmbeddedLog::open(*x_ports.disk, std::move(options), x_log_thread, x_tail_thread);
  if (!opened) return std::unexpected(opened.error());
  x_copy = std::move(*opened);
  return counted_of(*x_copy, [](Offset) { return false; });  // a copy keeps only what counts
}

}  // namespace ringledger::offline
