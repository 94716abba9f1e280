// Visits, leases and what a simulation replays; and the standing warnings that live visits feed.
#include "projections/sessions.hpp"

#include <algorithm>

#include "projections/warnings.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

SessionId ses(std::uint64_t n) { return id_of<SessionId>(n, 12); }
sessions::Started started(std::uint64_t n, std::uint64_t c = 1) {
  sessions::Started e;
  e.session = ses(n);
  e.workspace = ws();
  e.campaign = cmp(c);
  e.visitor = Personal<std::string>("visitor " + std::to_string(n));
  e.utm = Personal(sessions::Texts{{"source", "search"}});
  return e;
}
sessions::NumberLeased leased(std::uint64_t n, std::uint64_t number) {
  return {ses(n), ws(), cmp(1), num(number), E164{"+14155550101"}, sessions::LeaseReason::lru, {}};
}
sessions::LeaseHeld held(const World& w, std::uint64_t n, std::uint64_t number) {
  auto now = w.log.now();
  return {ses(n), ws(), cmp(1), num(number), now, now, {now.ms + 1'800'000}};
}
sessions::LeaseExpired expired(const World& w, std::uint64_t n, std::uint64_t number) {
  return {ses(n), ws(), cmp(1), num(number), w.log.now(), w.log.now()};
}
World site_with_numbers() {
  World w;
  w.given({campaign(1, "Site", campaigns::Type::website_tracker)});
  for (std::uint64_t n = 1; n <= 3; ++n)
    w.given({imported(n, "+1415555010" + std::to_string(n)), assigned(n, 1)});
  return w;
}
std::vector<SessionId> leases(const World& w) {
  std::vector<SessionId> all;
  auto page = list_leases(w.sight().of<SessionsView>(), ws(), cmp(1), {});
  REQUIRE(page);
  CHECK(page->total == page->items.size());
  for (const auto& row : page->items) all.push_back(row.id);
  return all;
}
std::vector<SessionId> living(const World& w) {
  std::vector<SessionId> all;
  REQUIRE(each_living(w.sight().of<SessionsView>(), [&](const SessionRow& row) { all.push_back(row.id); }));
  return all;
}
std::vector<WarningCode> warned(const World& w, std::uint64_t number) {
  std::vector<WarningCode> codes;
  auto all = warnings_of(w.sight().of<WarningsView>(), acc(), ws(), num(number), w.log.now());
  REQUIRE(all);
  for (const auto& s : *all) codes.push_back(s.warning.code);
  return codes;
}

}  // namespace

TEST_CASE("POOL-02 leases are listed while a visitor sees the number or may still call") {
  auto w = site_with_numbers();
  w.given({started(1), leased(1, 1)}).given({started(2), leased(2, 2)}).given({started(3)});
  CHECK(leases(w) == std::vector{ses(1), ses(2)});
  CHECK(living(w).size() == 3);
  w.given({held(w, 1, 1)});
  auto page = list_leases(w.sight().of<SessionsView>(), ws(), cmp(1), {});
  CHECK(page->items[0].phase == sessions::Phase::hold);
  CHECK(page->items[0].utm.clear()->at("source") == "search");
  w.given({expired(w, 1, 1)});
  CHECK(leases(w) == std::vector{ses(2)});
  CHECK(living(w) == std::vector{ses(2), ses(3)});
  w.given({sessions::Ended{ses(3), ws(), cmp(1), sessions::EndedBy::lapse, w.log.now()}});
  w.given({sessions::LeaseReleased{ses(2), ws(), cmp(1), num(2), sessions::ReleasedBy::client, w.log.now()},
           sessions::Ended{ses(2), ws(), cmp(1), sessions::EndedBy::client, {}}});
  CHECK(living(w) == std::vector{ses(2)});  // its number is on hold
  CHECK(list_leases(w.sight().of<SessionsView>(), ws(2), cmp(1), {})->items.empty());
  w.check_verified();
}

TEST_CASE("POOL-05 a simulation replays the newest visits, in the order in which they began") {
  auto w = site_with_numbers();
  for (std::uint64_t n = 1; n <= 5; ++n) w.given({started(n), leased(n, 1), held(w, n, 1)});
  auto past = past_visits(w.sight().of<SessionsView>(), ws(), cmp(1), {}, 3);
  REQUIRE(past);
  REQUIRE(past->size() == 3);
  CHECK((*past)[0].from < (*past)[1].from);
  CHECK((*past)[2].from.ms == w.log.now().ms);
  CHECK(past_visits(w.sight().of<SessionsView>(), ws(), cmp(1), (*past)[1].from, 3)->size() == 2);
  CHECK(past_visits(w.sight().of<SessionsView>(), ws(), cmp(2), {}, 3)->empty());
}

TEST_CASE("ASG-06 a live visit warns, one that is just over informs, and both go with the hold") {
  auto w = site_with_numbers();
  const auto moving = WarningCode::moving_between_campaigns;
  CHECK(warned(w, 1) == std::vector{moving});
  w.given({started(1), leased(1, 1)});
  auto codes = warned(w, 1);
  REQUIRE(codes.size() >= 2);
  CHECK(codes[1] == WarningCode::active_visitor_session);
  w.given({held(w, 1, 1)});
  CHECK(warned(w, 1).back() == WarningCode::recent_visitor);
  for (auto code : {WarningCode::recent_visitor, moving}) {
    auto page = list_warnings(w.sight().of<WarningsView>(), {acc(), ws(), w.log.now(), {code}, {}, {}, {}});
    REQUIRE(page);
    CHECK(page->total == (code == moving ? 3 : 1));
    CHECK(page->items.size() == page->total);
  }
  w.given({expired(w, 1, 1)});
  CHECK(std::ranges::count(warned(w, 1), WarningCode::recent_visitor) == 0);
  w.check_verified();
}

TEST_CASE(
    "ASG-09 the standing warnings tell a pool that would be too small for its traffic, while that lasts") {
  auto w = site_with_numbers();
  for (std::uint64_t n = 1; n <= 4; ++n) w.given({started(n)});
  CHECK(warned(w, 1).back() == WarningCode::pool_exhaustion_risk);
  auto rows = w.sight().of<WarningsView>();
  auto later = Timestamp{w.log.now().ms + 3 * 3'600'000};
  CHECK(warnings_of(rows, acc(), ws(), num(1), later).value().size() == 1);
  w.check_verified();
}

TEST_CASE("POOL-05 ended visits are found by when they were over, those that a call was owed to are not") {
  auto w = site_with_numbers();
  for (std::uint64_t n = 1; n <= 4; ++n) w.given({started(n), leased(n, n > 3 ? 1 : n)});
  Timestamp newest;
  auto end = [&](std::uint64_t n, std::uint64_t number) {
    newest = w.log.now();
    w.given({held(w, n, number), expired(w, n, number)});
  };
  end(2, 2);
  end(1, 1);
  end(3, 3);
  auto found = [&](Timestamp before, const std::string& after = "", std::size_t most = 9) {
    auto ended = ended_visits(w.sight().of<SessionsView>(), before, after, most);
    REQUIRE(ended);
    return *ended;
  };
  Timestamp later{w.log.now().ms + 3'600'000};
  CHECK(found(newest).sessions == std::vector<SessionId>{ses(2), ses(1)});  // before, not at
  CHECK(found(later).sessions == std::vector<SessionId>{ses(2), ses(1), ses(3)});
  CHECK(found(later).workspace == ws());
  CHECK(found(later).account == acc());
  auto first = found(later, "", 2);
  CHECK(first.sessions == std::vector<SessionId>{ses(2), ses(1)});
  CHECK(found(later, first.last).sessions == std::vector<SessionId>{ses(3)});
  CHECK(found(later, found(later).last).sessions.empty());
  calls::Attributed owed{id_of<CallId>(1, 7), ws(), {}};
  owed.attribution.session = ses(1);
  w.behind({owed});  // nobody else knows the call
  w.catch_up();
  CHECK(found(later).sessions == std::vector<SessionId>{ses(2), ses(3)});
  w.behind({sessions::Forgotten{ws(), {ses(2), ses(3)}, later}});
  w.catch_up();
  CHECK(found(later).sessions.empty());
  auto past = past_visits(w.sight().of<SessionsView>(), ws(), cmp(1), {}, 100);
  REQUIRE(past);
  CHECK(past->size() == 2);           // what lives, and what a call was owed to
  owed.attribution.session = ses(2);  // told late
  w.behind({owed, sessions::Forgotten{ws(), {ses(2)}, later}});
  w.catch_up();
  CHECK(w.runner->parked(SessionsView::name).value().empty());
}

TEST_CASE(
    "POOL-05 ended visits of several workspaces are found workspace by workspace, whenever they ended") {
  auto w = site_with_numbers();
  Timestamp before;
  for (std::uint64_t n = 1; n <= 8; ++n) {  // in turns; the last two too late
    auto e = started(n);
    e.workspace = ws(1 + n % 2);
    w.given({e});
    if (n == 7) before = w.log.now();
    w.given({sessions::Ended{ses(n), e.workspace, cmp(1), sessions::EndedBy::lapse, w.log.now()}});
  }
  std::vector<std::vector<SessionId>> found;
  for (std::string after;;) {
    auto ended = ended_visits(w.sight().of<SessionsView>(), before, after, 2);
    REQUIRE(ended);
    if (ended->sessions.empty()) break;
    found.push_back(ended->sessions);
    after = ended->last;
  }
  CHECK(found == std::vector<std::vector<SessionId>>{{ses(2), ses(4)}, {ses(6)}, {ses(1), ses(3)}, {ses(5)}});
}

}  // namespace ringledger
