// The query that tells why calls to a number may not reach anybody. The checks: api/number_diagnosis.cpp.
#include "api/number_diagnosis.hpp"
#include "api/query_operation.hpp"
#include "projections/campaigns.hpp"
#include "projections/inventory_query.hpp"

namespace ringledger {
namespace {

struct DiagnoseNumber {
  static constexpr std::string_view operation = "DiagnoseNumber";
  static constexpr std::string_view summary =
      "Every check of why calls to the number may not reach anybody, by what is known here";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers/{number}/diagnosis"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  NumberId number;
  BOOST_DESCRIBE_CLASS(DiagnoseNumber, (), (workspace, number), (), ())
  static boost::json::object answer_schema() { return diagnosis_schema(); }
};

/// Whose voice URL the provider shows, when it is one of the account's.
Result<std::optional<ConnectionRow>> hooked_connection(const numbers::Number& n, const Asked& asked) {
  auto named = numbers::connection_of_our_hook(n.actual.hooks.voice_url, "voice");
  if (!named) return std::nullopt;
  auto row = find_connection(asked.ctx.sight.of<ConnectionsView>(), *named);
  if (row && *row && (*row)->account != asked.account()) return std::nullopt;
  return row;
}

Result<DiagnosedNumber> facts_of(const InventoryRow& row, const Asked& asked) {
  DiagnosedNumber d;
  d.number = row.number;
  d.last_call_at = row.last_call_at;
  d.public_base_url = asked.ports->public_base_url;
  const auto& n = d.number;
  auto its = find_connection(asked.ctx.sight.of<ConnectionsView>(), n.workspace, n.connection);
  if (!its) return std::unexpected(its.error());
  d.connection = std::move(*its);
  auto hooked = hooked_connection(n, asked);
  if (!hooked) return std::unexpected(hooked.error());
  d.hooked = std::move(*hooked);
  if (!n.campaign) return d;
  auto campaign = find_campaign(asked.ctx.sight.of<CampaignsView>(), n.workspace, *n.campaign);
  if (!campaign) return std::unexpected(campaign.error());
  if (*campaign) d.campaign = std::move((*campaign)->campaign);
  return d;
}

QueryAnswer answer(const DiagnoseNumber& q, const Asked& asked) {
  auto found = find_number(asked.ctx.sight.of<InventoryView>(), asked.account(), q.workspace, q.number);
  if (!found) return refused(found.error());
  if (!*found) return no_such_thing();
  auto facts = facts_of(**found, asked);
  if (!facts) return refused(facts.error());
  return resource(diagnose(*facts), facts->number.version, asked.call);
}

}  // namespace

std::vector<Operation> diagnosis_queries(const QueryPortsPtr& ports) {
  return {query<DiagnoseNumber>(ports)};
}

}  // namespace ringledger
