// The calls of a workspace: lists, filters, search, pages; and the inventory's last call.
#include "projections/calls.hpp"

#include <algorithm>
#include <random>

#include "projections/inventory.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

CallId call(std::uint64_t n) { return id_of<CallId>(n, 9); }

calls::Received received(std::uint64_t n, std::uint64_t number, std::int64_t minute,
                         WorkspaceId workspace = ws()) {
  calls::Received e;
  e.call = call(n);
  e.workspace = workspace;
  e.number = num(number);
  e.connection = con();
  e.account_sid = "AC1";
  e.provider_sid = "CA" + std::to_string(n);
  e.to = "+1415555010" + std::to_string(number);
  e.status = "ringing";
  e.started_at = Timestamp{1'700'000'000'000 + minute * 60'000};
  e.route.kind = calls::RouteKind::forward;
  e.from = Personal<std::string>("+1212555020" + std::to_string(n % 3));
  e.caller_name = Personal<std::string>(n % 2 ? "Ann Caller" : "Bob Baker");
  return e;
}
calls::Attributed attributed(std::uint64_t n, std::uint64_t campaign, WorkspaceId workspace = ws()) {
  calls::Attributed e{call(n), workspace, {}};
  e.attribution.campaign = cmp(campaign);
  return e;
}
calls::StatusReported ended(std::uint64_t n, const std::string& word, std::int64_t duration_s) {
  calls::StatusReported e;
  e.call = call(n);
  e.workspace = ws();
  e.report = e.status = word;
  e.duration_s = duration_s;
  return e;
}

/// Six calls on two numbers, a minute apart: 1, 3, 5 on number 1 (campaign 1), 2, 4, 6 on number 2 (campaign
/// 2); 1 and 2 answered, 3 busy, the others still going on.
World six() {
  World w;
  w.given({imported(1, "+14155550101"), imported(2, "+14155550102")});
  for (std::uint64_t n = 1; n <= 6; ++n) {
    std::uint64_t number = n % 2 ? 1 : 2;
    w.given({received(n, number, static_cast<std::int64_t>(n)), attributed(n, number)});
  }
  w.given({ended(1, "completed", 30)});
  w.given({ended(2, "completed", 31)});
  w.given({ended(3, "busy", 0)});
  w.check_verified();
  return w;
}

Page<CallRow> ask(const World& w, CallsQuery query = {}) {
  if (query.workspace.empty()) query.workspace = ws();
  auto page = list_calls(w.sight().of<CallsView>(), query);
  REQUIRE_MESSAGE(page.has_value(), (page ? "" : page.error().detail));
  return std::move(*page);
}
using Found = std::vector<std::uint64_t>;
Found numbers_of(const Page<CallRow>& page) {
  Found out;
  for (const auto& row : page.items) {
    for (std::uint64_t n = 1; n <= 9; ++n) {
      if (row.call.id == call(n)) out.push_back(n);
    }
  }
  return out;
}
/// What is found, its total exact.
Found found(const World& w, const CallsQuery& query) {
  auto page = ask(w, query);
  CHECK(page.total == page.items.size());
  CHECK(page.total_exact);
  return numbers_of(page);
}

/// Whether the call is what is asked for, told without any index.
bool wanted(const calls::Call& c, const CallsQuery& q) {
  auto one_of = [](const auto& values, const auto& value) {
    return values.empty() || (value && std::ranges::find(values, *value) != values.end());
  };
  auto in = [](std::string_view text, const std::string& part) {
    return !part.empty() && text.find(part) != std::string_view::npos;
  };
  auto from = c.from.clear();
  bool found = q.search.empty() || in(digits_of(c.to), digits_of(q.search)) ||
               in(digits_of(from.value_or("")), digits_of(q.search)) ||
               in(lower_ascii(c.caller_name.clear().value_or("")), lower_ascii(q.search));
  return found && one_of(q.campaigns, c.attribution.campaign) && one_of(q.numbers, c.number) &&
         one_of(q.outcomes, calls::outcome_of(c)) && one_of(q.from, from) &&
         (!q.started_from || c.started_at >= *q.started_from);
}

TEST_CASE("calls are listed newest first, or oldest first") {
  auto w = six();
  CallsQuery q;
  CHECK(found(w, q) == Found{6, 5, 4, 3, 2, 1});
  q.descending = false;
  CHECK(found(w, q) == Found{1, 2, 3, 4, 5, 6});
  q.workspace = ws(2);
  CHECK(found(w, q).empty());
}

TEST_CASE("calls are filtered by campaign, number, caller, outcome and time, alone and together") {
  auto w = six();
  CHECK(found(w, {.campaigns = {cmp(1)}}) == Found{5, 3, 1});
  CHECK(found(w, {.campaigns = {cmp(1), cmp(2)}}) == Found{6, 5, 4, 3, 2, 1});
  CHECK(found(w, {.numbers = {num(2)}}) == Found{6, 4, 2});
  CHECK(found(w, {.from = {"+12125550201"}}) == Found{4, 1});
  CHECK(found(w, {.outcomes = {calls::Outcome::answered}}) == Found{2, 1});
  CHECK(found(w, {.outcomes = {calls::Outcome::answered, calls::Outcome::busy}}) == Found{3, 2, 1});
  CHECK(found(w, {.numbers = {num(1)}, .outcomes = {calls::Outcome::answered}}) == Found{1});
  Timestamp third = received(3, 1, 3).started_at, fourth = received(4, 2, 4).started_at;
  CHECK(found(w, {.started_from = third, .started_to = fourth}) == Found{4, 3});
  CHECK(found(w, {.campaigns = {cmp(2)}, .started_from = third}) == Found{6, 4});
  CHECK(found(w, {.started_from = fourth, .started_to = third}).empty());
}

TEST_CASE("calls are searched by the digits of either number and by the caller's name") {
  auto w = six();
  CHECK(found(w, {.search = "550-201"}) == Found{4, 1});
  CHECK(found(w, {.search = "(415) 555-0102"}) == Found{6, 4, 2});
  CHECK(found(w, {.search = "ann c"}) == Found{5, 3, 1});
  CHECK(found(w, {.search = "nobody"}).empty());
}

TEST_CASE("every call appears once over the pages, in both directions, also by page and per_page") {
  auto w = six();
  for (bool descending : {true, false}) {
    CallsQuery q{.descending = descending, .page = {.limit = 4}};
    auto first = ask(w, q);
    REQUIRE(first.next_cursor);
    CHECK(first.total == 6);
    q.page.cursor = *first.next_cursor;
    auto second = ask(w, q);
    CHECK_FALSE(second.next_cursor);
    auto all = numbers_of(first);
    for (auto n : numbers_of(second)) all.push_back(n);
    CHECK(all == (descending ? Found{6, 5, 4, 3, 2, 1} : Found{1, 2, 3, 4, 5, 6}));
    q.descending = !descending;
    CHECK_FALSE(list_calls(w.sight().of<CallsView>(), q).has_value());  // a cursor of another list
  }
  CHECK(numbers_of(ask(w, {.page = {.limit = 2, .skip = 2}})) == Found{4, 3});
}

World five_numbers() {
  World w;
  for (std::uint64_t n = 1; n <= 5; ++n) w.given({imported(n, "+1415555010" + std::to_string(n))});
  return w;
}

/// All pages by their cursors, however short, as numbers.
Found walked(const World& w, CallsQuery q) {
  Found all;
  for (int pages = 0; pages < 1'000; ++pages) {
    auto page = ask(w, q);
    CHECK(page.items.size() <= q.page.limit);
    for (const auto& row : page.items) all.push_back(row.call.id.raw.ms());
    if (!page.next_cursor) return all;
    q.page.cursor = *page.next_cursor;
  }
  FAIL("a list without an end");
  return all;
}

TEST_CASE("a page that would look at too many calls is cut short and goes on: each call appears once") {
  auto w = six();
  auto all = ask(w, {.page = {.limit = 4}});
  CallsQuery rare{.search = "an", .page = {.limit = 4}, .look_at_most = 2};  // too short for an index
  auto first = ask(w, rare);
  CHECK(first.items.size() == 1);
  CHECK(first.next_cursor);
  CHECK_FALSE(first.total_exact);
  CHECK(walked(w, rare).size() == 3);
  CHECK(walked(w, {.page = {.limit = 4}, .look_at_most = 1}).size() == 6);
}

TEST_CASE("a search looks only at the calls of whom it finds, a filter only at those of its values") {
  World w = five_numbers();
  for (std::uint64_t n = 1; n <= 200; ++n) {
    auto e = received(n, 1 + n % 5, static_cast<std::int64_t>(n));
    e.from = Personal<std::string>("+1212555" + std::to_string(1000 + n % 20));
    e.caller_name = Personal<std::string>(std::string("Name ") + static_cast<char>('a' + n % 20));
    w.given({e, attributed(n, n % 7)});
  }
  auto cheap = [&](CallsQuery q, std::size_t calls) {
    q.look_at_most = calls;
    auto page = ask(w, q);
    CHECK(page.items.size() == calls);
    CHECK_FALSE(page.next_cursor);
    CHECK(page.total == calls);
    CHECK(page.total_exact);
  };
  cheap({.search = "555-1007"}, 10);
  cheap({.search = "NAME H"}, 10);
  cheap({.search = "50103"}, 40);  // a number of ours
  cheap({.from = {"+12125551007", "+12125551008"}}, 20);
}

TEST_CASE("whatever is asked, the list is what looking at every call would give") {
  auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  auto below = [&](std::uint64_t n) {
    return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random);
  };
  const std::vector<std::string> callers{"+12125550100", "+12125550101", "+447700900123", "anonymous", ""};
  const std::vector<std::string> names{"", "ANN CALLER", "Bob Baker", "ann other"};
  World w = five_numbers();
  std::vector<CallRow> calls;
  for (std::uint64_t n = 1; n <= 150; ++n) {
    auto e = received(n, 1 + below(3), static_cast<std::int64_t>(below(60)));
    e.from = Personal(callers[below(callers.size())]);
    auto name = names[below(names.size())];
    e.caller_name = name.empty() ? Personal<std::string>() : Personal(name);
    w.given({e, attributed(n, 1 + below(3))});
    if (below(2)) w.given({ended(n, below(2) ? "completed" : "busy", static_cast<std::int64_t>(below(2)))});
  }
  w.check_verified();
  CallsQuery every{.workspace = ws(), .page = {.limit = 500}};
  for (auto& row : ask(w, every).items) calls.push_back(row);
  REQUIRE(calls.size() == 150);
  const std::vector<std::string> searches{"",      "555", "5550101", "7700 900", "ann",
                                          "baker", "an",  "12",      "BOB B",    "0103"};
  for (int round = 0; round < 300; ++round) {
    CallsQuery q{.workspace = ws(), .descending = below(2) == 0, .page = {.limit = 1 + below(40)}};
    if (below(3) == 0) q.campaigns = {cmp(1 + below(3)), cmp(1 + below(3))};
    if (below(3) == 0) q.numbers = {num(1 + below(3))};
    if (below(4) == 0) q.outcomes = {calls::Outcome::answered, calls::Outcome::busy};
    if (below(4) == 0) q.from = {callers[below(3)]};
    if (below(4) == 0)
      q.started_from = Timestamp{1'700'000'000'000 + static_cast<std::int64_t>(below(60)) * 60'000};
    q.search = searches[below(searches.size())];
    CAPTURE(round);
    Found expected;
    for (const auto& row : calls) {
      if (wanted(row.call, q)) expected.push_back(row.call.id.raw.ms());
    }
    if (!q.descending) std::ranges::reverse(expected);
    CHECK(walked(w, q) == expected);
    auto page = ask(w, q);
    CHECK(page.total_exact);
    CHECK(page.total == expected.size());
  }
}

TEST_CASE("no key of an entry or a counter holds anything of a caller") {
  World w;
  auto e = received(1, 1, 1);
  e.from = Personal<std::string>("+447700900123");
  e.caller_name = Personal<std::string>("Ann Caller");
  w.given({imported(1, "+14155550101")});
  w.given({e, attributed(1, 1)});
  auto rows = w.sight().of<CallsView>();
  std::size_t keys = 0;
  for (char space : {index_space, counter_space}) {
    rows.scan(space, "", "", false, [&](std::string_view key, std::string_view) {
      ++keys;
      for (const char* part : {"447700", "770090", "900123", "ann", "Ann", "caller", "Caller"})
        CHECK_MESSAGE(key.find(part) == std::string_view::npos, part);
      return true;
    });
  }
  CHECK(keys > 30);
  CHECK(found(w, {.search = "7700900123"}) == Found{1});
  CHECK(found(w, {.search = "caller"}) == Found{1});
}

TEST_CASE("CON-11 a contact's calls are found, and the longest time told of each answered one is talked") {
  World w;
  auto ann = id_of<ContactId>(1, 11);
  w.given({imported(1, "+14155550101")});
  w.given(
      {contacts::Created{ann, ws(), contacts::Source::call, "US", Personal<std::string>("+12125550100")}});
  for (std::uint64_t n = 1; n <= 3; ++n) {
    auto e = received(n, 1, static_cast<std::int64_t>(n));
    if (n != 3) e.contact = ann;
    w.given({e, attributed(n, 1)});
    w.given({ended(n, "completed", 30)});
  }
  auto longer = ended(1, "completed", 45);
  longer.report = "again";
  w.given({longer});
  w.check_verified();
  CHECK(found(w, {.contacts = {ann}}) == Found{2, 1});
  auto talked = calls_of_contact(w.sight().of<CallsView>(), ws(), ann);
  CHECK(talked.answered == 2);
  CHECK(talked.talked_s == 75);
}

TEST_CASE("HLT-01 a number's calls are counted by campaign: inbound ones, and how many were answered") {
  auto w = six();
  auto out = received(7, 1, 7);
  out.direction = calls::Direction::outbound;
  w.given({out, attributed(7, 1)});
  w.given({received(8, 1, 8), attributed(8, 2)});
  auto health = health_of(w.sight().of<CallsView>(), ws(), num(1));
  REQUIRE(health);
  REQUIRE(health->size() == 2);
  CHECK((*health)[0].campaign == cmp(1));
  CHECK((*health)[0].attempts == 3);
  CHECK((*health)[0].answered == 1);
  CHECK((*health)[1].attempts == 1);
  CHECK((*health)[1].answered == 0);
  CHECK(health_of(w.sight().of<CallsView>(), ws(2), num(1))->empty());
}

TEST_CASE("calls that live are known to the server, of every workspace, until they end") {
  auto w = six();
  std::vector<CallId> live;
  REQUIRE(each_live_call(w.sight().of<CallsView>(), [&](const LiveCall& c) {
    CHECK(c.account == acc());
    CHECK(c.account_sid == "AC1");
    live.push_back(c.call);
    return true;
  }));
  CHECK(live == std::vector<CallId>{call(4), call(5), call(6)});
}

TEST_CASE("NUM-16 the last call of a number is the last it received, not one that went out") {
  auto w = six();
  auto last = [&](std::uint64_t n) {
    return w.sight().of<InventoryView>().row(inventory_key(acc(), num(n)))->value().last_call_at;
  };
  CHECK(last(1) == received(5, 1, 5).started_at);
  w.given({received(7, 1, 2)});  // recorded late
  CHECK(last(1) == received(5, 1, 5).started_at);
  auto out = received(8, 1, 9);
  out.direction = calls::Direction::outbound;
  w.given({out});
  CHECK(last(1) == received(5, 1, 5).started_at);
  w.check_verified();
}

TEST_CASE(
    "XFR-07 LOG-08 the calls of a number stay with the workspace that had it; at its new place it has none") {
  auto w = six();
  w.given({numbers::TransferredOut{num(1), ws(), {}, {}},
           transferred_in(imported(1, "+14155550101"), ws(2), con(2))});
  auto row = [&] { return w.sight().of<InventoryView>().row(inventory_key(acc(), num(1)))->value(); };
  CHECK_FALSE(row().last_call_at);
  w.given({received(7, 1, 8)});  // a late record of a call from before
  CHECK_FALSE(row().last_call_at);
  w.given({received(8, 1, 9, ws(2))});
  CHECK(row().last_call_at == received(8, 1, 9).started_at);
  CHECK(found(w, {.numbers = {num(1)}}) == Found{7, 5, 3, 1});
  CHECK(found(w, {.workspace = ws(2)}) == Found{8});
  w.check_verified();
}

TEST_CASE(
    "a recomputed attribution counts from then on; the ones before stay, the first and the newest of many") {
  auto w = six();
  auto row = [&] { return find_call(w.sight().of<CallsView>(), ws(), call(1))->value(); };
  auto first = row();
  CHECK(first.attributed.event == event_id(w.log.commits()[1].commit->id, 1));
  CHECK(first.earlier.empty());
  auto recomputed = [&](std::int64_t version) {
    calls::AttributionRecomputed e{call(1), ws(), row().attributed.event, first.call.attribution};
    e.attribution.model = attribution::Model::linear;
    e.attribution.model_version = version;
    return e;
  };
  w.given({recomputed(1)});
  CHECK(row().call.attribution.model == attribution::Model::linear);
  CHECK(row().attributed.event != first.attributed.event);
  CHECK(row().earlier == std::vector<PastAttribution>{{first.attributed, first.call.attribution}});
  CHECK(found(w, {.campaigns = {cmp(1)}}) == Found{5, 3, 1});
  for (std::int64_t version = 2; version <= 20; ++version) w.given({recomputed(version)});
  auto now = row();
  REQUIRE(now.earlier.size() == most_past_attributions);
  CHECK(now.earlier[0].by == first.attributed);
  CHECK(now.earlier[1].attribution.model_version == 5);
  CHECK(now.earlier.back().attribution.model_version == 19);
  CHECK(now.call.attribution.model_version == 20);
  w.check_verified();
}

TEST_CASE("DEL-04 calls are there after their number was deleted") {
  auto w = six();
  w.given({numbers::Deleted{num(1), ws(), {}, false, {}}});
  CHECK(found(w, {.numbers = {num(1)}}) == Found{5, 3, 1});
}

}  // namespace
}  // namespace ringledger
