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

std::vector<std::string> chosen(const OfflineFolder& folder, const std::string& view) {
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
  OfflineFolder folder;
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
  OfflineFolder folder;
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
  OfflineFolder folder;
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
  OfflineFolder folder;
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
  OfflineFolder folder;
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
  OfflineFolder folder;
  if (auto ok = folder.open(config); !ok) return failed(ok.error());
  auto read = folder.reader();
  for (std::uint64_t from = 0;;) {
    auto batch = read(from);
    if (!batch) return failed(batch.error());
    if (batch->next == from) return 0;
    from = batch->next;
    for (const auto& placed : batch->commits) {
      auto position = position_text(folder.log->epoch() + ".0", placed.offset);
      for (std::size_t i = 0; i < placed.commit->events.size(); ++i)
        fmt::print("{}\n", cloud_event(*placed.commit, i, position));
    }
  }
}

}  // namespace ringledger::offline
