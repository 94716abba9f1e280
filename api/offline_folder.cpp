#include "api/offline_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "adapters/embedded/verify.hpp"
#include "api/fold_sink.hpp"
#include "api/log_engine.hpp"
#include "api/offline_book.hpp"
#include "projections/all_views.hpp"

namespace ringledger::offline {
namespace {

/// Of the partition whose log is in `folder`.
Result<LogHeader> kept_header(Disk& disk, const std::string& folder) {
  std::optional<Result<LogHeader>> header;
  auto read = inspect_log(disk, folder, [&](const InspectedRecord& r) -> Result<void> {
    header = json::decode_header(r.record.payload);
    return fail(Code::internal, "the first one is enough");
  });
  if (header) return *header;
  return read ? fail(Code::internal, folder + " has no record") : std::unexpected(read.error());
}

}  // namespace

int failed(const Error& error) {
  fmt::print(stderr, "ringledger: {}\n", error.detail);
  return 1;
}

Result<std::uint32_t> count_kept_partitions(Disk& disk, const std::string& dir) {
  auto several = disk.exists(dir + "/log/0");
  if (!several) return std::unexpected(several.error());
  if (!*several) return 1;
  auto header = kept_header(disk, dir + "/log/0");
  if (!header) return std::unexpected(header.error());
  for (std::uint32_t p = 1; p < header->partitions; ++p) {
    const auto folder = partition_folder(dir + "/log", p, header->partitions);
    auto there = disk.exists(folder);
    if (!there) return std::unexpected(there.error());
    if (!*there)
      return fail(Code::internal,
                  fmt::format("{} is missing, one of {} partitions: a node that is started here "
                              "fetches it from Kafka",
                              folder, header->partitions));
  }
  return header->partitions;
}

void tell_partition(std::uint32_t partition, std::uint32_t of) {
  if (of > 1) fmt::print("partition {}\n", partition);
}

int for_each_partition(const Config& config, const std::function<Result<int>(OfflinePartition&)>& work) {
  OfflineFolder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  int worst = 0;
  for (std::uint32_t p = 0; p < folder.partitions; ++p) {
    OfflinePartition partition(folder, p);
    if (auto ok = partition.open(config); !ok) return failed(ok.error());
    auto code = work(partition);
    if (!code) return failed(code.error());
    worst = std::max(worst, *code);
  }
  return worst;
}

Result<void> OfflineFolder::open(const Config& config) {
  const auto& dir = config.data.dir;
  auto given = config.crypto.master_key.reveal();
  if (given && given->empty()) given.reset();
  auto path =
      config.crypto.master_key_file.empty() ? dir + "/keys/master.key" : config.crypto.master_key_file;
  if (!given) {
    auto there = disk.exists(path);
    if (!there) return std::unexpected(there.error());
    if (!*there)
      return fail(Code::not_found, "There is no Ringledger data in " + dir + " (no " + path + ").");
  }
  auto master = load_or_create_master_key(disk, random, path, given);
  if (!master) return std::unexpected(master.error());
  auto opened_vault = FileKeyVault::open(disk, random, *master, dir + "/keys");
  if (!opened_vault) return std::unexpected(opened_vault.error());
  vault = std::move(*opened_vault);
  codec = std::make_unique<json::JsonCommitCodec>(*vault);
  auto count = count_kept_partitions(disk, dir);
  if (!count) return std::unexpected(count.error());
  partitions = *count;
  return {};
}

Result<void> OfflinePartition::open(const Config& config) {
  EmbeddedLog::Options options;
  options.folder = partition_folder(config.data.dir + "/log", index, folder.partitions);
  options.create_if_absent = false;
  auto opened_log = EmbeddedLog::open(folder.disk, std::move(options), log_thread, tail_thread);
  if (!opened_log) return std::unexpected(opened_log.error());
  log = std::move(*opened_log);
  return open_rows(config);
}

Result<void> OfflinePartition::open_rows(const Config& config) {
  RocksDbOptions options;
  options.path = partition_folder(config.data.dir + "/views", index, folder.partitions);
  if (auto made = folder.disk.make_folders(options.path); !made) return made;
  auto opened = RocksDbRowStore::open(std::move(options));
  if (!opened) return std::unexpected(opened.error());
  rows = std::move(*opened);
  auto opened_book = json::BookRowStore::open(*rows, *folder.vault, log->epoch());
  if (!opened_book) return std::unexpected(opened_book.error());
  book = std::move(*opened_book);
  ViewRunnerOptions runner;
  runner.epoch = log->epoch();
  auto opened_views = ViewRunner::open(*rows, all_views(), std::move(runner));
  if (!opened_views) return std::unexpected(opened_views.error());
  views = std::move(*opened_views);
  return fold_to_end();
}

/// A killed server leaves read models behind the log, a deleted folder none: a command sees the whole log.
Result<void> OfflinePartition::fold_to_end() {
  auto behind = std::min(book->folded(), views->position());
  if (behind < log->end())
    fmt::print(stderr, "folding the log from offset {} to {} first\n", behind, log->end());
  if (auto ok = count_to_end(*log, *folder.codec, *book); !ok) return ok;
  return views->catch_up(reader());
}

CommitReader OfflinePartition::reader() { return commit_reader(*log, *folder.codec, *book); }

OfflinePartition::~OfflinePartition() {
  if (views) static_cast<void>(views->flush());
  views.reset();
  if (log) static_cast<void>(log->close());
  log_thread.stop();
  tail_thread.stop();
}

}  // namespace ringledger::offline
