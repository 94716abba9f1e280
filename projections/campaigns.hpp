// `campaigns.v3`: the campaigns of a workspace, in alphabetical order, with how many numbers each has.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct CampaignRow {
  AccountId account;
  campaigns::Campaign campaign;
  RL_FIELDS(CampaignRow, account, campaign);
};

struct CampaignsView {
  static constexpr std::string_view name = "campaigns.v3";
  using Row = CampaignRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

std::string campaign_key(WorkspaceId workspace, CampaignId campaign);
/// nullopt: not in this workspace.
Result<std::optional<CampaignRow>> find_campaign(const Rows<CampaignsView>& rows, WorkspaceId workspace,
                                                 CampaignId campaign);
/// A website tracker, wherever it is: what a website names.
Result<std::optional<CampaignRow>> find_tracker(const Rows<CampaignsView>& rows, CampaignId campaign);
/// Whose row a key names.
CampaignId campaign_in_key(std::string_view key);
/// Alphabetical, case ignored; archived ones too.
Result<Page<CampaignRow>> list_campaigns(const Rows<CampaignsView>& rows, WorkspaceId workspace,
                                         const PageRequest& page);
/// Campaigns that hold at least one number.
std::uint64_t campaigns_in_use(const Rows<CampaignsView>& rows, WorkspaceId workspace);
/// Numbers assigned to campaigns of a type.
std::uint64_t numbers_by_campaign_type(const Rows<CampaignsView>& rows, WorkspaceId workspace,
                                       campaigns::Type type);

/// How an event changes the number of numbers of a campaign: what leaves and what comes.
struct CampaignMoves {
  WorkspaceId workspace;
  std::optional<CampaignId> from, to;
};
/// nullopt: the event moves no number.
std::optional<CampaignMoves> campaign_moves(const Event& event);

}  // namespace ringledger
