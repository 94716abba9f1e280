// One number of the inventory, and the summary of a workspace.
#include "projections/inventory_query.hpp"

namespace ringledger {
namespace {

using Counted = std::vector<std::pair<std::string, std::uint64_t>>;

Counted counters_under(const Rows<InventoryView>& numbers, const std::string& prefix) {
  Counted out;
  numbers.scan_prefix(counter_space, prefix, false, [&](std::string_view key, std::string_view value) {
    out.emplace_back(key.substr(prefix.size()), static_cast<std::uint64_t>(KeyReader(value).i64()));
    return true;
  });
  return out;
}

Result<std::optional<InventoryRow>> visible_in(Result<std::optional<InventoryRow>> row,
                                               WorkspaceId workspace) {
  if (row && *row && (!(*row)->number.visible() || (*row)->number.workspace != workspace)) row->reset();
  return row;
}

}  // namespace

Result<std::optional<InventoryRow>> find_number(const Rows<InventoryView>& numbers, AccountId account,
                                                WorkspaceId workspace, NumberId number) {
  return visible_in(numbers.row(inventory_key(account, number)), workspace);
}

Result<std::optional<InventoryRow>> find_number(const Rows<InventoryView>& numbers, AccountId account,
                                                WorkspaceId workspace, const E164& e164) {
  return visible_in(find_in_account(numbers, account, e164), workspace);
}

Result<std::optional<InventoryRow>> find_in_account(const Rows<InventoryView>& numbers, AccountId account,
                                                    const E164& e164) {
  auto key = numbers.get(index_space, KeyBuilder().id(account).byte('e').raw(e164.text).view());
  if (key) return numbers.row(*key);
  if (auto healthy = numbers.health(); !healthy) return std::unexpected(healthy.error());
  return std::optional<InventoryRow>();
}

InventorySummary summarize(const Rows<InventoryView>& numbers, const Rows<CampaignsView>& campaigns,
                           WorkspaceId workspace) {
  auto count = [&](const std::string& key) { return static_cast<std::uint64_t>(numbers.counter(key)); };
  InventorySummary s;
  s.total = count(KeyBuilder().id(workspace).byte('*').done());
  s.assigned = count(facet_counter(workspace, Facet::assignment, "assigned"));
  s.unassigned = count(facet_counter(workspace, Facet::assignment, "unassigned"));
  s.inactive = count(facet_counter(workspace, Facet::status, "inactive"));
  s.active_campaigns = campaigns_in_use(campaigns, workspace);
  s.by_type = counters_under(numbers, facet_counter(workspace, Facet::number_type, ""));
  s.by_country = counters_under(numbers, facet_counter(workspace, Facet::country, ""));
  for (const auto& [currency, sum] : counters_under(numbers, KeyBuilder().id(workspace).byte('$').done())) {
    s.monthly_cost.push_back({static_cast<std::int64_t>(sum), currency});
  }
  return s;
}

}  // namespace ringledger
