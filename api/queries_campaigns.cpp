// Queries about campaigns.
#include "api/query_operation.hpp"
#include "commands/campaign.hpp"
#include "projections/campaigns.hpp"

namespace ringledger {
namespace {

struct ListCampaigns {
  static constexpr std::string_view operation = "ListCampaigns";
  static constexpr std::string_view summary = "The campaigns of a workspace, alphabetical, archived ones too";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/campaigns"};
  static constexpr Access access = needs("campaigns.read");
  WorkspaceId workspace;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListCampaigns, (), (workspace, limit, cursor, page, per_page), (), ())
  using Row = CampaignView;
};

QueryAnswer answer(const ListCampaigns& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto rows = list_campaigns(asked.ctx.sight.of<CampaignsView>(), q.workspace, *page);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, [](const CampaignRow& row) { return view_of(row.campaign); });
}

struct GetCampaign {
  static constexpr std::string_view operation = "GetCampaign";
  static constexpr std::string_view summary = "One campaign";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/campaigns/{campaign}"};
  static constexpr Access access = needs("campaigns.read");
  WorkspaceId workspace;
  CampaignId campaign;
  BOOST_DESCRIBE_CLASS(GetCampaign, (), (workspace, campaign), (), ())
  using Answer = CampaignView;
};

QueryAnswer answer(const GetCampaign& q, const Asked& asked) {
  auto row = find_campaign(asked.ctx.sight.of<CampaignsView>(), q.workspace, q.campaign);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  return resource(view_of((*row)->campaign), (*row)->campaign.version, asked.call);
}

}  // namespace

std::vector<Operation> campaign_queries(const QueryPortsPtr& ports) {
  return {query<ListCampaigns>(ports), query<GetCampaign>(ports)};
}

}  // namespace ringledger
