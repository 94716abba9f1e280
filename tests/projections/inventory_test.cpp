// The inventory of a workspace: lists, filters, search, sorts, pages, the summary.
#include <set>

#include "projections/inventory_query.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

Page<InventoryRow> ask(const World& w, InventoryQuery query) {
  query.account = acc();
  if (query.workspace.empty()) query.workspace = ws();
  auto sight = w.sight();
  auto page = list_numbers(sight.of<InventoryView>(), sight.of<CampaignsView>(), query);
  REQUIRE_MESSAGE(page.has_value(), (page ? "" : page.error().detail));
  return std::move(*page);
}

std::vector<std::string> e164s(const Page<InventoryRow>& page) {
  std::vector<std::string> out;
  for (const auto& row : page.items) out.push_back(row.number.e164.text);
  return out;
}

std::vector<std::string> found(const World& w, InventoryFilter filter,
                               InventorySort sort = InventorySort::e164, bool descending = false) {
  InventoryQuery q;
  q.filter = std::move(filter);
  q.sort = sort;
  q.descending = descending;
  auto page = ask(w, q);
  CHECK(page.total == page.items.size());
  CHECK(page.total_exact);
  return e164s(page);
}

InventoryFilter by(Facet facet, std::vector<std::string> values) {
  InventoryFilter f;
  f.facets.emplace_back(facet, std::move(values));
  return f;
}
InventoryFilter search(std::string text) {
  InventoryFilter f;
  f.search = std::move(text);
  return f;
}

InventorySummary summary(const World& w, WorkspaceId workspace = ws()) {
  auto sight = w.sight();
  return summarize(sight.of<InventoryView>(), sight.of<CampaignsView>(), workspace);
}

using List = std::vector<std::string>;

/// Four numbers: two in a static campaign and a tracker, one inactive, one British.
World four() {
  World w;
  auto gb = imported(4, "+447700900123", "London");
  gb.number_type = numbers::NumberType::mobile;
  gb.capabilities = {.voice = true};
  gb.monthly_cost = Money{20'000, "GBP"};
  auto cheap = imported(1, "+14155550101", "Front desk");
  cheap.monthly_cost = Money{11'500, "USD"};
  auto other = imported(2, "+12125550102", "back office");
  other.monthly_cost = Money{11'500, "USD"};
  w.given({campaign(1, "Radio"), campaign(2, "Site", campaigns::Type::website_tracker)});
  w.given({cheap}).given({other}).given({imported(3, "+14155550103")}).given({gb});
  w.given({assigned(1, 1)}).given({assigned(2, 2)});
  w.given({numbers::Deactivated{num(3), ws()}});
  return w;
}

TEST_CASE("NUM-01 NUM-02 a workspace lists its own numbers, with label and E.164, and no others") {
  World w;
  w.given({imported(1, "+14155550101", "Front desk")}).given({imported(2, "+14155550102", {}, ws(2))});
  auto page = ask(w, {});
  CHECK(e164s(page) == List{"+14155550101"});
  CHECK(page.items[0].number.label == "Front desk");
  CHECK(page.total == 1);
  InventoryQuery other;
  other.workspace = ws(2);
  CHECK(e164s(ask(w, other)) == List{"+14155550102"});
}

TEST_CASE("NUM-03 NUM-04 NUM-06 a row shows campaign, status, routing and CNAM as the events left them") {
  auto w = four();
  auto sight = w.sight();
  auto rows = sight.of<InventoryView>();
  auto one = find_number(rows, acc(), ws(), num(1)).value().value();
  CHECK(one.number.campaign == cmp(1));
  CHECK(one.number.routing == numbers::Routing::campaign);
  CHECK(find_number(rows, acc(), ws(), E164{"+14155550103"}).value()->number.status ==
        numbers::Status::inactive);
}

TEST_CASE("NUM-20 a number of another workspace or account is not there") {
  auto w = four();
  auto sight = w.sight();
  auto rows = sight.of<InventoryView>();
  CHECK_FALSE(find_number(rows, acc(), ws(2), num(1)).value().has_value());
  CHECK_FALSE(find_number(rows, acc(2), ws(), num(1)).value().has_value());
  CHECK_FALSE(find_number(rows, acc(2), ws(), E164{"+14155550101"}).value().has_value());
}

TEST_CASE("NUM-05 the summary counts numbers and distinct campaigns apart") {
  auto w = four();
  w.given({imported(5, "+14155550105")}).given({assigned(5, 1)});
  auto s = summary(w);
  CHECK(s.total == 5);
  CHECK(s.assigned == 3);
  CHECK(s.unassigned == 2);
  CHECK(s.active_campaigns == 2);
  CHECK(s.inactive == 1);
  CHECK(s.by_type == decltype(s.by_type){{"local", 4}, {"mobile", 1}});
  CHECK(s.by_country == decltype(s.by_country){{"GB", 1}, {"US", 4}});
  CHECK(s.monthly_cost == std::vector<Money>{{20'000, "GBP"}, {23'000, "USD"}});
  w.given({unassigned(2, 2)});
  CHECK(summary(w).active_campaigns == 1);
  CHECK(summary(w, ws(2)).total == 0);
}

TEST_CASE("NUM-12 the list is filtered by assignment") {
  auto w = four();
  CHECK(found(w, by(Facet::assignment, {"assigned"})) == List{"+12125550102", "+14155550101"});
  CHECK(found(w, by(Facet::assignment, {"unassigned"})) == List{"+14155550103", "+447700900123"});
  CHECK(found(w, by(Facet::assignment, {"unassigned", "assigned"})).size() == 4);
}

TEST_CASE("NUM-13 the list is filtered by campaign and by campaign type") {
  auto w = four();
  CHECK(found(w, by(Facet::campaign, {cmp(1).to_string()})) == List{"+14155550101"});
  CHECK(found(w, by(Facet::campaign, {cmp(3).to_string()})).empty());
  InventoryFilter trackers;
  trackers.campaign_types = {campaigns::Type::website_tracker};
  CHECK(found(w, trackers) == List{"+12125550102"});
  trackers.campaign_types.push_back(campaigns::Type::static_);
  CHECK(found(w, trackers).size() == 2);
}

TEST_CASE("every other filter: same name ORed, different names ANDed") {
  auto w = four();
  CHECK(found(w, by(Facet::status, {"inactive"})) == List{"+14155550103"});
  CHECK(found(w, by(Facet::number_type, {"mobile"})) == List{"+447700900123"});
  CHECK(found(w, by(Facet::country, {"GB", "FR"})) == List{"+447700900123"});
  CHECK(found(w, by(Facet::area_code, {"415"})) == List{"+14155550101", "+14155550103"});
  CHECK(found(w, by(Facet::routing, {"campaign"})) == List{"+12125550102", "+14155550101"});
  CHECK(found(w, by(Facet::routing, {"external"})) == List{"+447700900123"});
  CHECK(found(w, by(Facet::capability, {"sms"})).size() == 3);
  CHECK(found(w, by(Facet::capability, {"sms", "voice"})).size() == 4);
  CHECK(found(w, by(Facet::capability, {"fax"})).empty());
  CHECK(found(w, by(Facet::provider_state, {"pending"})).size() == 3);
  CHECK(found(w, by(Facet::cnam, {"off"})).size() == 4);
  CHECK(found(w, by(Facet::origin, {"twilio"})).size() == 4);
  CHECK(found(w, by(Facet::origin, {"byot"})).empty());
  auto both = by(Facet::area_code, {"415"});
  both.facets.emplace_back(Facet::status, std::vector<std::string>{"active"});
  CHECK(found(w, both) == List{"+14155550101"});
  both.campaign_types = {campaigns::Type::website_tracker};
  CHECK(found(w, both).empty());
}

TEST_CASE("NUM-14 search finds digits anywhere with punctuation ignored, and parts of labels without case") {
  auto w = four();
  CHECK(found(w, search("(415) 555")) == List{"+14155550101", "+14155550103"});
  CHECK(found(w, search("0102")) == List{"+12125550102"});
  CHECK(found(w, search("+14155550103")) == List{"+14155550103"});
  CHECK(found(w, search("DESK")) == List{"+14155550101"});
  CHECK(found(w, search("on")) == List{"+14155550101", "+447700900123"});
  CHECK(found(w, search("front desk with a long tail")).empty());
  CHECK(found(w, search("nowhere")).empty());
  CHECK(found(w, search("desk 415")).empty());  // letters: only labels are meant
  auto narrowed = search("on");
  narrowed.facets.emplace_back(Facet::country, std::vector<std::string>{"GB"});
  CHECK(found(w, narrowed) == List{"+447700900123"});
  w.given({numbers::Renamed{num(4), ws(), "Leeds 415"}});
  CHECK(found(w, search("london")).empty());
  CHECK(found(w, search("415")) == List{"+14155550101", "+14155550103", "+447700900123"});
}

TEST_CASE("NUM-14 a part of a label longer than an index entry is still found whole") {
  World w;
  w.given({imported(1, "+14155550101", "The quick brown fox jumps")});
  w.given({imported(2, "+14155550102", "The quick brown bear sits")});
  CHECK(found(w, search("quick brown fox")) == List{"+14155550101"});
  CHECK(found(w, search("quick brown ")).size() == 2);
  w.given({imported(3, "+14155550103", std::string(40, 'a'))});  // endings that are alike once cut
  CHECK(found(w, search(std::string(20, 'A'))) == List{"+14155550103"});
  w.given({numbers::Renamed{num(3), ws(), std::string(30, 'a')}});
  CHECK(found(w, search(std::string(20, 'A'))) == List{"+14155550103"});
  w.check_verified();
}

TEST_CASE("lists sort by number, label, import and last call, both ways; no label comes last") {
  auto w = four();
  CHECK(found(w, {}) == List{"+12125550102", "+14155550101", "+14155550103", "+447700900123"});
  CHECK(found(w, {}, InventorySort::label) ==
        List{"+12125550102", "+14155550101", "+447700900123", "+14155550103"});
  CHECK(found(w, {}, InventorySort::imported_at, true) ==
        List{"+447700900123", "+14155550103", "+12125550102", "+14155550101"});
  CHECK(found(w, {}, InventorySort::last_call_at, true).size() == 4);
}

World many(std::uint64_t n) {
  World w;
  for (std::uint64_t i = 0; i < n; ++i) {
    w.given(
        {imported(i, "+1415555" + std::to_string(1000 + i * 37 % 1000), "label " + std::to_string(i % 5))});
  }
  return w;
}

TEST_CASE("NUM-15 cursors visit every row once in order, with and without filters, both ways") {
  auto w = many(60);
  for (auto sort : inventory_sorts) {
    for (bool descending : {false, true}) {
      for (const char* text : {"", "label 3"}) {
        InventoryQuery q;
        q.sort = sort;
        q.descending = descending;
        q.filter = search(text);
        q.page.limit = 500;
        auto whole = e164s(ask(w, q));
        CHECK(whole.size() == (*text ? 12 : 60));
        q.page.limit = 7;
        List paged;
        for (std::optional<std::string> cursor = ""; cursor;) {
          q.page.cursor = *cursor;
          auto page = ask(w, q);
          CHECK(page.total == whole.size());
          for (auto& e : e164s(page)) paged.push_back(e);
          cursor = page.next_cursor;
          REQUIRE(paged.size() <= whole.size());
        }
        CHECK(paged == whole);
      }
    }
  }
}

TEST_CASE("NUM-15 a row that does not move appears exactly once while others come and go") {
  auto w = many(30);
  InventoryQuery q;
  q.page.limit = 10;
  auto first = ask(w, q);
  w.given({numbers::Deleted{first.items[2].number.id, ws(), std::nullopt, false, {}}});
  w.given({imported(100, "+14155550000")});
  auto left = e164s(first);
  for (auto cursor = first.next_cursor; cursor;) {
    q.page.cursor = *cursor;
    auto page = ask(w, q);
    for (auto& e : e164s(page)) left.push_back(e);
    cursor = page.next_cursor;
  }
  CHECK(left.size() == 30);
  CHECK(std::set<std::string>(left.begin(), left.end()).size() == 30);
}

TEST_CASE("NUM-15 pages by number, no deeper than 10,000 rows, and never with a cursor of another list") {
  auto w = many(20);
  InventoryQuery q;
  q.page.limit = 5;
  q.page.skip = 15;
  auto last = ask(w, q);
  CHECK(last.items.size() == 5);
  CHECK_FALSE(last.next_cursor.has_value());
  auto refused = [&](const InventoryQuery& query) {
    auto sight = w.sight();
    auto page = list_numbers(sight.of<InventoryView>(), sight.of<CampaignsView>(), query);
    return !page && page.error().code == Code::validation_failed;
  };
  q.account = acc();
  q.workspace = ws();
  q.page.skip = 9'996;
  CHECK(refused(q));
  q.page.skip = 9'995;
  CHECK_FALSE(refused(q));
  q.page = {.limit = 5, .cursor = "zz", .skip = 0};
  CHECK(refused(q));
  q.page.cursor = "";
  q.page.cursor = ask(w, q).next_cursor.value();
  CHECK_FALSE(refused(q));
  q.descending = true;
  CHECK(refused(q));
  q.descending = false;
  q.page.skip = 5;
  CHECK(refused(q));
}

TEST_CASE("IMP-09 a deleted number leaves every list and count, and comes back with its id") {
  auto w = four();
  w.given({numbers::Deleted{num(1), ws(), cmp(1), false, {}}});
  CHECK(found(w, search("415")) == List{"+14155550103"});
  CHECK(summary(w).total == 3);
  CHECK(summary(w).active_campaigns == 1);
  auto sight = w.sight();
  CHECK_FALSE(find_number(sight.of<InventoryView>(), acc(), ws(), num(1)).value().has_value());
  CHECK(find_in_account(sight.of<InventoryView>(), acc(), E164{"+14155550101"}).value()->number.id == num(1));
  w.given({imported(1, "+14155550101", "again")});
  CHECK(found(w, search("again")) == List{"+14155550101"});
  w.check_verified();
}

TEST_CASE("DEL-07 a number whose release is pending is still shown, until the provider confirms") {
  auto w = four();
  w.given({numbers::Deleted{num(1), ws(), cmp(1), true, {}}});
  CHECK(found(w, by(Facet::provider_state, {"release_pending"})) == List{"+14155550101"});
  CHECK(summary(w).total == 4);
  w.given({numbers::Released{num(1), ws()}});
  CHECK(found(w, by(Facet::provider_state, {"release_pending"})).empty());
  CHECK(summary(w).total == 3);
}

TEST_CASE("XFR-04 a transferred number leaves its workspace's lists and stands in the other's, same id") {
  auto w = four();
  auto number = imported(1, "+14155550101", "Front desk");
  w.given({numbers::TransferredOut{num(1), ws(), cmp(1), {}}, transferred_in(number, ws(2), con(2))});
  CHECK(found(w, search("0101")).empty());
  CHECK(summary(w).assigned == 1);
  CHECK(summary(w, ws(2)).unassigned == 1);
  InventoryQuery q;
  q.workspace = ws(2);
  auto page = ask(w, q);
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].number.id == num(1));
  CHECK(page.items[0].number.connection == con(2));
  w.check_verified();
}

}  // namespace
}  // namespace ringledger
