#include "api/offline_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "api/fold_sink.hpp"
#include "api/offline_book.hpp"
#include "projections/all_views.hpp"

namespace ringledger::offline {

int failed(const Error& error) {
  fmt::print(stderr, "ringledger: {}\n", error.detail);
  return 1;
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
  EmbeddedLog::Options options;
  options.folder = dir + "/log";
  options.create_if_absent = false;
  auto opened_log = EmbeddedLog::open(disk, std::move(options), log_thread, tail_thread);
  if (!opened_log) return std::unexpected(opened_log.error());
  log = std::move(*opened_log);
  return open_rows(config);
}

Result<void> OfflineFolder::open_rows(const Config& config) {
  RocksDbOptions options;
  options.path = config.data.dir + "/views";
  auto opened = RocksDbRowStore::open(std::move(options));
  if (!opened) return std::unexpected(opened.error());
  rows = std::move(*opened);
  auto opened_book = json::BookRowStore::open(*rows, *vault, log->epoch());
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
Result<void> OfflineFolder::fold_to_end() {
  auto behind = std::min(book->folded(), views->position());
  if (behind < log->end())
    fmt::print(stderr, "folding the log from offset {} to {} first\n", behind, log->end());
  if (auto ok = count_to_end(*log, *codec, *book); !ok) return ok;
  return views->catch_up(reader());
}

CommitReader OfflineFolder::reader() { return commit_reader(*log, *codec, *book); }

OfflineFolder::~OfflineFolder() {
  if (views) static_cast<void>(views->flush());
  views.reset();
  if (log) static_cast<void>(log->close());
  log_thread.stop();
  tail_thread.stop();
}

}  // namespace ringledger::offline
