// `ringledger views …`, `parked …`, `events export`: working on a stopped folder's read models.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/embedded/embedded_log.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/rocksdb/rocksdb_row_store.hpp"
#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/system_random.hpp"
#include "adapters/system/thread_executor.hpp"
#include "api/cloud_event.hpp"
#include "api/fold_sink.hpp"
#include "api/offline.hpp"
#include "api/offline_book.hpp"
#include "api/position.hpp"
#include "projections/all_views.hpp"

namespace ringledger::offline {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "ringledger: {}\n", error.detail);
  return 1;
}

/// A stopped data folder, opened for one command. The log's lock keeps a running server out.
struct Folder {
  PosixDisk disk;
  SystemRandom random;
  ThreadExecutor log_thread{"log"}, tail_thread{"tail"};
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<json::JsonCommitCodec> codec;
  std::unique_ptr<EmbeddedLog> log;
  std::unique_ptr<RocksDbRowStore> rows;
  std::unique_ptr<json::BookRowStore> book;
  std::unique_ptr<ViewRunner> views;

  Result<void> open(const Config& config) {
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

  Result<void> open_rows(const Config& config) {
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
  Result<void> fold_to_end() {
    auto behind = std::min(book->folded(), views->position());
    if (behind < log->end())
      fmt::print(stderr, "folding the log from offset {} to {} first\n", behind, log->end());
    if (auto ok = count_to_end(*log, *codec, *book); !ok) return ok;
    return views->catch_up(reader());
  }

  CommitReader reader() { return commit_reader(*log, *codec, *book); }
  ~Folder() {
    if (views) static_cast<void>(views->flush());
    views.reset();
    if (log) static_cast<void>(log->close());
    log_thread.stop();
    tail_thread.stop();
  }
};

std::vector<std::string> chosen(const Folder& folder, const std::string& view) {
  return view.empty() ? folder.views->views() : std::vector<std::string>{view};
}

/// True: equal.
bool told(std::string_view name, const VerifyReport& report) {
  bool equal = report.differences.empty();
  fmt::print("{:<20} {} ({} keys at position {})\n", name, equal ? "equal" : "DIFFERS", report.keys,
             report.position);
  for (const auto& difference : report.differences) fmt::print("  {}\n", difference);
  return equal;
}

/// Binary keys as text for people.
std::string readable(const std::string& key) { return to_hex(key); }

}  // namespace

int views_list(const Config& config) {
  Folder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  for (const auto& view : folder.views->views()) {
    auto at = folder.views->position(view);
    fmt::print("{:<20} position {}\n", view, at ? *at : 0);
  }
  fmt::print("{:<20} position {}\nlog end {}\n", json::BookRowStore::family, folder.book->folded(),
             folder.log->end());
  return 0;
}

int views_verify(const Config& config, const std::string& view) {
  Folder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  bool equal = true;
  if (view.empty() || view == json::BookRowStore::family) {
    auto at = folder.book->saved();
    if (!at) return failed(at.error());
    auto report = verify_book(*folder.log, *folder.codec, *folder.vault, *folder.rows, *at);
    if (!report) return failed(report.error());
    equal = told(json::BookRowStore::family, *report);
  }
  for (const auto& name : chosen(folder, view)) {
    if (name == json::BookRowStore::family) continue;
    MemoryRowStore scratch;
    auto report = folder.views->verify(name, scratch, folder.reader());
    if (!report) return failed(report.error());
    equal = told(name, *report) && equal;
  }
  return equal ? 0 : 1;
}

int views_rebuild(const Config& config, const std::string& view) {
  Folder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  for (const auto& name : chosen(folder, view)) {
    auto ok = folder.views->rebuild(name, folder.reader(), {}, [&](std::uint64_t at) {
      fmt::print(stderr, "\r{}: {} of {}", name, at, folder.book->folded());
    });
    if (!ok) return failed(ok.error());
    fmt::print(stderr, "\n");
    fmt::print("{:<20} rebuilt\n", name);
  }
  return 0;
}

int parked_list(const Config& config) {
  Folder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  std::size_t count = 0;
  for (const auto& view : folder.views->views()) {
    auto parked = folder.views->parked(view);
    if (!parked) return failed(parked.error());
    for (const auto& p : *parked) {
      ++count;
      fmt::print("{} {} since offset {} ({} events wait): {}\n", view, readable(p.key),
                 p.waiting.empty() ? 0 : p.waiting.front().first, p.waiting.size(), p.reason);
    }
  }
  fmt::print("{} parked\n", count);
  return 0;
}

int parked_retry(const Config& config, const std::string& view) {
  Folder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  bool all = true;
  for (const auto& name : chosen(folder, view)) {
    auto parked = folder.views->parked(name);
    if (!parked) return failed(parked.error());
    for (const auto& p : *parked) {
      auto ok = folder.views->retry_parked(name, p.key, folder.reader());
      fmt::print("{} {}: {}\n", name, readable(p.key), ok ? "folded" : ok.error().detail);
      all = all && ok;
    }
  }
  return all ? 0 : 1;
}

int events_export(const Config& config) {
  Folder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  auto read = folder.reader();
  for (std::uint64_t from = 0;;) {
    auto batch = read(from);
    if (!batch) return failed(batch.error());
    if (batch->next == from) return 0;
    from = batch->next;
    for (const auto& placed : batch->commits) {
      auto position = position_text(folder.log->epoch(), placed.offset);
      for (std::size_t i = 0; i < placed.commit->events.size(); ++i)
        fmt::print("{}\n", cloud_event(*placed.commit, i, position));
    }
  }
}

}  // namespace ringledger::offline
