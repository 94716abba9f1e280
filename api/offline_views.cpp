// `ringledger views …`, `parked …`, `events export`: working on a stopped folder's read models.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "adapters/simulation/memory_row_store.hpp"
#include "api/cloud_event.hpp"
#include "api/offline.hpp"
#include "api/offline_book.hpp"
#include "api/offline_folder.hpp"
#include "api/position.hpp"

namespace ringledger::offline {
namespace {

std::vector<std::string> chosen(const OfflinePartition& partition, const std::string& view) {
  return view.empty() ? partition.views->views() : std::vector<std::string>{view};
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
  return for_each_partition(config, [](OfflinePartition& partition) -> Result<int> {
    tell_partition(partition.index, partition.folder.partitions);
    for (const auto& view : partition.views->views()) {
      auto at = partition.views->position(view);
      fmt::print("{:<20} position {}\n", view, at ? *at : 0);
    }
    fmt::print("{:<20} position {}\nlog end {}\n", json::BookRowStore::family, partition.book->folded(),
               partition.log->end());
    return 0;
  });
}

int views_verify(const Config& config, const std::string& view) {
  return for_each_partition(config, [&](OfflinePartition& partition) -> Result<int> {
    tell_partition(partition.index, partition.folder.partitions);
    bool equal = true;
    if (view.empty() || view == json::BookRowStore::family) {
      auto at = partition.book->saved();
      if (!at) return std::unexpected(at.error());
      auto report =
          verify_book(*partition.log, *partition.folder.codec, *partition.folder.vault, *partition.rows, *at);
      if (!report) return std::unexpected(report.error());
      equal = told(json::BookRowStore::family, *report);
    }
    for (const auto& name : chosen(partition, view)) {
      if (name == json::BookRowStore::family) continue;
      MemoryRowStore scratch;
      auto report = partition.views->verify(name, scratch, partition.reader());
      if (!report) return std::unexpected(report.error());
      equal = told(name, *report) && equal;
    }
    return equal ? 0 : 1;
  });
}

int views_rebuild(const Config& config, const std::string& view) {
  return for_each_partition(config, [&](OfflinePartition& partition) -> Result<int> {
    tell_partition(partition.index, partition.folder.partitions);
    for (const auto& name : chosen(partition, view)) {
      auto ok = partition.views->rebuild(name, partition.reader(), {}, [&](std::uint64_t at) {
        fmt::print(stderr, "\r{}: {} of {}", name, at, partition.book->folded());
      });
      if (!ok) return std::unexpected(ok.error());
      fmt::print(stderr, "\n");
      fmt::print("{:<20} rebuilt\n", name);
    }
    return 0;
  });
}

int parked_list(const Config& config) {
  std::size_t count = 0;
  auto code = for_each_partition(config, [&](OfflinePartition& partition) -> Result<int> {
    for (const auto& view : partition.views->views()) {
      auto parked = partition.views->parked(view);
      if (!parked) return std::unexpected(parked.error());
      if (!parked->empty()) tell_partition(partition.index, partition.folder.partitions);
      for (const auto& p : *parked) {
        ++count;
        fmt::print("{} {} since offset {} ({} events wait): {}\n", view, readable(p.key),
                   p.waiting.empty() ? 0 : p.waiting.front().first, p.waiting.size(), p.reason);
      }
    }
    return 0;
  });
  if (code == 0) fmt::print("{} parked\n", count);
  return code;
}

int parked_retry(const Config& config, const std::string& view) {
  return for_each_partition(config, [&](OfflinePartition& partition) -> Result<int> {
    bool all = true;
    for (const auto& name : chosen(partition, view)) {
      auto parked = partition.views->parked(name);
      if (!parked) return std::unexpected(parked.error());
      if (!parked->empty()) tell_partition(partition.index, partition.folder.partitions);
      for (const auto& p : *parked) {
        auto ok = partition.views->retry_parked(name, p.key, partition.reader());
        fmt::print("{} {}: {}\n", name, readable(p.key), ok ? "folded" : ok.error().detail);
        all = all && ok;
      }
    }
    return all ? 0 : 1;
  });
}

int events_export(const Config& config) {
  return for_each_partition(config, [](OfflinePartition& partition) -> Result<int> {
    const auto log_name = fmt::format("{}.{}", partition.log->epoch(), partition.index);
    auto read = partition.reader();
    for (std::uint64_t from = 0;;) {
      auto batch = read(from);
      if (!batch) return std::unexpected(batch.error());
      if (batch->next == from) return 0;
      from = batch->next;
      for (const auto& placed : batch->commits) {
        auto position = position_text(log_name, placed.offset);
        for (std::size_t i = 0; i < placed.commit->events.size(); ++i)
          fmt::print("{}\n", cloud_event(*placed.commit, i, position));
      }
    }
  });
}

}  // namespace ringledger::offline
