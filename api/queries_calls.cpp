// Queries about calls.
#include "api/caller_number.hpp"
#include "api/campaign_lookup.hpp"
#include "commands/call_attribution.hpp"
#include "projections/calls.hpp"

namespace ringledger {
namespace {

/// A call as its readers see it (api.md "Campaigns at work").
struct CallView {
  struct Number {
    std::optional<NumberId> id;  ///< null: it was in no inventory
    std::string e164;            ///< as it was dialled
    BOOST_DESCRIBE_CLASS(Number, (), (id, e164), (), ())
  };
  struct Contact {
    ContactId id;
    BOOST_DESCRIBE_CLASS(Contact, (), (id), (), ())
  };
  struct PastAttribution {
    AttributedBy by;
    ShownAttribution attribution;
    BOOST_DESCRIBE_CLASS(PastAttribution, (), (by, attribution), (), ())
  };
  CallId id;
  std::string provider_sid;
  Number number;
  std::optional<CampaignRef> campaign;
  Personal<std::string> from, caller_name;
  std::optional<Contact> contact;  ///< null: a withheld number
  calls::Direction direction{};
  std::string status;
  std::optional<calls::Outcome> outcome;
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
  std::optional<std::int64_t> duration_s;
  // LOG-01, LOG-04: of this talk, whatever its contact shows.
  std::optional<Money> deal_value;
  std::optional<leads::CallStatus> lead_status;
  Personal<std::string> notes;
  Personal<leads::Tags> tags;
  ShownAttribution attribution;
  std::optional<AttributedBy> attributed_by;
  std::vector<PastAttribution> earlier_attributions;
  std::int64_t version = 0;
  BOOST_DESCRIBE_CLASS(CallView, (),
                       (id, provider_sid, number, campaign, from, caller_name, contact, direction, status,
                        outcome, started_at, ended_at, duration_s, deal_value, lead_status, notes, tags,
                        attribution, attributed_by, earlier_attributions, version),
                       (), ())
};

/// Makes rows, asking for each campaign once. One per answer.
class CallViews {
 public:
  explicit CallViews(const Asked& asked) : x_campaigns(asked) {}

  Result<CallView> view(const CallRow& row) {
    const auto& c = row.call;
    CallView v;
    v.id = c.id;
    v.provider_sid = c.provider_sid;
    v.number = {c.number, c.to};
    auto campaign = x_campaigns.ref(c.workspace, c.attribution.campaign);
    if (!campaign) return std::unexpected(campaign.error());
    v.campaign = std::move(*campaign);
    v.from = c.from;
    v.caller_name = c.caller_name;
    if (c.contact) v.contact = {*c.contact};
    v.direction = c.direction;
    v.status = c.status;
    v.outcome = calls::outcome_of(c);
    v.started_at = c.started_at;
    v.ended_at = c.ended_at;
    v.duration_s = c.duration_s;
    v.deal_value = c.deal_value;
    v.lead_status = c.lead_status;
    v.notes = c.notes;
    v.tags = c.tags;
    v.attribution = shown(c.attribution);
    if (!row.attributed.event.empty()) v.attributed_by = row.attributed;
    for (const auto& past : row.earlier) v.earlier_attributions.push_back({past.by, shown(past.attribution)});
    v.version = c.version;
    return v;
  }

 private:
  CampaignLookup x_campaigns;
};

struct ListCalls {
  static constexpr std::string_view operation = "ListCalls";
  static constexpr std::string_view summary =
      "The calls of a workspace, newest first, with filters and search";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/calls"};
  static constexpr Access access = needs("calls.read");
  WorkspaceId workspace;
  std::vector<CampaignId> campaign;
  std::vector<NumberId> number;
  std::vector<CallerNumber> from;
  std::vector<ContactId> contact;
  std::vector<calls::Outcome> outcome;
  std::optional<Timestamp> started_from, started_to;
  std::optional<std::string> search, sort;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListCalls, (),
                       (workspace, campaign, number, from, contact, outcome, started_from, started_to, search,
                        sort, limit, cursor, page, per_page),
                       (), ())
  using Row = CallView;
};

QueryAnswer answer(const ListCalls& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  CallsQuery query;
  query.workspace = q.workspace;
  query.campaigns = q.campaign;
  query.numbers = q.number;
  query.contacts = q.contact;
  query.outcomes = q.outcome;
  query.started_from = q.started_from;
  query.started_to = q.started_to;
  query.search = q.search.value_or("");
  query.page = std::move(*page);
  for (const auto& f : q.from) query.from.push_back(f.value);
  auto descending = newest_first(q.sort, "started_at");
  if (!descending) return std::unexpected(descending.error());
  query.descending = *descending;
  auto rows = list_calls(asked.ctx.sight.of<CallsView>(), query);
  if (!rows) return refused(rows.error());
  CallViews views(asked);
  return list_answer(*rows, asked, [&](const CallRow& row) { return views.view(row); });
}

struct GetCall {
  static constexpr std::string_view operation = "GetCall";
  static constexpr std::string_view summary = "One call with its attribution";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/calls/{call}"};
  static constexpr Access access = needs("calls.read");
  WorkspaceId workspace;
  CallId call;
  BOOST_DESCRIBE_CLASS(GetCall, (), (workspace, call), (), ())
  using Answer = CallView;
};

QueryAnswer answer(const GetCall& q, const Asked& asked) {
  auto row = find_call(asked.ctx.sight.of<CallsView>(), q.workspace, q.call);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  auto view = CallViews(asked).view(**row);
  if (!view) return refused(view.error());
  return resource(*view, view->version, asked.call);
}

}  // namespace

std::vector<Operation> call_queries(const QueryPortsPtr& ports) {
  return {query<ListCalls>(ports), query<GetCall>(ports)};
}

}  // namespace ringledger
