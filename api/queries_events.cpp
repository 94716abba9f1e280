// The feed of events, for analysts: a page, a stream to the end, or live.
#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "adapters/json/event_json.hpp"
#include "api/accept.hpp"
#include "api/cloud_event.hpp"
#include "api/event_feed.hpp"
#include "api/position.hpp"
#include "api/query_operation.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {
namespace {

constexpr std::size_t page_most_commits = 5'000;  ///< read for one page; past it the page ends early
constexpr std::size_t chunk_events = 100;         ///< of a stream, per chunk
constexpr std::size_t chunk_most_commits = 500;
constexpr std::int64_t comment_every_ms = 15'000;
constexpr std::int64_t rights_every_ms = 1'000;
constexpr std::int64_t most_wait_s = 30;
constexpr std::size_t most_filter_values = 100;
constexpr int skip_most_looks = 10;  ///< for page/per_page; past it the cursor is the way

struct ReadEvents {
  static constexpr std::string_view operation = "ReadEvents";
  static constexpr std::string_view summary =
      "The account's events in order: a page (application/json; with wait, held until there are some, and "
      "next_cursor "
      "is never null), to the end (application/x-ndjson), or live (text/event-stream)";
  static constexpr Route route{Method::get, "/v1/events"};
  static constexpr Access access{Access::Need::any};  // what is seen depends on the rights in each workspace
  static constexpr std::size_t cost = 2;
  static constexpr std::string_view media[] = {"application/json", "application/x-ndjson",
                                               "text/event-stream"};  // in the order of Form
  std::optional<std::string> from, to;                                ///< positions, inclusive
  std::vector<Text<100>> type;
  std::vector<WorkspaceId> workspace;
  std::vector<NumberId> number;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  std::optional<std::int64_t> wait;  ///< seconds
  BOOST_DESCRIBE_CLASS(ReadEvents, (),
                       (from, to, type, workspace, number, limit, cursor, page, per_page, wait), (), ())
  static boost::json::object answer_schema() { return envelope_schema(cloud_event_schema()); }
};

enum class Form { page, lines, live };

/// By the Accept header; nullopt: none that we have.
std::optional<Form> form_of(std::string_view accept) {
  auto at = preferred_media(accept, ReadEvents::media);
  return at ? std::optional(static_cast<Form>(*at)) : std::nullopt;
}

/// Which workspaces' events the caller may see today: all of the account's, or those listed.
std::expected<void, Refusal> limit_to_rights(const ReadEvents& q, const Caller& caller, const Sight& sight,
                                             EventFilter& f) {
  constexpr std::string_view capability = "events.read";
  bool service_may = caller.key && !caller.member && caller.may(capability, {});
  bool everything = caller.is_account_owner() || (service_may && caller.key->key->workspaces.empty());
  auto rows = sight.of<WorkspacesView>();
  for (auto w : q.workspace) {
    auto row = find_workspace(rows, caller.account, w);
    if (!row) return std::unexpected(refused(row.error()).error());
    if (!*row || !caller.reaches(w)) return std::unexpected(no_such_thing().error());
    if (!caller.may(capability, w))
      return refuse(Code::forbidden, "The key lacks the capability events.read.");
    f.workspaces.push_back(w);
  }
  f.whole_account = everything && f.workspaces.empty();
  if (everything || !f.workspaces.empty()) return {};
  if (service_may) f.workspaces = caller.key->key->workspaces;
  if (caller.member) {
    for (const auto& role : caller.member->member->roles) {
      if (caller.may(capability, role.workspace)) f.workspaces.push_back(role.workspace);
    }
  }
  if (f.workspaces.empty()) return refuse(Code::forbidden, "The key lacks the capability events.read.");
  return {};
}

/// A position parameter as an offset.
std::expected<std::uint64_t, Refusal> offset_of(std::string_view name, const std::string& text,
                                                std::string_view log) {
  auto offset = read_offset(text, log);
  if (offset) return *offset;
  if (offset.error().code == Code::validation_failed) return bad_parameter(name, offset.error().detail);
  return refused(offset.error());
}

std::expected<EventFilter, Refusal> filter_of(const ReadEvents& q, const Caller& caller, const Sight& sight,
                                              std::string_view log) {
  EventFilter f;
  f.account = caller.account;
  for (auto [name, size] :
       {std::pair("type", q.type.size()), {"workspace", q.workspace.size()}, {"number", q.number.size()}}) {
    if (size > most_filter_values) return bad_parameter(name, "may stand at most 100 times");
  }
  auto known = json::event_types();
  for (std::size_t i = 0; i < q.type.size(); ++i) {
    bool is_one = std::find(known.begin(), known.end(), q.type[i].value) != known.end();
    if (!is_one) return bad_parameter("type", "is no event type; GET /v1/event-types lists them");
  }
  if (auto fine = limit_to_rights(q, caller, sight, f); !fine) return std::unexpected(fine.error());
  f.numbers = q.number;
  for (const auto& t : q.type) f.types.push_back(t.value);
  if (q.from) {
    auto from = offset_of("from", *q.from, log);
    if (!from) return std::unexpected(from.error());
    f.from = *from;
  }
  if (q.to) {
    auto to = offset_of("to", *q.to, log);
    if (!to) return std::unexpected(to.error());
    f.to = *to;
  }
  return f;
}

/// What a cursor is bound to: the account and the filters.
std::string list_name(const EventFilter& f, const ReadEvents& q) {
  KeyBuilder name;
  name.raw("events").id(f.account);
  for (auto w : q.workspace) name.byte('w').id(w);
  for (auto n : f.numbers) name.byte('n').id(n);
  for (const auto& t : f.types) name.byte('t').text(t);
  return name.done();
}

/// Where a reading goes on: one request, over many looks.
struct Reading {
  QueryPortsPtr ports;
  ReadEvents query;
  HttpRequest request;
  std::string log;
  EventFilter filter;  ///< as of the last check of rights
  EventPlace next;
  std::int64_t rights_ms = 0, sent_ms = 0, until_ms = 0;
  std::optional<std::uint64_t> seen;  ///< the views' position at the last look that found nothing more

  [[nodiscard]] std::int64_t now_ms() const { return ports->clock->monotonic_ms(); }
  [[nodiscard]] bool looked_at(const Sight& sight) const { return seen && *seen == sight.position(); }

  /// False: today's rights end it.
  bool check_rights(const Sight& sight) {
    if (now_ms() - rights_ms < rights_every_ms) return true;
    rights_ms = now_ms();
    auto caller = ports->identify(request);
    if (!caller) return false;
    auto today = filter_of(query, *caller, sight, log);
    if (!today) return false;
    today->to = filter.to;
    filter = std::move(*today);
    return true;
  }

  /// Looks from `next` on and moves it. Only what every view shows is read.
  Result<FeedSlice> look(const Sight& sight, std::size_t limit, std::size_t most_commits) {
    EventFilter f = filter;
    auto shown = sight.position();
    if (auto healthy = sight.health(); !healthy) return std::unexpected(healthy.error());
    if (shown == 0) return FeedSlice{{}, next, true};
    f.to = std::min(f.to, shown - 1);
    auto slice = read_feed(sight.of<HistoryView>(), ports->commit_at, f, next, limit, most_commits);
    if (!slice) return slice;
    if (slice->at_end) slice->next = std::max(slice->next, EventPlace{f.to + 1, 0});
    next = slice->next;
    if (slice->at_end) seen = shown;
    return slice;
  }

  [[nodiscard]] std::string text_of(const FoundEvent& e) const {
    return cloud_event(*e.commit, e.place.index, position_text(log, e.place.offset));
  }
};
using ReadingPtr = std::shared_ptr<Reading>;

/// A stream cannot be answered with a problem any more: it is broken off, which its reader sees.
FeedSlice or_break_off(Result<FeedSlice> slice) {
  if (!slice) throw std::runtime_error("events: " + slice.error().detail);
  return std::move(*slice);
}

Result<std::string> page_text(Reading& r, const Sight& sight, bool go_on, std::size_t limit) {
  auto slice = r.look(sight, limit, page_most_commits);
  if (!slice) return std::unexpected(slice.error());
  EventFilter counted = r.filter;
  if (auto shown = sight.position(); shown > 0) counted.to = std::min(counted.to, shown - 1);
  auto total = count_feed(sight.of<HistoryView>(), r.ports->commit_at, counted);
  if (!total) return std::unexpected(total.error());
  ListText list{{}, std::nullopt, total->total, total->exact};
  for (const auto& e : slice->events) list.items += (list.items.empty() ? "" : ",") + r.text_of(e);
  if (!slice->at_end || go_on) {
    auto order = KeyBuilder().u64(slice->next.offset).u64(slice->next.index).done();
    list.next_cursor = make_cursor(list_name(r.filter, r.query), order);
  }
  auto shown = sight.position();
  return envelope(list, position_text(r.log, shown == 0 ? 0 : shown - 1));
}

/// Holds the answer until there is an event, or the wait is over; nothing blocks meanwhile.
bool wait_for_page(Reading& r, std::size_t limit, std::string& chunk) {
  Sight sight = r.ports->sight();
  bool over = r.now_ms() >= r.until_ms;
  if (!over && r.looked_at(sight)) return true;
  if (!r.check_rights(sight)) throw std::runtime_error("events: the key's rights ended");
  auto start = r.next;
  auto found = or_break_off(r.look(sight, 1, chunk_most_commits));
  if (found.events.empty() && !over) return true;
  r.next = start;
  auto text = page_text(r, sight, true, limit);
  if (!text) throw std::runtime_error("events: " + text.error().detail);
  chunk = std::move(*text);
  return false;
}

/// Moves past that many events, as far as there are so many.
std::expected<void, Refusal> skip_events(Reading& r, const Sight& sight, std::size_t skip) {
  for (int looks = 0; skip > 0; ++looks) {
    if (looks == skip_most_looks) return bad_parameter("page", "lies too deep; use the cursor");
    auto slice = r.look(sight, skip, page_most_commits);
    if (!slice) return refused(slice.error());
    skip -= slice->events.size();
    if (slice->at_end) break;
  }
  return {};
}

QueryAnswer page_answer(const ReadingPtr& r, const Asked& asked) {
  const auto& q = r->query;
  auto request = page_request(q);
  if (!request) return std::unexpected(request.error());
  if (auto fine = skip_events(*r, asked.ctx.sight, request->skip); !fine)
    return std::unexpected(fine.error());
  if (q.cursor) {
    auto order = read_cursor(list_name(r->filter, q), *q.cursor);
    if (!order) return refused(order.error());
    KeyReader place(*order);
    r->next = {place.u64(), place.u64()};
    if (!place.ok()) return bad_parameter("cursor", "this is no cursor of this list");
  }
  auto start = r->next;
  auto first = r->look(asked.ctx.sight, 1, page_most_commits);
  if (!first) return refused(first.error());
  bool may_come = first->at_end && first->events.empty() && r->filter.to >= asked.ctx.sight.position();
  if (q.wait.value_or(0) > 0 && may_come) {
    r->until_ms = r->now_ms() + *q.wait * 1000;
    auto response = json_answer({});
    response.stream = [r, limit = request->limit](std::string& chunk) {
      return wait_for_page(*r, limit, chunk);
    };
    return response;
  }
  r->next = start;
  auto text = page_text(*r, asked.ctx.sight, q.wait.has_value(), request->limit);
  if (!text) return refused(text.error());
  return json_answer(std::move(*text));
}

/// Ends at what is there when it begins.
HttpResponse lines_answer(const ReadingPtr& r, const Sight& now) {
  auto shown = now.position();
  r->filter.to = std::min(r->filter.to, shown == 0 ? 0 : shown - 1);
  HttpResponse response;
  response.headers = {{"Content-Type", "application/x-ndjson"}, {"Cache-Control", "no-store"}};
  response.stream = [r](std::string& chunk) {
    Sight sight = r->ports->sight();
    if (!r->check_rights(sight)) throw std::runtime_error("events: the key's rights ended");
    auto slice = or_break_off(r->look(sight, chunk_events, chunk_most_commits));
    for (const auto& e : slice.events) chunk += r->text_of(e) + "\n";
    return !slice.at_end;
  };
  return response;
}

std::string message_of(const Reading& r, const FoundEvent& e) {
  auto position = position_text(r.log, e.place.offset);
  const auto& type = type_of(e.commit->events[e.place.index]);
  return "id: " + position + "/" + std::to_string(e.place.index) + "\nevent: " + std::string(type) +
         "\ndata: " + r.text_of(e) + "\n\n";
}

bool live_chunk(Reading& r, std::string& chunk) {
  Sight sight = r.ports->sight();
  if (!r.check_rights(sight)) return false;
  bool ended = false;
  if (!r.looked_at(sight)) {
    auto slice = or_break_off(r.look(sight, chunk_events, chunk_most_commits));
    for (const auto& e : slice.events) chunk += message_of(r, e);
    ended = slice.at_end && sight.position() > r.filter.to;
  }
  if (chunk.empty() && r.now_ms() - r.sent_ms >= comment_every_ms) chunk = ": still here\n\n";
  if (!chunk.empty()) r.sent_ms = r.now_ms();
  return !ended;
}

/// `<position>/<index>` of the last message seen: goes on right after it.
std::expected<EventPlace, Refusal> after_message(std::string_view id, std::string_view log) {
  auto slash = id.rfind('/');
  auto index = slash == std::string_view::npos ? std::string_view() : id.substr(slash + 1);
  std::uint32_t n = 0;
  auto [end, ec] = std::from_chars(index.data(), index.data() + index.size(), n);
  if (index.empty() || ec != std::errc{} || end != index.data() + index.size()) {
    return bad_parameter("Last-Event-ID", "must be the id of a message of this stream");
  }
  auto offset = offset_of("Last-Event-ID", std::string(id.substr(0, slash)), log);
  if (!offset) return std::unexpected(offset.error());
  return EventPlace{*offset, std::size_t{n} + 1};
}

QueryAnswer live_answer(const ReadingPtr& r) {
  if (auto id = r->request.header("Last-Event-ID"); !id.empty()) {
    auto after = after_message(id, r->log);
    if (!after) return std::unexpected(after.error());
    r->next = std::max(r->next, *after);
  }
  r->sent_ms = r->now_ms();
  HttpResponse response;
  response.headers = {
      {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  response.stream = [r](std::string& chunk) { return live_chunk(*r, chunk); };
  return response;
}

QueryAnswer answer(const ReadEvents& q, const Asked& asked) {
  auto form = form_of(asked.call.request.header("Accept"));
  if (!form)
    return refuse(Code::not_acceptable,
                  "Accept application/json, application/x-ndjson or text/event-stream.");
  if (q.wait && (*q.wait < 0 || *q.wait > most_wait_s))
    return bad_parameter("wait", "must lie between 0 and 30");
  auto filter = filter_of(q, asked.call.caller, asked.ctx.sight, asked.ctx.log);
  if (!filter) return std::unexpected(filter.error());
  auto r = std::make_shared<Reading>();
  r->ports = asked.ports;
  r->query = q;
  r->request = asked.call.request;
  r->log = asked.ctx.log;
  r->filter = std::move(*filter);
  r->next = {r->filter.from, 0};
  r->rights_ms = r->now_ms();
  if (*form == Form::page) return page_answer(r, asked);
  if (auto page = page_request(q); !page) return std::unexpected(page.error());
  if (q.page || q.per_page) return bad_parameter("page", "goes with application/json; streams begin at from");
  if (q.cursor) return bad_parameter("cursor", "goes with application/json; streams begin at from");
  return *form == Form::lines ? lines_answer(r, asked.ctx.sight) : live_answer(r);
}

}  // namespace

std::vector<Operation> event_queries(const QueryPortsPtr& ports) { return {query<ReadEvents>(ports)}; }

}  // namespace ringledger
