// `ringledger log copy --from`: an installation moves from Kafka back into an embedded log.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "adapters/http/httplib_client.hpp"
#include "adapters/kafka/kafka_group.hpp"
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
#include "api/shared_source.hpp"

namespace ringledger::offline {
namespace {

/// What is made of them becomes DIR/log only when it is whole.
constexpr const char *work_folder = "/log.from-kafka", *new_log_folder = "/log.copied";

/// What a copy from Kafka has opened.
struct BackCopy {
  Config config;  ///< with the source's [kafka]
  PosixDisk disk;
  SystemRandom random;
  HttplibClient http;
  OpenedKeys keys;
  std::unique_ptr<json::JsonCommitCodec> codec;
  LogHeader header;  ///< of the source
  std::vector<std::unique_ptr<SharedSource>> sources;

  [[nodiscard]] const std::string& dir() const { return config.data.dir; }
};

Result<void> check_new(Disk& disk, const std::string& dir) {
  for (const char* name : {"/log", "/log.embedded", "/log.kafka", "/views"}) {
    auto there = disk.exists(dir + name);
    if (!there) return std::unexpected(there.error());
    if (*there)
      return fail(Code::validation_failed,
                  dir + " is not empty: it has " + (name + 1) +
                      "; take another folder (keys/ with the master key may be there)");
  }
  return {};
}

Result<void> read_header(BackCopy& copy, const KafkaSettings& settings) {
  auto first = first_log_record(settings);
  if (!first) return std::unexpected(first.error());
  auto header = copy.codec->decode_header(first->payload);
  if (!header) return std::unexpected(header.error());
  copy.header = std::move(*header);
  return {};
}

/// A follower would claim as soon as the copy has, and go on where it ends.
Result<void> check_nobody_runs(const KafkaSettings& settings) {
  auto group = KafkaGroup::open(settings, "log-copy");
  if (!group) return std::unexpected(group.error());
  auto nodes = (*group)->members();
  if (!nodes) return std::unexpected(nodes.error());
  if (nodes->empty()) return {};
  return fail(
      Code::validation_failed,
      fmt::format("{} at {}: stop all nodes first (one that was killed is forgotten after some seconds)",
                  nodes->size() == 1 ? "a node still runs" : "nodes still run", fmt::join(*nodes, ", ")));
}

/// Each partition is claimed and read to the end.
Result<std::vector<CopySource>> fence_all(BackCopy& copy, KafkaSettings settings) {
  const auto node = "copy." + random_name(copy.random);
  std::vector<CopySource> out;
  for (std::uint32_t p = 0; p < copy.header.partitions; ++p) {
    settings.partition = static_cast<std::int32_t>(p);
    const auto folder = copy.dir() + work_folder + "/" + std::to_string(p);
    auto source = std::make_unique<SharedSource>(
        SharedSource::Ports{&copy.disk, copy.keys.vault.get(), copy.codec.get(), &copy.http}, settings,
        folder);
    std::unique_ptr<CopyProgress> progress;
    auto tell = [&](Offset next, Offset end) {
      if (!progress)
        progress = std::make_unique<CopyProgress>(fmt::format("records of partition {} read", p), end);
      (*progress)(next);
    };
    if (auto ok = source->fence(node, tell); !ok) return std::unexpected(ok.error());
    auto commits = source->source();
    if (!commits) return std::unexpected(commits.error());
    out.push_back(std::move(*commits));
    copy.sources.push_back(std::move(source));
  }
  return out;
}

Result<void> check_target(EventLog& log, CommitCodec& codec, const std::string& installation) {
  auto first = log.read(0, 1);
  if (!first) return std::unexpected(first.error());
  auto header = codec.decode_header(first->front().payload);
  if (!header) return std::unexpected(header.error());
  if (header->installation == installation) return {};
  return fail(Code::validation_failed, "the copy that was begun in this folder is of another installation (" +
                                           header->installation + "); take another folder");
}

/// The new log, whole and equal to the source.
Result<CopySums> copy_all(BackCopy& copy, const CopySource& source) {
  auto wanted = sums_of(source);
  if (!wanted) return wanted;
  ThreadExecutor log_thread("log"), tail_thread("tail");
  EmbeddedLog::Options options;
  options.folder = copy.dir() + new_log_folder;
  options.segment_bytes = static_cast<std::uint64_t>(copy.config.log.segment_mb) * 1024 * 1024;
  options.new_epoch = "log_" + random_name(copy.random);
  options.first_record = copy.codec->encode(LogHeader{options.new_epoch, copy.header.installation, 1});
  auto log = EmbeddedLog::open(copy.disk, std::move(options), log_thread, tail_thread);
  if (!log) return std::unexpected(log.error());
  auto ours = check_target(**log, *copy.codec, copy.header.installation);
  LogCopy writing(**log, *copy.codec, "copy." + random_name(copy.random),
                  CopyProgress("commits", wanted->commits));
  auto done = ours ? writing.run(source) : std::move(ours);
  auto copied =
      done ? sums_of(counted_of(**log, [](Offset) { return false; })) : std::unexpected(done.error());
  auto closed = (*log)->close();
  for (auto* thread : {&log_thread, &tail_thread}) thread->stop();
  if (!copied) return copied;
  if (!closed) return std::unexpected(closed.error());
  if (auto same = check_equal(*copied, *wanted); !same) return std::unexpected(same.error());
  return copied;
}

/// The one step that makes the folder an installation.
Result<void> finish(BackCopy& copy) {
  for (const auto& source : copy.sources) {
    if (auto ok = source->check_fenced(); !ok) return ok;
  }
  copy.sources.clear();
  if (auto ok = copy.keys.close(); !ok) return ok;
  if (auto ok = copy.disk.rename(copy.dir() + new_log_folder, copy.dir() + "/log"); !ok) return ok;
  if (auto ok = copy.disk.sync_folder(copy.dir()); !ok) return ok;
  std::error_code left;  // what stays is in nobody's way
  std::filesystem::remove_all(copy.dir() + work_folder, left);
  return {};
}

Result<CopyReport> copy_back(BackCopy& copy, const std::string& from) {
  auto settings = kafka_settings(copy.config);
  if (!settings) return std::unexpected(settings.error());
  if (auto ok = check_new(copy.disk, copy.dir()); !ok) return std::unexpected(ok.error());
  if (auto ok = check_nobody_runs(*settings); !ok) return std::unexpected(ok.error());
  auto keys = open_keys(copy.disk, copy.random, copy.config, [](const Error&) {});
  if (!keys) return std::unexpected(keys.error());
  copy.keys = std::move(*keys);
  copy.codec = std::make_unique<json::JsonCommitCodec>(*copy.keys.vault);
  if (auto ok = read_header(copy, *settings); !ok) return std::unexpected(ok.error());
  auto sources = fence_all(copy, *settings);
  if (!sources) return std::unexpected(sources.error());
  auto sums = copy_all(copy, merged(std::move(*sources)));
  if (!sums) return std::unexpected(sums.error());
  auto report = report_of(from, copy.dir(), {*sums});
  if (auto ok = keep_report(copy.disk, copy.dir(), report); !ok) return std::unexpected(ok.error());
  if (auto ok = finish(copy); !ok) return std::unexpected(ok.error());
  return report;
}

}  // namespace

int log_copy_back(const Config& config, const std::string& from) {
  auto source = with_kafka(config, "--from", from);
  if (!source) return failed(source.error());
  BackCopy copy;
  copy.config = std::move(*source);
  auto report = copy_back(copy, from);
  if (!report) return failed(report.error());
  fmt::print("{}\nStart:\nringledger serve --data {}\n", in_words(*report), config.data.dir);
  return 0;
}

}  // namespace ringledger::offline
