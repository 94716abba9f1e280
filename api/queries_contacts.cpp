// Queries about contacts: lists, one with its figures, and all that is held about a person.
#include <limits>
#include <map>
#include <set>
#include <stdexcept>

#include "api/caller_number.hpp"
#include "api/cloud_event.hpp"
#include "api/position.hpp"
#include "api/query_operation.hpp"
#include "projections/calls.hpp"
#include "projections/contacts.hpp"
#include "projections/history.hpp"

namespace ringledger {
namespace {

constexpr std::size_t chunk_events = 100;  ///< of an export

/// A contact as its readers see it. `calls` counts all, `average_duration_s` those that were answered
/// (CON-11).
struct ContactView {
  ContactId id;
  Personal<std::string> phone, name;
  std::optional<contacts::NameSource> name_source;
  contacts::Source source{};
  std::string country;
  contacts::Consent consent{};
  std::optional<Timestamp> consent_at;
  std::optional<MessageId> consent_message;  ///< the evidence
  // LOG-01: of the person; what is noted of its calls stands with them.
  std::optional<Money> deal_value;
  std::optional<leads::Status> lead_status;
  Personal<std::string> notes;
  Personal<leads::Tags> tags;
  std::int64_t calls = 0, answered_calls = 0, messages = 0;
  std::optional<std::int64_t> average_duration_s;  ///< null: no call was answered
  Timestamp created_at, last_contact_at;
  bool erased = false;
  std::int64_t version = 0;
  BOOST_DESCRIBE_CLASS(ContactView, (),
                       (id, phone, name, name_source, source, country, consent, consent_at, consent_message,
                        deal_value, lead_status, notes, tags, calls, answered_calls, messages,
                        average_duration_s, created_at, last_contact_at, erased, version),
                       (), ())
};

ContactView view_of(const ContactRow& row, const Asked& asked) {
  const auto& c = row.contact;
  ContactView v;
  v.id = c.id;
  v.phone = c.phone;
  if (auto name = contacts::name_of(c)) {
    v.name = Personal(name->text);
    v.name_source = name->source;
  }
  v.source = c.source;
  v.country = c.country;
  v.consent = c.consent;
  v.consent_at = c.consent_at;
  v.consent_message = c.consent_message;
  v.deal_value = c.deal_value;
  v.lead_status = c.lead_status;
  v.notes = c.notes;
  v.tags = c.tags;
  v.calls = row.calls;
  v.messages = row.messages;
  auto talked = calls_of_contact(asked.ctx.sight.of<CallsView>(), c.workspace, c.id);
  v.answered_calls = talked.answered;
  if (talked.answered > 0) v.average_duration_s = talked.talked_s / talked.answered;
  v.created_at = c.created_at;
  v.last_contact_at = row.last_contact_at;
  v.erased = c.erased;
  v.version = c.version;
  return v;
}

struct ListContacts {
  static constexpr std::string_view operation = "ListContacts";
  static constexpr std::string_view summary =
      "Who called or wrote, the latest first; search: digits of the phone number, or part of the name";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/contacts"};
  static constexpr Access access = needs("contacts.read");
  WorkspaceId workspace;
  std::vector<CallerNumber> phone;
  std::vector<contacts::Consent> consent;
  std::optional<Timestamp> last_contact_from, last_contact_to;
  std::optional<std::string> search, sort;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListContacts, (),
                       (workspace, phone, consent, last_contact_from, last_contact_to, search, sort, limit,
                        cursor, page, per_page),
                       (), ())
  using Row = ContactView;
};

ContactsQuery query_of(const ListContacts& q) {
  using Facet = ContactTimeline::Facet;
  ContactsQuery query;
  query.workspace = q.workspace;
  query.from = q.last_contact_from;
  query.to = q.last_contact_to;
  query.search = q.search.value_or("");
  std::vector<std::string> phones, consents;
  for (const auto& p : q.phone) phones.push_back(p.value);
  for (auto c : q.consent) consents.emplace_back(boost::describe::enum_to_string(c, ""));
  if (!phones.empty()) query.wanted.emplace_back(Facet::phone, std::move(phones));
  if (!consents.empty()) query.wanted.emplace_back(Facet::consent, std::move(consents));
  return query;
}

QueryAnswer answer(const ListContacts& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto query = query_of(q);
  query.page = std::move(*page);
  auto descending = newest_first(q.sort, "last_contact_at");
  if (!descending) return std::unexpected(descending.error());
  query.descending = *descending;
  auto rows = list_contacts(asked.ctx.sight.of<ContactsView>(), query);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, [&](const ContactRow& row) { return view_of(row, asked); });
}

struct GetContact {
  static constexpr std::string_view operation = "GetContact";
  static constexpr std::string_view summary = "One contact with its figures";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/contacts/{contact}"};
  static constexpr Access access = needs("contacts.read");
  WorkspaceId workspace;
  ContactId contact;
  BOOST_DESCRIBE_CLASS(GetContact, (), (workspace, contact), (), ())
  using Answer = ContactView;
};

QueryAnswer answer(const GetContact& q, const Asked& asked) {
  auto row = find_contact(asked.ctx.sight.of<ContactsView>(), q.workspace, q.contact);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  auto view = view_of(**row, asked);
  return resource(view, view.version, asked.call);
}

struct ExportContact {
  static constexpr std::string_view operation = "ExportContact";
  static constexpr std::string_view summary =
      "All that is held about a person: the contact, and every event of it, its calls, messages and visits. "
      "Needs events.read, too";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/contacts/{contact}/export"};
  static constexpr Access access = needs("contacts.read", "events.read");
  static constexpr std::size_t cost = 10;
  WorkspaceId workspace;
  ContactId contact;
  BOOST_DESCRIBE_CLASS(ExportContact, (), (workspace, contact), (), ())
  static boost::json::object answer_schema() {
    boost::json::object members{
        {"contact", json::schema_of<ContactView>(json::SchemaOf::answer)},
        {"events", boost::json::object{{"type", "array"}, {"items", cloud_event_schema()}}}};
    return {{"type", "object"}, {"properties", members}, {"required", {"contact", "events"}}};
  }
};

using Place = std::pair<std::uint64_t, std::size_t>;  ///< offset, index

/// Every event that names the contact, every one of its calls, and of the visits that these are owed to, or
/// were before they were decided again (the first and the newest 15 times).
Result<std::vector<Place>> places_of(const ContactRow& row, const Asked& asked) {
  constexpr auto end = std::numeric_limits<std::uint64_t>::max();
  const auto& c = row.contact;
  std::map<std::string, std::string_view> entities{{c.id.to_string(), ""}};  // what the types begin with
  auto add_visit = [&](const attribution::Snapshot& owed) {
    if (owed.session) entities.emplace(owed.session->to_string(), "session.");
  };
  CallsQuery calls;
  calls.workspace = c.workspace;
  calls.contacts = {c.id};
  do {
    auto page = list_calls(asked.ctx.sight.of<CallsView>(), calls);
    if (!page) return std::unexpected(page.error());
    for (const auto& call : page->items) {
      entities.emplace(call.call.id.to_string(), "call.");
      add_visit(call.call.attribution);
      for (const auto& past : call.earlier) add_visit(past.attribution);
    }
    calls.page.cursor = page->next_cursor.value_or("");
  } while (!calls.page.cursor.empty());
  std::set<Place> places;
  for (const auto& [entity, own] : entities) {
    auto points = feed_of_entity(asked.ctx.sight.of<HistoryView>(), row.account, entity, 0, end,
                                 std::numeric_limits<std::size_t>::max());
    for (const auto& p : points) {  // of a call or visit only its own: others' events name it, too
      if (p.type.starts_with(own)) places.emplace(p.offset, p.index);
    }
  }
  return std::vector(places.begin(), places.end());
}

/// Written as it is read: a person may have called for years.
QueryAnswer answer(const ExportContact& q, const Asked& asked) {
  auto row = find_contact(asked.ctx.sight.of<ContactsView>(), q.workspace, q.contact);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  auto places = places_of(**row, asked);
  if (!places) return refused(places.error());
  HttpResponse response = json_answer({});
  response.stream = [places = std::move(*places), next = std::size_t{0}, ports = asked.ports,
                     log = asked.ctx.log,
                     head = "{\"contact\":" + json::to_text(view_of(**row, asked)) +
                            ",\"events\":["](std::string& chunk) mutable {
    chunk += std::exchange(head, "");
    for (std::size_t n = 0; n < chunk_events && next < places.size(); ++n, ++next) {
      auto [offset, index] = places[next];
      auto commit = ports->commit_at(offset);
      if (!commit) throw std::runtime_error("export: " + commit.error().detail);
      chunk += (next ? "," : "") + cloud_event(**commit, index, position_text(log, offset));
    }
    bool more = next < places.size();
    if (!more) chunk += "]}";
    return more;
  };
  return response;
}

}  // namespace

std::vector<Operation> contact_queries(const QueryPortsPtr& ports) {
  return {query<ListContacts>(ports), query<GetContact>(ports), query<ExportContact>(ports)};
}

}  // namespace ringledger
