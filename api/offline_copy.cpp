// `ringledger log copy`: an embedded installation moves to Kafka.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/kafka/kafka_create.hpp"
#include "adapters/kafka/kafka_log.hpp"
#include "adapters/kafka/kafka_topic.hpp"
#include "api/copy_kafka.hpp"
#include "api/copy_progress.hpp"
#include "api/copy_report.hpp"
#include "api/key_engine.hpp"
#include "api/log_copy.hpp"
#include "api/log_engine.hpp"
#include "api/offline.hpp"
#include "api/offline_folder.hpp"
#include "api/random_name.hpp"

namespace ringledger::offline {
namespace {

/// A log of another installation there is refused.
Result<void> check_installation(const KafkaSettings& settings, const std::string& installation) {
  auto first = first_log_record(settings);
  if (!first) return std::unexpected(first.error());
  auto there = json::decode_header(first->payload);
  if (!there) return std::unexpected(there.error());
  if (there->installation == installation) return {};
  return fail(Code::validation_failed, "topic " + settings.topic + " is the log of another installation (" +
                                           there->installation + "); take an empty topic");
}

Result<std::string> installation_of(OfflinePartition& from) {
  auto first = from.log->read(0, 1);
  if (!first) return std::unexpected(first.error());
  auto header = json::decode_header(first->front().payload);
  if (!header) return std::unexpected(header.error());
  return header->installation;
}

/// The topics made a log of this installation with its keys, or found to be so. What is somebody else's is
/// found before anything is written.
Result<void> prepare(const KafkaSettings& settings, std::int32_t partitions, const Config& target,
                     OfflinePartition& from) {
  auto& folder = from.folder;
  auto installation = installation_of(from);
  if (!installation) return std::unexpected(installation.error());
  auto topic = describe_topic(settings);
  if (!topic) return std::unexpected(topic.error());
  auto checked = topic->exists ? check_installation(settings, *installation) : Result<void>();
  if (!checked && checked.error().code != Code::not_found) return checked;
  if (auto made = make_keys_topic(target); !made) return made;
  auto shared = publish_keys(folder.disk, folder.random, target, *folder.vault);
  if (!shared) return std::unexpected(shared.error());
  LogHeader header{"log_" + random_name(folder.random), *installation,
                   static_cast<std::uint32_t>(partitions)};
  auto made = create_kafka_log(settings, partitions, folder.codec->encode(header));
  return made ? check_installation(settings, *installation) : std::unexpected(made.error());
}

/// How many it has, or is to have.
Result<std::int32_t> partitions_of(const KafkaSettings& settings, std::int32_t wished) {
  auto topic = describe_topic(settings);
  if (!topic) return std::unexpected(topic.error());
  if (wished > 0 || !topic->exists) return std::max(wished, 1);
  return topic->partitions;
}

/// Copies one partition's part and reads it back: the sums, which are the source's.
Result<CopySums> copy_partition(const KafkaSettings& settings, const std::string& copy_folder,
                                OfflineFolder& folder, const Config& target, const CopySource& source,
                                const CopySums& wanted, std::function<void(std::uint64_t)> progress) {
  ThreadExecutor log_thread("copy-log"), tail_thread("copy-tail");
  PoolExecutor blocking("copy-ask", 1);
  KafkaLog::Options options;
  options.kafka = settings;
  options.folder = copy_folder;
  options.segment_bytes = static_cast<std::uint64_t>(target.log.segment_mb) * 1024 * 1024;
  options.decode_header = json::decode_header;
  auto log = KafkaLog::open(folder.disk, std::move(options), log_thread, tail_thread, blocking);
  if (!log) return std::unexpected(log.error());
  LogCopy copy(**log, *folder.codec, "copy." + random_name(folder.random), std::move(progress));
  auto done = copy.run(source);
  auto nothing_void = [](Offset) { return false; };  // a copy keeps only what counts
  auto copied = done ? sums_of(counted_of(**log, nothing_void)) : std::unexpected(done.error());
  auto closed = (*log)->close();
  for (auto* thread : {&log_thread, &tail_thread}) thread->stop();
  blocking.stop();
  if (!copied) return copied;
  if (!closed) return std::unexpected(closed.error());
  if (auto same = check_equal(*copied, wanted); !same) return std::unexpected(same.error());
  return copied;
}

/// All partitions, one after the other: each goes on where it was.
Result<std::vector<CopySums>> copy_into(const std::string& copy_folder, OfflinePartition& from,
                                        const Config& target, std::int32_t wished) {
  auto settings = kafka_settings(target);
  if (!settings) return std::unexpected(settings.error());
  auto partitions = partitions_of(*settings, wished);
  if (!partitions) return std::unexpected(partitions.error());
  if (auto ok = prepare(*settings, *partitions, target, from); !ok) return std::unexpected(ok.error());
  auto part = [&](std::int32_t partition) {
    return of_partition(counted_of(*from.log, [&](Offset at) { return from.book->is_void(at); }),
                        static_cast<std::uint32_t>(partition), static_cast<std::uint32_t>(*partitions));
  };
  std::vector<CopySums> wanted;
  std::uint64_t total = 0, before = 0;
  for (std::int32_t p = 0; p < *partitions; ++p) {
    auto sums = sums_of(part(p));
    if (!sums) return std::unexpected(sums.error());
    total += sums->commits;
    wanted.push_back(std::move(*sums));
  }
  CopyProgress progress("commits", total);
  for (auto p = 0; p < *partitions; ++p) {
    settings->partition = p;
    const auto& sums = wanted[static_cast<std::size_t>(p)];
    const auto part_folder =
        partition_folder(copy_folder, static_cast<std::uint32_t>(p), static_cast<std::uint32_t>(*partitions));
    auto copied = copy_partition(*settings, part_folder, from.folder, target, part(p), sums,
                                 [&](std::uint64_t done) { progress(before + done); });
    if (!copied) return std::unexpected(copied.error());
    before += sums.commits;
  }
  return wanted;
}

/// Left of an earlier copy: renaming onto them would fail half way.
Result<void> check_nothing_aside(Disk& disk, const std::string& dir) {
  for (const char* name : {"/log.embedded", "/views.embedded"}) {
    auto there = disk.exists(dir + name);
    if (!there) return std::unexpected(there.error());
    if (*there)
      return fail(Code::validation_failed, dir + name + " is there from an earlier copy: move it away first");
  }
  return {};
}

Result<void> lay_aside(Disk& disk, const std::string& dir, const std::string& name) {
  auto there = disk.exists(dir + "/" + name);
  if (!there) return std::unexpected(there.error());
  return *there ? disk.rename(dir + "/" + name, dir + "/" + name + ".embedded") : Result<void>();
}

/// The embedded log is laid aside, never to be written again by mistake; the copy takes its place. With
/// several partitions so are the read models: each partition has its own. After a crash in between there is
/// no log, and a further run goes on here.
Result<void> change_places(Disk& disk, const std::string& dir) {
  auto several = disk.exists(dir + "/log.kafka/0");
  if (!several) return std::unexpected(several.error());
  if (auto ok = lay_aside(disk, dir, "log"); !ok) return ok;
  if (*several) {
    if (auto ok = lay_aside(disk, dir, "views"); !ok) return ok;
  }
  if (auto ok = disk.rename(dir + "/log.kafka", dir + "/log"); !ok) return ok;
  return disk.sync_folder(dir);
}

/// A crash while places were changed.
Result<bool> half_moved(Disk& disk, const std::string& dir) {
  auto log = disk.exists(dir + "/log");
  auto aside = disk.exists(dir + "/log.embedded");
  if (!log) return std::unexpected(log.error());
  if (!aside) return std::unexpected(aside.error());
  return !*log && *aside;
}

/// What is in the topic now, with a report of it; the folder is still as it was.
Result<CopyReport> copied(const Config& config, const Config& target, const std::string& to,
                          std::int32_t partitions) {
  const auto& dir = config.data.dir;
  OfflineFolder folder;
  for (const char* log : {"/log", "/log/0"}) {
    if (auto ok = check_no_copy(folder.disk, dir + log); !ok) return std::unexpected(ok.error());
  }
  if (auto ok = check_nothing_aside(folder.disk, dir); !ok) return std::unexpected(ok.error());
  if (auto ok = folder.open(config); !ok) return std::unexpected(ok.error());
  OfflinePartition from(folder, 0);
  if (auto ok = from.open(config); !ok) return std::unexpected(ok.error());
  auto sums = copy_into(dir + "/log.kafka", from, target, partitions);
  if (!sums) return std::unexpected(sums.error());
  auto report = report_of(dir, to, *sums);
  if (auto ok = keep_report(folder.disk, dir, report); !ok) return std::unexpected(ok.error());
  return report;
}

int told(const Config& target, const CopyReport& report) {
  fmt::print(
      "{}\nThe old log is in {}/log.embedded. Start:\nringledger serve --data {} --log.engine kafka "
      "--kafka.bootstrap {} --kafka.topic_prefix {}\n",
      in_words(report), target.data.dir, target.data.dir, target.kafka.bootstrap, target.kafka.topic_prefix);
  return 0;
}

}  // namespace

int log_copy(const Config& config, const std::string& to, std::int32_t partitions) {
  auto target = with_kafka(config, "--to", to);
  if (!target) return failed(target.error());
  const auto& dir = config.data.dir;
  PosixDisk disk;
  auto half = half_moved(disk, dir);
  if (!half) return failed(half.error());
  auto report = *half ? kept_report(disk, dir) : copied(config, *target, to, partitions);
  if (!report) return failed(report.error());
  if (auto ok = change_places(disk, dir); !ok) return failed(ok.error());
  return told(*target, *report);
}

}  // namespace ringledger::offline
