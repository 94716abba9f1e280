// Queries about numbers: the inventory, its summary, one number, the standing warnings.
#include <algorithm>

#include "adapters/twilio/hooks.hpp"
#include "api/number_row.hpp"
#include "domain/pool.hpp"
#include "projections/calls.hpp"
#include "projections/campaigns.hpp"

namespace ringledger {
namespace {

BOOST_DEFINE_ENUM_CLASS(Ability, voice, sms, mms, fax)

struct NumberSortShape {
  static constexpr std::string_view expectation =
      "must be e164, label, imported_at or last_call_at, with a minus in front for the reverse";
  static constexpr std::string_view format = "sort";
  static std::optional<InventorySort> sort_of(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text == "e164") return InventorySort::e164;
    if (text == "label") return InventorySort::label;
    if (text == "imported_at") return InventorySort::imported_at;
    if (text == "last_call_at") return InventorySort::last_call_at;
    return std::nullopt;
  }
  static bool fits(std::string_view text) { return sort_of(text).has_value(); }
};
struct AreaCodeShape {
  static constexpr std::string_view expectation = "must be 1 to 8 digits", format = "digits";
  static bool fits(std::string_view text) {
    return !text.empty() && text.size() <= 8 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
  }
};

struct ListNumbers {
  static constexpr std::string_view operation = "ListNumbers";
  static constexpr std::string_view summary = "The inventory of a workspace, filtered, searched and sorted";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  std::vector<Assignment> assignment;
  std::vector<CampaignId> campaign;
  std::vector<campaigns::Type> campaign_type;
  std::vector<numbers::Status> status;
  std::vector<Ability> capability;
  std::vector<numbers::NumberType> number_type;
  std::vector<CountryCode> country;
  std::vector<Shaped<AreaCodeShape>> area_code;
  std::vector<numbers::Routing> routing;
  std::vector<numbers::ProviderState> provider_state;
  std::vector<numbers::CnamState> cnam;
  std::vector<numbers::Origin> origin;
  std::optional<Text<100>> search;
  std::optional<Shaped<NumberSortShape>> sort;  ///< e164 when absent
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListNumbers, (),
                       (workspace, assignment, campaign, campaign_type, status, capability, number_type,
                        country, area_code, routing, provider_state, cnam, origin, search, sort, limit,
                        cursor, page, per_page),
                       (), ())
  using Row = NumberRow;
};

/// Filter values as the facets hold them.
template <class T>
std::string facet_text(const T& value) {
  if constexpr (std::is_enum_v<T>)
    return std::string(json::enum_text(value));
  else if constexpr (is_id<T>)
    return value.to_string();
  else
    return value.value;
}

InventoryQuery inventory_query(const ListNumbers& q, AccountId account, PageRequest page) {
  InventoryQuery out;
  out.account = account;
  out.workspace = q.workspace;
  auto ask = [&](Facet facet, const auto& values) {
    if (values.empty()) return;
    std::vector<std::string> texts;
    for (const auto& value : values) texts.push_back(facet_text(value));
    out.filter.facets.emplace_back(facet, std::move(texts));
  };
  ask(Facet::assignment, q.assignment);
  ask(Facet::campaign, q.campaign);
  ask(Facet::status, q.status);
  ask(Facet::capability, q.capability);
  ask(Facet::number_type, q.number_type);
  ask(Facet::country, q.country);
  ask(Facet::area_code, q.area_code);
  ask(Facet::routing, q.routing);
  ask(Facet::provider_state, q.provider_state);
  ask(Facet::cnam, q.cnam);
  ask(Facet::origin, q.origin);
  out.filter.campaign_types = q.campaign_type;
  if (q.search) out.filter.search = q.search->value;
  if (q.sort) {
    out.sort = *NumberSortShape::sort_of(q.sort->value);
    out.descending = q.sort->value.starts_with('-');
  }
  out.page = std::move(page);
  return out;
}

QueryAnswer answer(const ListNumbers& q, const Asked& asked) {
  auto request = page_request(q);
  if (!request) return std::unexpected(request.error());
  const Sight& sight = asked.ctx.sight;
  auto found = list_numbers(sight.of<InventoryView>(), sight.of<CampaignsView>(),
                            inventory_query(q, asked.account(), std::move(*request)));
  if (!found) return refused(found.error());
  NumberRows make(asked);
  return list_answer(*found, asked, [&](const InventoryRow& row) { return make.row(row); });
}

struct GetInventorySummary {
  static constexpr std::string_view operation = "GetInventorySummary";
  static constexpr std::string_view summary = "Counters of the workspace's inventory";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers/summary"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  BOOST_DESCRIBE_CLASS(GetInventorySummary, (), (workspace), (), ())

  struct Answer {
    std::uint64_t total = 0, assigned = 0, unassigned = 0;
    std::uint64_t active_campaigns = 0;  ///< distinct campaigns that hold a number
    std::uint64_t inactive = 0;
    std::map<std::string, std::uint64_t> by_type, by_country;  ///< country "unknown" where it is not known
    std::optional<Money>
        monthly_cost;  ///< of the numbers whose cost is known; null: of none, or of several currencies
    std::vector<Money> monthly_costs;  ///< per currency
    BOOST_DESCRIBE_CLASS(Answer, (),
                         (total, assigned, unassigned, active_campaigns, inactive, by_type, by_country,
                          monthly_cost, monthly_costs),
                         (), ())
  };
};

QueryAnswer answer(const GetInventorySummary& q, const Asked& asked) {
  const Sight& sight = asked.ctx.sight;
  auto s = summarize(sight.of<InventoryView>(), sight.of<CampaignsView>(), q.workspace);
  GetInventorySummary::Answer a;
  a.total = s.total;
  a.assigned = s.assigned;
  a.unassigned = s.unassigned;
  a.active_campaigns = s.active_campaigns;
  a.inactive = s.inactive;
  for (const auto& [type, n] : s.by_type) a.by_type[type] += n;
  for (const auto& [country, n] : s.by_country) a.by_country[country.empty() ? "unknown" : country] += n;
  if (s.monthly_cost.size() == 1) a.monthly_cost = s.monthly_cost.front();
  a.monthly_costs = s.monthly_cost;
  return resource(a, 0, asked.call);
}

/// A standing warning where its number is known already.
struct NumberWarning {
  WarningCode code{};
  Severity severity{};
  std::string message;
  std::optional<CampaignId> campaign;
  std::optional<SessionId> session;
  Timestamp since;
  BOOST_DESCRIBE_CLASS(NumberWarning, (), (code, severity, message, campaign, session, since), (), ())
};

/// What the detail has beyond the row.
struct NumberExtras {
  struct WebhookUrls {
    std::string voice_url, voice_method, status_callback;
    std::optional<std::string> sms_url;  ///< null: the number cannot do SMS
    BOOST_DESCRIBE_CLASS(WebhookUrls, (), (voice_url, voice_method, status_callback, sms_url), (), ())
  };
  struct Countries {
    std::vector<std::string> inbound, outbound;  ///< none: all
    bool allow_unknown_caller = true;
    BOOST_DESCRIBE_CLASS(Countries, (), (inbound, outbound, allow_unknown_caller), (), ())
  };
  /// How it does in a campaign that it had calls for, or is in (HLT-01).
  struct Health {
    CampaignRef campaign;
    std::optional<pools::State> pool_status;  ///< in its pool now; null: it is in none
    std::int64_t attempts = 0, answered = 0;
    std::optional<Share> answer_rate;  ///< null: no attempts
    BOOST_DESCRIBE_CLASS(Health, (), (campaign, pool_status, attempts, answered, answer_rate), (), ())
  };
  NumberRights can;
  std::vector<NumberWarning> warnings;
  WebhookUrls webhooks;  ///< to copy into the provider's console
  Countries countries;   ///< with which it has calls
  std::vector<Health> health;
  BOOST_DESCRIBE_CLASS(NumberExtras, (), (can, warnings, webhooks, countries, health), (), ())
};

struct GetNumber {
  static constexpr std::string_view operation = "GetNumber";
  static constexpr std::string_view summary =
      "One number with what may be done with it, its warnings and webhook URLs";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers/{number}"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  NumberId number;
  BOOST_DESCRIBE_CLASS(GetNumber, (), (workspace, number), (), ())
  /// The row's members and the extras'.
  static boost::json::object answer_schema() {
    auto all = json::schema_of<NumberRow>(json::SchemaOf::answer);
    auto more = json::schema_of<NumberExtras>(json::SchemaOf::answer);
    for (auto& p : more["properties"].as_object()) all["properties"].as_object()[p.key()] = p.value();
    for (auto& name : more["required"].as_array()) all["required"].as_array().push_back(name);
    return all;
  }
};

/// In the pool of the tracker that it is in, as GetPool counts it; but a cooling one is told as available:
/// when it left another campaign is known to the book alone. Who sees it is told by what moving it would
/// raise.
pools::State pool_status_of(const numbers::Number& n, const campaigns::Campaign& tracker,
                            const std::vector<NumberWarning>& warnings) {
  auto stands = [&](WarningCode code) {
    return std::ranges::any_of(warnings, [&](const NumberWarning& w) { return w.code == code; });
  };
  pools::PoolNumber lent;
  pools::follow(lent, n, tracker.pool_settings());
  if (stands(WarningCode::recent_visitor)) lent.use = pools::Use::hold;
  if (stands(WarningCode::active_visitor_session)) lent.use = pools::Use::leased;
  return pools::state_of(lent);
}

Result<std::vector<NumberExtras::Health>> campaigns_of(const numbers::Number& n,
                                                       const std::vector<NumberWarning>& warnings,
                                                       const Asked& asked) {
  auto counted = health_of(asked.ctx.sight.of<CallsView>(), n.workspace, n.id);
  if (!counted) return std::unexpected(counted.error());
  auto is_now = [&](const CampaignHealth& h) { return h.campaign == n.campaign; };
  if (n.campaign && std::ranges::none_of(*counted, is_now)) counted->push_back({*n.campaign, 0, 0});
  std::vector<NumberExtras::Health> all;
  for (const auto& h : *counted) {
    auto row = find_campaign(asked.ctx.sight.of<CampaignsView>(), n.workspace, h.campaign);
    if (!row) return std::unexpected(row.error());
    if (!*row) continue;
    const auto& c = (*row)->campaign;
    NumberExtras::Health shown{{c.id, c.name, c.campaign_type}, {}, h.attempts, h.answered, {}};
    if (is_now(h) && c.is_tracker()) shown.pool_status = pool_status_of(n, c, warnings);
    if (h.attempts > 0) shown.answer_rate = Share::of(h.answered, h.attempts);
    all.push_back(std::move(shown));
  }
  return all;
}

Result<NumberExtras> extras_of(const numbers::Number& n, const Asked& asked) {
  NumberExtras extras;
  extras.can = rights_of(asked.call.caller, n);
  auto standing =
      warnings_of(asked.ctx.sight.of<WarningsView>(), asked.account(), n.workspace, n.id, asked.ctx.now);
  if (!standing) return std::unexpected(standing.error());
  for (const auto& s : *standing) {
    const auto& w = s.warning;
    extras.warnings.push_back({w.code, w.severity, w.message, w.campaign, w.session, s.since});
  }
  auto hooks = our_hooks(n.connection, asked.ports->public_base_url, n.capabilities);
  extras.webhooks = {hooks.voice_url, hooks.voice_method, hooks.status_callback, std::nullopt};
  if (!hooks.sms_url.empty()) extras.webhooks.sms_url = hooks.sms_url;
  auto health = campaigns_of(n, extras.warnings, asked);
  if (!health) return std::unexpected(health.error());
  extras.health = std::move(*health);
  extras.countries = {n.inbound_countries, n.outbound_countries, n.allow_unknown_caller};
  return extras;
}

QueryAnswer answer(const GetNumber& q, const Asked& asked) {
  auto found = find_number(asked.ctx.sight.of<InventoryView>(), asked.account(), q.workspace, q.number);
  if (!found) return refused(found.error());
  if (!*found) return no_such_thing();
  auto row = NumberRows(asked).row(**found);
  if (!row) return refused(row.error());
  auto extras = extras_of((*found)->number, asked);
  if (!extras) return refused(extras.error());
  std::string body = json::to_text(*row);
  body.back() = ',';
  body += std::string_view(json::to_text(*extras)).substr(1);
  return resource_text(std::move(body), row->version, asked.call);
}

struct ListWarnings {
  static constexpr std::string_view operation = "ListWarnings";
  static constexpr std::string_view summary = "What moving each number of the workspace would raise now";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/warnings"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  std::vector<WarningCode> code;
  std::vector<Severity> severity;
  std::vector<CampaignId> campaign;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListWarnings, (), (workspace, code, severity, campaign, limit, cursor, page, per_page),
                       (), ())

  struct Row {
    NumberRef number;
    WarningCode code{};
    Severity severity{};
    std::string message;
    std::optional<CampaignId> campaign;
    std::optional<SessionId> session;
    Timestamp since;
    BOOST_DESCRIBE_CLASS(Row, (), (number, code, severity, message, campaign, session, since), (), ())
  };
};

QueryAnswer answer(const ListWarnings& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  WarningsQuery query{asked.account(), q.workspace, asked.ctx.now,   q.code,
                      q.severity,      q.campaign,  std::move(*page)};
  auto found = list_warnings(asked.ctx.sight.of<WarningsView>(), query);
  if (!found) return refused(found.error());
  return list_answer(*found, asked, [](const StandingWarning& s) {
    const auto& w = s.warning;
    return ListWarnings::Row{{s.number, s.e164}, w.code,    w.severity, w.message,
                             w.campaign,         w.session, s.since};
  });
}

}  // namespace

std::vector<Operation> number_queries(const QueryPortsPtr& ports) {
  return {query<ListNumbers>(ports), query<GetInventorySummary>(ports), query<GetNumber>(ports),
          query<ListWarnings>(ports)};
}

}  // namespace ringledger
