// What a website's requests are judged by, in memory: whose a tracker is, its publishable key and where its
// pages are.
#pragma once

#include "api/written_cache.hpp"
#include "projections/campaigns.hpp"

namespace ringledger {

using TrackerDirectory = WrittenCache<CampaignId, CampaignRow>;

inline TrackerDirectory::Source tracker_source(ViewRunner& views) {
  return {CampaignsView::name, campaign_in_key,
          [&views](CampaignId id) { return find_tracker(views.sight().of<CampaignsView>(), id); }};
}

}  // namespace ringledger
