// What a website's requests are judged by, in memory: whose a tracker is, its publishable key and where its
// pages are.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "projections/campaigns.hpp"
#include "projections/runner.hpp"

namespace ringledger {

/// Thread-safe. A campaign that was written is never answered in its old state after the write.
class TrackerDirectory {
 public:
  /// Listens to the views, which must not fold before this returns; they must outlive it.
  explicit TrackerDirectory(ViewRunner& views, std::size_t most = 4096);

  using Found = std::shared_ptr<const CampaignRow>;
  /// At once; nullptr: not in memory, ask `find`.
  [[nodiscard]] Found cached(CampaignId id) const;
  /// May read the disk. nullptr: there is none.
  [[nodiscard]] Result<Found> find(CampaignId id);

 private:
  struct Cache {
    mutable std::mutex mutex;
    std::unordered_map<CampaignId, Found> campaigns;
    std::uint64_t written = 0;  ///< grows with every write told: what was read before it is not kept
    void forget(const std::vector<std::string>& keys);
  };
  ViewRunner& x_views;
  std::size_t x_most;
  std::shared_ptr<Cache> x_cache = std::make_shared<Cache>();  // shared with the runner's hook
};

}  // namespace ringledger
