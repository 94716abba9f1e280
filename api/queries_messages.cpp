// Queries about messages (MSG-01): what was written to the numbers of a workspace.
#include "api/caller_number.hpp"
#include "api/campaign_lookup.hpp"
#include "projections/messages.hpp"

namespace ringledger {
namespace {

BOOST_DEFINE_ENUM_CLASS(MessageDirection, inbound, outbound)
BOOST_DEFINE_ENUM_CLASS(MessageOutcome, received, inactive)

/// A message as its readers see it.
struct MessageView {
  struct Number {
    std::optional<NumberId> id;  ///< null: it was in no inventory
    std::string e164;            ///< as it was written to
    BOOST_DESCRIBE_CLASS(Number, (), (id, e164), (), ())
  };
  struct Contact {
    ContactId id;
    BOOST_DESCRIBE_CLASS(Contact, (), (id), (), ())
  };
  MessageId id;
  std::string provider_sid;
  Number number;
  std::optional<CampaignRef> campaign;  ///< the number's then, as it is called today
  Personal<std::string> from, body;
  std::optional<Contact> contact;  ///< null: a short code, a name, withheld
  MessageDirection direction{};    ///< inbound: nothing is sent from here
  MessageOutcome outcome{};        ///< inactive: its number was, so no campaign got it
  std::int64_t media = 0, segments = 0;
  Timestamp received_at;
  BOOST_DESCRIBE_CLASS(MessageView, (),
                       (id, provider_sid, number, campaign, from, body, contact, direction, outcome, media,
                        segments, received_at),
                       (), ())
};

/// Asks for each campaign once. One per answer.
class MessageViews {
 public:
  explicit MessageViews(const Asked& asked) : x_campaigns(asked) {}

  Result<MessageView> view(const messages::Message& m) {
    MessageView v;
    v.id = m.id;
    v.provider_sid = m.provider_sid;
    v.number = {m.number, m.to};
    auto campaign = x_campaigns.ref(m.workspace, m.campaign);
    if (!campaign) return std::unexpected(campaign.error());
    v.campaign = std::move(*campaign);
    v.from = m.from;
    v.body = m.body;
    if (m.contact) v.contact = {*m.contact};
    if (m.inactive) v.outcome = MessageOutcome::inactive;
    v.media = m.media;
    v.segments = m.segments;
    v.received_at = m.received_at;
    return v;
  }

 private:
  CampaignLookup x_campaigns;
};

struct ListMessages {
  static constexpr std::string_view operation = "ListMessages";
  static constexpr std::string_view summary =
      "What was written to the numbers of a workspace, newest first; search: digits of either number";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/messages"};
  static constexpr Access access = needs("calls.read");
  WorkspaceId workspace;
  std::vector<CampaignId> campaign;
  std::vector<NumberId> number;
  std::vector<CallerNumber> from;
  std::vector<ContactId> contact;
  std::optional<Timestamp> received_from, received_to;
  std::optional<std::string> search, sort;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListMessages, (),
                       (workspace, campaign, number, from, contact, received_from, received_to, search, sort,
                        limit, cursor, page, per_page),
                       (), ())
  using Row = MessageView;
};

MessagesQuery query_of(const ListMessages& q) {
  using Facet = MessageTimeline::Facet;
  MessagesQuery query;
  query.workspace = q.workspace;
  query.from = q.received_from;
  query.to = q.received_to;
  query.search = q.search.value_or("");
  auto add = [&query](Facet facet, const auto& values, auto&& text) {
    std::vector<std::string> wanted;
    for (const auto& v : values) wanted.push_back(text(v));
    if (!wanted.empty()) query.wanted.emplace_back(facet, std::move(wanted));
  };
  auto raw = [](const auto& id) { return KeyBuilder().id(id).done(); };
  add(Facet::campaign, q.campaign, raw);
  add(Facet::number, q.number, raw);
  add(Facet::contact, q.contact, raw);
  add(Facet::from, q.from, [](const CallerNumber& from) { return from.value; });
  return query;
}

QueryAnswer answer(const ListMessages& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto query = query_of(q);
  query.page = std::move(*page);
  auto descending = newest_first(q.sort, "received_at");
  if (!descending) return std::unexpected(descending.error());
  query.descending = *descending;
  auto rows = list_messages(asked.ctx.sight.of<MessagesView>(), query);
  if (!rows) return refused(rows.error());
  MessageViews views(asked);
  return list_answer(*rows, asked, [&](const MessageRow& row) { return views.view(row.message); });
}

struct GetMessage {
  static constexpr std::string_view operation = "GetMessage";
  static constexpr std::string_view summary = "One message";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/messages/{message}"};
  static constexpr Access access = needs("calls.read");
  WorkspaceId workspace;
  MessageId message;
  BOOST_DESCRIBE_CLASS(GetMessage, (), (workspace, message), (), ())
  using Answer = MessageView;
};

QueryAnswer answer(const GetMessage& q, const Asked& asked) {
  auto row = find_message(asked.ctx.sight.of<MessagesView>(), q.workspace, q.message);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  auto view = MessageViews(asked).view((*row)->message);
  if (!view) return refused(view.error());
  return resource(*view, 0, asked.call);
}

}  // namespace

std::vector<Operation> message_queries(const QueryPortsPtr& ports) {
  return {query<ListMessages>(ports), query<GetMessage>(ports)};
}

}  // namespace ringledger
