// The campaigns that the items of one answer name, each asked for once.
#pragma once

#include <map>

#include "api/query_operation.hpp"
#include "commands/number_parts.hpp"
#include "projections/campaigns.hpp"

namespace ringledger {

/// One per answer: it shows what the answer's sight does.
class CampaignLookup {
 public:
  explicit CampaignLookup(const Asked& asked) : x_asked(asked) {}

  /// nullptr: there is none. The pointer lives as long as this. An error: the read models cannot be read.
  Result<const CampaignRow*> find(WorkspaceId workspace, CampaignId id) {
    auto at = x_rows.find(id);
    if (at == x_rows.end()) {
      auto row = find_campaign(x_asked.ctx.sight.of<CampaignsView>(), workspace, id);
      if (!row) return std::unexpected(row.error());
      at = x_rows.emplace(id, std::move(*row)).first;
    }
    return at->second ? &*at->second : nullptr;
  }
  /// As it is called today.
  Result<std::optional<CampaignRef>> ref(WorkspaceId workspace, const std::optional<CampaignId>& id) {
    if (!id) return std::nullopt;
    auto row = find(workspace, *id);
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    const auto& c = (*row)->campaign;
    return CampaignRef{c.id, c.name, c.campaign_type};
  }

 private:
  const Asked& x_asked;
  std::map<CampaignId, std::optional<CampaignRow>> x_rows;
};

}  // namespace ringledger
