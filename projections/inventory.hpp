// `inventory.v1`: every number of an account; those in the inventory are indexed for lists, searches and
// the summary of their workspace.
//
// A row is keyed account ‖ number for ever, so a transfer is a change of its `workspace`. Index entries
// (the first byte after the tenant tells which):
//   account ‖ 'e' ‖ e164                            -> row key, also of deleted numbers
//   workspace ‖ 's' ‖ sort ‖ value ‖ number         -> NumberSummary, one per sort
//   workspace ‖ 'f' ‖ facet ‖ value ‖ e164 ‖ number -> NumberSummary, one per facet worth an index
//   (whole in the sort by e164, elsewhere lean: a rename, a call or the provider's answer rewrites one)
//   workspace ‖ 'd' ‖ digits ‖ number               -> e164: every ending of the digits
//   workspace ‖ 'l' ‖ letters ‖ number              -> e164: every ending of the label, cut to 12 bytes
// Counters: workspace ‖ '*' (all), workspace ‖ facet ‖ value, workspace ‖ '$' ‖ currency (monthly cost).
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct InventoryRow {
  AccountId account;
  numbers::Number number;
  std::optional<Timestamp> last_call_at;  ///< of the last call received (NUM-16)
  RL_FIELDS(InventoryRow, account, number, last_call_at);
};

struct InventoryView {
  static constexpr std::string_view name = "inventory.v1";
  using Row = InventoryRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static constexpr std::string_view entry_layout = "lean entries";
  static std::vector<Entry> indexes(const Row& row, const Row* other = nullptr);
  static Counters counters(const Row& row, const Row* other = nullptr);
};

/// What filters and sorts look at; the value of every covering index entry.
struct NumberSummary {
  NumberId number;
  E164 e164;
  std::optional<std::string> label;
  std::optional<CampaignId> campaign;
  numbers::Status status{};
  numbers::Capabilities capabilities;
  numbers::NumberType number_type{};
  std::string country, area_code;
  numbers::Routing routing{};
  numbers::ProviderState provider_state{};
  numbers::CnamState cnam{};
  numbers::Origin origin{};
  Timestamp imported_at;
  std::optional<Timestamp> last_call_at;
  RL_FIELDS(NumberSummary, number, e164, label, campaign, status, capabilities, number_type, country,
            area_code, routing, provider_state, cnam, origin, imported_at, last_call_at);
};
NumberSummary summary_of(const InventoryRow& row);
/// Without what changes often: label, last call, provider state.
NumberSummary lean(NumberSummary summary);

enum class InventorySort { e164, label, imported_at, last_call_at };
inline constexpr InventorySort inventory_sorts[] = {InventorySort::e164, InventorySort::label,
                                                    InventorySort::imported_at, InventorySort::last_call_at};

/// A filter of ListNumbers that is a property of the number itself.
enum class Facet : char {
  assignment = 'a',
  campaign = 'c',
  status = 's',
  capability = 'k',
  number_type = 't',
  country = 'y',
  area_code = 'r',
  routing = 'o',
  provider_state = 'p',
  cnam = 'n',
  origin = 'g'
};
/// The facet's values of a number as their API texts (ids as text); capabilities may be several.
std::vector<std::string> facet_values(const NumberSummary& summary, Facet facet);
/// Values with an index of their own. The others are those that most numbers have (or that are not
/// asked alone): walking a sort finds a page of them as quickly. All values have counters.
bool has_index(Facet facet, std::string_view value);

// Keys, shared with the queries.
std::string inventory_key(AccountId account, NumberId number);
std::string sort_prefix(WorkspaceId workspace, InventorySort sort);
/// Where the whole summary is.
std::string summary_key(WorkspaceId workspace, std::string_view e164, NumberId number);
/// Where a number stands within a sort: the sort's value, then the number.
std::string sort_order(const NumberSummary& summary, InventorySort sort);
std::string facet_prefix(WorkspaceId workspace, Facet facet, std::string_view value);
std::string facet_counter(WorkspaceId workspace, Facet facet, std::string_view value);
/// The start of the entries whose label (lower case) or digits contain `part`.
std::string search_prefix(WorkspaceId workspace, char kind, std::string_view part);
inline constexpr std::size_t label_part_bytes = 12;

}  // namespace ringledger
