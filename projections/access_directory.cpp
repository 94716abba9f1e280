#include "projections/access_directory.hpp"

#include <algorithm>
#include <mutex>

namespace ringledger {

AccessDirectory::AccessDirectory(ViewRunner& runner, std::size_t most_rows)
    : x_runner(runner), x_most_in_shard(std::max<std::size_t>(1, most_rows / shards)) {
  runner.on_rows_written([cache = x_cache](std::string_view view, const std::vector<std::string>& keys) {
    if (view == AccessView::name) cache->forget(keys);
  });
}

/// No keys: a rebuild took over, any row may have changed.
void AccessDirectory::Cache::forget(const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    auto& shard = of(key);
    std::unique_lock lock(shard.mutex);
    ++shard.written;
    shard.rows.erase(key);
  }
  if (!keys.empty()) return;
  for (auto& shard : shards) {
    std::unique_lock lock(shard.mutex);
    ++shard.written;
    shard.rows.clear();
  }
}

AccessDirectory::Found AccessDirectory::find(const std::string& key) {
  auto& shard = x_cache->of(key);
  std::uint64_t written = 0;
  {
    std::shared_lock lock(shard.mutex);
    if (auto at = shard.rows.find(key); at != shard.rows.end()) return at->second;
    written = shard.written;
  }
  auto row = x_runner.sight().of<AccessView>().row(key);
  if (!row) return std::unexpected(row.error());
  if (!*row) return nullptr;
  auto found = std::make_shared<const AccessRow>(std::move(**row));
  std::unique_lock lock(shard.mutex);
  if (shard.written == written) {
    if (shard.rows.size() >= x_most_in_shard) shard.rows.erase(shard.rows.begin());
    shard.rows.insert_or_assign(key, found);
  }
  return found;
}

}  // namespace ringledger
