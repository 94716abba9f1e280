#include "api/tracker_directory.hpp"

namespace ringledger {

TrackerDirectory::TrackerDirectory(ViewRunner& views, std::size_t most) : x_views(views), x_most(most) {
  views.on_rows_written([cache = x_cache](std::string_view view, const std::vector<std::string>& keys) {
    if (view == CampaignsView::name) cache->forget(keys);
  });
}

/// No keys: a rebuild took over, any row may have changed.
void TrackerDirectory::Cache::forget(const std::vector<std::string>& keys) {
  std::lock_guard lock(mutex);
  ++written;
  if (keys.empty()) campaigns.clear();
  for (const auto& key : keys) campaigns.erase(campaign_in_key(key));
}

TrackerDirectory::Found TrackerDirectory::cached(CampaignId id) const {
  std::lock_guard lock(x_cache->mutex);
  auto at = x_cache->campaigns.find(id);
  return at == x_cache->campaigns.end() ? nullptr : at->second;
}

Result<TrackerDirectory::Found> TrackerDirectory::find(CampaignId id) {
  std::uint64_t written = 0;
  {
    std::lock_guard lock(x_cache->mutex);
    written = x_cache->written;
  }
  auto row = find_tracker(x_views.sight().of<CampaignsView>(), id);
  if (!row) return std::unexpected(row.error());
  if (!*row) return nullptr;
  auto found = std::make_shared<const CampaignRow>(std::move(**row));
  std::lock_guard lock(x_cache->mutex);
  if (x_cache->written != written) return found;
  if (x_cache->campaigns.size() >= x_most) x_cache->campaigns.erase(x_cache->campaigns.begin());
  x_cache->campaigns.insert_or_assign(id, found);
  return found;
}

}  // namespace ringledger
