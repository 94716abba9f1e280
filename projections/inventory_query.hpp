// Questions to the inventory: lists with filters, search and sorts (NUM-12…15), one number, the summary
// (NUM-05).
#pragma once

#include "projections/campaigns.hpp"
#include "projections/inventory.hpp"

namespace ringledger {

/// Values of one filter are ORed, filters are ANDed; an empty filter asks nothing.
struct InventoryFilter {
  std::vector<std::pair<Facet, std::vector<std::string>>> facets;  ///< API texts; each facet once
  std::vector<campaigns::Type> campaign_types;
  std::string search;  ///< digits anywhere in the number, or part of the label; case ignored
};

struct InventoryQuery {
  AccountId account{};
  WorkspaceId workspace{};
  InventoryFilter filter{};
  InventorySort sort = InventorySort::e164;
  bool descending = false;
  PageRequest page{};
  std::size_t gather_at_most = 10'000;  ///< candidates sorted in memory; past it an index is walked
};

/// A page of the numbers in the inventory. Totals are exact without filters, with one facet, and when at
/// most count_to numbers match; else at least `total`. Code::validation_failed: a bad cursor or page.
Result<Page<InventoryRow>> list_numbers(const Rows<InventoryView>& numbers,
                                        const Rows<CampaignsView>& campaigns, const InventoryQuery& query);

/// By id or by E.164; nullopt when the workspace does not hold it (also when it was deleted).
Result<std::optional<InventoryRow>> find_number(const Rows<InventoryView>& numbers, AccountId account,
                                                WorkspaceId workspace, NumberId number);
Result<std::optional<InventoryRow>> find_number(const Rows<InventoryView>& numbers, AccountId account,
                                                WorkspaceId workspace, const E164& e164);
/// Wherever in the account it is, deleted ones too (import candidates).
Result<std::optional<InventoryRow>> find_in_account(const Rows<InventoryView>& numbers, AccountId account,
                                                    const E164& e164);

struct InventorySummary {
  std::uint64_t total = 0, assigned = 0, unassigned = 0;
  std::uint64_t active_campaigns = 0;  ///< distinct campaigns that hold a number
  std::uint64_t inactive = 0;
  std::vector<std::pair<std::string, std::uint64_t>> by_type, by_country;  ///< "" = country unknown
  std::vector<Money> monthly_cost;  ///< per currency, of the numbers whose cost is known
};
InventorySummary summarize(const Rows<InventoryView>& numbers, const Rows<CampaignsView>& campaigns,
                           WorkspaceId workspace);

}  // namespace ringledger
