// The calls of a workspace: lists, filters, search, pages; and the inventory's last call.
#include "projections/calls.hpp"

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

TEST_CASE("DEL-04 calls are there after their number was deleted") {
  auto w = six();
  w.given({numbers::Deleted{num(1), ws(), {}, false, {}}});
  CHECK(found(w, {.numbers = {num(1)}}) == Found{5, 3, 1});
}

}  // namespace
}  // namespace ringledger
