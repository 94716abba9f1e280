// `ringledger log copy`: an embedded installation moves to Kafka.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "adapters/kafka/kafka_create.hpp"
#include "adapters/kafka/kafka_log.hpp"
#include "adapters/kafka/kafka_topic.hpp"
#include "api/key_engine.hpp"
#include "api/log_copy.hpp"
#include "api/log_engine.hpp"
#include "api/offline.hpp"
#include "api/offline_folder.hpp"
#include "api/random_name.hpp"

namespace ringledger::offline {
namespace {

constexpr std::size_t stretch_bytes = 1024 * 1024;

/// kafka://HOST:PORT[,…]/PREFIX
Result<Config> target_of(Config config, std::string_view to) {
  constexpr std::string_view scheme = "kafka://";
  auto slash = to.starts_with(scheme) ? to.find('/', scheme.size()) : std::string_view::npos;
  if (slash == std::string_view::npos || slash == scheme.size() || slash + 1 == to.size()) {
    return fail(Code::validation_failed,
                "--to must be kafka://HOST:PORT[,HOST:PORT…]/PREFIX, not " + std::string(to));
  }
  config.log.engine = "kafka";
  config.kafka.bootstrap = to.substr(scheme.size(), slash - scheme.size());
  config.kafka.topic.clear();
  config.kafka.topic_prefix = to.substr(slash + 1);
  return config;
}

/// The commits that `log` can read, but for the void ones.
CopySource counted_of(EventLog& log, std::function<bool(Offset)> is_void) {
  return {[&log, is_void = std::move(is_void)](Offset from) -> Result<CopySource::Stretch> {
    CopySource::Stretch out{{}, from};
    if (from >= log.kept()) return out;
    auto records = log.read(from, stretch_bytes);
    if (!records) return std::unexpected(records.error());
    for (auto& record : *records) {
      out.next = record.offset + 1;
      if (record.kind == RecordKind::commit && !is_void(record.offset))
        out.commits.push_back(std::move(record));
    }
    return out;
  }};
}

/// A line every two seconds.
class Progress {
 public:
  explicit Progress(std::uint64_t total) : x_total(total) {}
  void operator()(std::uint64_t done) {
    auto now = Clock::now();
    if (now - x_said < std::chrono::seconds(2)) return;
    x_said = now;
    auto seconds = std::chrono::duration<double>(now - x_began).count();
    auto left = done == 0 ? 0.0 : seconds * static_cast<double>(x_total - done) / static_cast<double>(done);
    fmt::print(stderr, "{} of {} commits, about {:.0f} s left\n", done, x_total, left);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::uint64_t x_total;
  Clock::time_point x_began = Clock::now(), x_said = x_began;
};

/// A log of another installation there is refused.
Result<void> check_installation(const KafkaSettings& settings, const std::string& installation,
                                CommitCodec& codec) {
  auto first = first_log_record(settings);
  if (!first) return std::unexpected(first.error());
  auto there = codec.decode_header(first->payload);
  if (!there) return std::unexpected(there.error());
  if (there->installation == installation) return {};
  return fail(Code::validation_failed, "topic " + settings.topic + " is the log of another installation (" +
                                           there->installation + "); take an empty topic");
}

Result<std::string> installation_of(OfflineFolder& folder) {
  auto first = folder.log->read(0, 1);
  if (!first) return std::unexpected(first.error());
  auto header = folder.codec->decode_header(first->front().payload);
  if (!header) return std::unexpected(header.error());
  return header->installation;
}

/// The topics made a log of this installation with its keys, or found to be so. What is somebody else's is
/// found before anything is written.
Result<void> prepare(const KafkaSettings& settings, const Config& target, OfflineFolder& folder) {
  auto installation = installation_of(folder);
  if (!installation) return std::unexpected(installation.error());
  auto topic = describe_topic(settings);
  if (!topic) return std::unexpected(topic.error());
  auto checked = topic->exists ? check_installation(settings, *installation, *folder.codec) : Result<void>();
  if (!checked && checked.error().code != Code::not_found) return checked;
  if (auto made = make_keys_topic(target); !made) return made;
  auto shared = publish_keys(folder.disk, folder.random, target, *folder.vault);
  if (!shared) return std::unexpected(shared.error());
  LogHeader header{"log_" + random_name(folder.random), *installation, 1};
  auto made = create_kafka_log(settings, 1, folder.codec->encode(header));
  return made ? check_installation(settings, *installation, *folder.codec) : std::unexpected(made.error());
}

/// Both sides' sums, which are equal.
Result<CopySums> copy_into(const std::string& copy_folder, OfflineFolder& folder, const Config& target) {
  auto settings = kafka_settings(target);
  if (!settings) return std::unexpected(settings.error());
  if (auto ok = prepare(*settings, target, folder); !ok) return std::unexpected(ok.error());
  auto source = counted_of(*folder.log, [&](Offset at) { return folder.book->is_void(at); });
  auto wanted = sums_of(source);
  if (!wanted) return std::unexpected(wanted.error());

  ThreadExecutor log_thread("copy-log"), tail_thread("copy-tail");
  PoolExecutor blocking("copy-ask", 1);
  KafkaLog::Options options;
  options.kafka = std::move(*settings);
  options.folder = copy_folder;
  options.segment_bytes = static_cast<std::uint64_t>(target.log.segment_mb) * 1024 * 1024;
  options.decode_header = [&](std::string_view payload) { return folder.codec->decode_header(payload); };
  auto log = KafkaLog::open(folder.disk, std::move(options), log_thread, tail_thread, blocking);
  if (!log) return std::unexpected(log.error());
  LogCopy copy(**log, *folder.codec, "copy." + random_name(folder.random), Progress(wanted->commits));
  auto done = copy.run(source);
  auto nothing_void = [](Offset) { return false; };  // a copy keeps only what counts
  auto copied = done ? sums_of(counted_of(**log, nothing_void)) : std::unexpected(done.error());
  auto closed = (*log)->close();
  for (auto* thread : {&log_thread, &tail_thread}) thread->stop();
  blocking.stop();
  if (!copied) return copied;
  if (!closed) return std::unexpected(closed.error());
  if (*copied == *wanted) return copied;
  return fail(Code::internal, fmt::format("the copy has {} commits with hash {}, the source {} with {}",
                                          copied->commits, copied->hash, wanted->commits, wanted->hash));
}

/// The embedded log is laid aside, never to be written again by mistake; the copy takes its place. May be
/// repeated after a crash.
Result<void> change_places(Disk& disk, const std::string& dir) {
  auto there = disk.exists(dir + "/log");
  if (!there) return std::unexpected(there.error());
  if (*there) {
    if (auto ok = disk.rename(dir + "/log", dir + "/log.embedded"); !ok) return ok;
  }
  if (auto ok = disk.rename(dir + "/log.kafka", dir + "/log"); !ok) return ok;
  return disk.sync_folder(dir);
}

/// A crash between the two renames.
Result<bool> half_moved(Disk& disk, const std::string& dir) {
  auto log = disk.exists(dir + "/log");
  auto aside = disk.exists(dir + "/log.embedded");
  if (!log) return std::unexpected(log.error());
  if (!aside) return std::unexpected(aside.error());
  return !*log && *aside;
}

int told(const Config& target, std::string_view what) {
  fmt::print(
      "{}\nThe old log is in {}/log.embedded. Start:\nringledger serve --data {} --log.engine kafka "
      "--kafka.bootstrap {} --kafka.topic_prefix {}\n",
      what, target.data.dir, target.data.dir, target.kafka.bootstrap, target.kafka.topic_prefix);
  return 0;
}

}  // namespace

int log_copy(const Config& config, const std::string& to) {
  auto target = target_of(config, to);
  if (!target) return failed(target.error());
  const auto& dir = config.data.dir;
  PosixDisk disk;
  auto half = half_moved(disk, dir);
  if (!half) return failed(half.error());
  std::string what = "the copy was complete";
  if (!*half) {
    if (auto ok = check_no_copy(disk, dir + "/log"); !ok) return failed(ok.error());
    OfflineFolder folder;
    if (auto ok = folder.open(config); !ok) return failed(ok.error());
    auto sums = copy_into(dir + "/log.kafka", folder, *target);
    if (!sums) return failed(sums.error());
    what = fmt::format("{} commits copied; both sides have hash {}", sums->commits, sums->hash);
  }
  if (auto ok = change_places(disk, dir); !ok) return failed(ok.error());
  return told(*target, what);
}

}  // namespace ringledger::offline
