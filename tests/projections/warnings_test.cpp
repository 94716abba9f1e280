// Standing warnings: exact texts, severities, and that they add up.
#include "projections/warnings.hpp"

#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

Page<StandingWarning> ask(const World& w, WarningsQuery q = {}) {
  q.account = acc();
  q.workspace = ws();
  auto sight = w.sight();
  auto page = list_warnings(sight.of<WarningsView>(), q);
  REQUIRE_MESSAGE(page.has_value(), (page ? "" : page.error().detail));
  return std::move(*page);
}

World two_campaigns() {
  World w;
  w.given({campaign(1, "Radio"), campaign(2, "Site", campaigns::Type::website_tracker)});
  for (std::uint64_t i = 1; i <= 4; ++i) w.given({imported(i, "+1415555010" + std::to_string(i))});
  return w;
}

TEST_CASE("a number in no campaign raises no warning") {
  auto w = two_campaigns();
  CHECK(ask(w).items.empty());
  CHECK(ask(w).total == 0);
}

TEST_CASE("ASG-04 ASG-07 the last number of a tracker: moving is a warning, and it leaves it empty") {
  auto w = two_campaigns();
  w.given({assigned(1, 2)});
  auto at = w.log.now();
  auto page = ask(w);
  REQUIRE(page.items.size() == 2);
  const auto& moving = page.items[0];
  CHECK(moving.number == num(1));
  CHECK(moving.e164.text == "+14155550101");
  CHECK(moving.since == at);
  CHECK(moving.warning.code == WarningCode::moving_between_campaigns);
  CHECK(moving.warning.severity == Severity::warning);
  CHECK(moving.warning.campaign == cmp(2));
  CHECK(moving.warning.message ==
        "This number will be removed from Site. That campaign may stop working if it's a static campaign.");
  CHECK(page.items[1].warning.code == WarningCode::campaign_left_empty);
  CHECK(page.items[1].warning.severity == Severity::warning);
  CHECK(page.items[1].warning.message ==
        "Removing this number will leave Site with no numbers. Calls to this campaign will stop.");
}

TEST_CASE("ASG-05 moving out of a static campaign is critical") {
  auto w = two_campaigns();
  w.given({assigned(1, 1)});
  CHECK(ask(w).items[0].warning.severity == Severity::critical);
}

TEST_CASE("ASG-06 ASG-08 warnings add up: one number can raise all three, with the exact texts") {
  WarnedNumber number{num(1), E164{"+14155550101"}, cmp(1), {5}, id_of<SessionId>(1), {}, {7}};
  auto all = standing_warnings(number, {cmp(1), "Radio", campaigns::Type::static_, 1, {6}, 0, {}}, {8});
  REQUIRE(all.size() == 3);
  CHECK(all[0].since == Timestamp{5});
  CHECK(all[1].warning.code == WarningCode::active_visitor_session);
  CHECK(all[1].warning.severity == Severity::danger);
  CHECK(all[1].warning.session == id_of<SessionId>(1));
  CHECK(all[1].since == Timestamp{7});
  CHECK(all[1].warning.message ==
        "This number is currently displayed to a visitor on your website. Unassigning "
        "it now may cause a failed call for that visitor.");
  CHECK(all[2].since == Timestamp{6});
}

TEST_CASE(
    "ASG-07 the warning of an empty campaign goes when a second number comes, and returns when it leaves") {
  auto w = two_campaigns();
  w.given({assigned(1, 1)}).given({assigned(2, 1)});
  CHECK(ask(w).total == 2);
  CHECK(ask(w, {.codes = {WarningCode::campaign_left_empty}}).items.empty());
  w.given({unassigned(1, 1)});
  auto left = ask(w, {.codes = {WarningCode::campaign_left_empty}});
  REQUIRE(left.items.size() == 1);
  CHECK(left.items[0].number == num(2));
  CHECK(left.items[0].since == w.log.now());
  w.given({numbers::Deleted{num(2), ws(), cmp(1), false, {}}});
  CHECK(ask(w).total == 0);
}

TEST_CASE("a renamed campaign is named as it is now") {
  auto w = two_campaigns();
  w.given({assigned(1, 1)});
  campaigns::Updated e;
  e.campaign = cmp(1);
  e.workspace = ws();
  e.name = "Television";
  w.given({e});
  CHECK(ask(w).items[0].warning.message.find("from Television.") != std::string::npos);
}

TEST_CASE("warnings are filtered by code, severity and campaign, and paged by cursor") {
  auto w = two_campaigns();
  w.given({assigned(1, 1)}).given({assigned(2, 2)}).given({assigned(3, 2)});
  CHECK(ask(w).total == 4);
  CHECK(ask(w, {.severities = {Severity::critical}}).total == 1);
  CHECK(ask(w, {.severities = {Severity::critical}}).items.size() == 1);
  CHECK(ask(w, {.severities = {Severity::warning}}).items.size() == 3);
  CHECK(ask(w, {.codes = {WarningCode::moving_between_campaigns}, .severities = {Severity::warning}}).total ==
        2);
  CHECK(ask(w, {.campaigns = {cmp(2)}}).items.size() == 2);
  CHECK(ask(w, {.campaigns = {cmp(3)}}).items.empty());
  CHECK(ask(w, {.severities = {Severity::info}}).total == 0);
  WarningsQuery q;
  q.page.limit = 1;
  std::vector<std::pair<NumberId, WarningCode>> seen;
  for (std::optional<std::string> cursor = ""; cursor;) {
    q.page.cursor = *cursor;
    auto page = ask(w, q);
    CHECK(page.total == 4);
    for (auto& s : page.items) seen.emplace_back(s.number, s.warning.code);
    cursor = page.next_cursor;
    REQUIRE(seen.size() <= 4);
  }
  CHECK(seen == decltype(seen){{num(1), WarningCode::moving_between_campaigns},
                               {num(1), WarningCode::campaign_left_empty},
                               {num(2), WarningCode::moving_between_campaigns},
                               {num(3), WarningCode::moving_between_campaigns}});
  q.page = {.limit = 2, .cursor = "", .skip = 3};
  CHECK(ask(w, q).items.size() == 1);
}

TEST_CASE("the warnings of one number are told with it, to its workspace only") {
  auto w = two_campaigns();
  w.given({assigned(1, 1)});
  auto sight = w.sight();
  auto rows = sight.of<WarningsView>();
  CHECK(warnings_of(rows, acc(), ws(), num(1), w.log.now()).value().size() == 2);
  CHECK(warnings_of(rows, acc(), ws(2), num(1), w.log.now()).value().empty());
  CHECK(warnings_of(rows, acc(), ws(), num(2), w.log.now()).value().empty());
  CHECK(warnings_of(rows, acc(), ws(), num(99), w.log.now()).value().empty());
}

TEST_CASE("XFR-04 a transferred number raises nothing more in the workspace it left") {
  auto w = two_campaigns();
  w.given({assigned(1, 1)});
  w.given({numbers::TransferredOut{num(1), ws(), cmp(1), {}},
           transferred_in(imported(1, "+14155550101"), ws(2), con(2))});
  CHECK(ask(w).total == 0);
  w.check_verified();
}

}  // namespace
}  // namespace ringledger
