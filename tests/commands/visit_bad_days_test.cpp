// What a page is told when its number goes elsewhere, or to another workspace, is set inactive, drained or
// deleted (number-pools.md D.5).
#include "commands/number.hpp"
#include "commands/number_assignment.hpp"
#include "commands/number_transfer.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

std::vector<WarningCode> all_codes() {
  return {WarningCode::moving_between_campaigns, WarningCode::active_visitor_session,
          WarningCode::campaign_left_empty, WarningCode::pool_exhaustion_risk};
}
By at_vision() {
  return By{}.facts({ProviderFacts{
      vision_twilio,
      {numbers::ProviderNumber{pn(1), phone(1), {true, true, false, false}, numbers::NumberType::local, {}}},
      "",
      {},
      0}});
}
/// The next heartbeat's answer.
std::string beat(World& w, SessionId s) {
  auto asked = w.when(AskVisit{site, s}).decision();
  REQUIRE(asked);
  if (!asked->result.lacks_number) return shown(asked->result.visit);
  auto outcome = w.when(ShowNumber{site, s});
  REQUIRE(outcome.decision());
  REQUIRE(w.happened(outcome.decision()->events));
  return shown(outcome.decision()->result);
}

}  // namespace

TEST_CASE(
    "POOL-05 ASG-06 whatever takes a visitor's number away, the next heartbeat shows another, and none when "
    "there is none") {
  using sessions::ReleasedBy;
  for (unsigned size : {2U, 1U}) {
    for (auto [by, release] : {std::pair{ReleasedBy::unassign, false}, std::pair{ReleasedBy::transfer, false},
                               std::pair{ReleasedBy::removal, false}, std::pair{ReleasedBy::removal, true},
                               std::pair{ReleasedBy::deactivation, false}}) {
      CAPTURE(size);
      CAPTURE(static_cast<int>(by));
      CAPTURE(release);
      auto w = pool_of(size);
      auto a = starts(w, visit("a"));
      REQUIRE(shown(a) == phone(1).text);
      std::vector<Event> events;
      if (by == ReleasedBy::unassign)
        events = w.when(AssignToCampaign{dental, nth(1), {true, {}}, all_codes(), false}).events();
      if (by == ReleasedBy::transfer)
        events = w.when(TransferWorkspace{dental, nth(1), vision, all_codes()}, at_vision()).events();
      if (by == ReleasedBy::removal)
        events = w.when(DeleteNumber{dental, nth(1), release, Text<40>{phone(1).text}, all_codes()}).events();
      if (by == ReleasedBy::deactivation)
        events = w.when(ActivateNumber{dental, nth(1), numbers::Status::inactive}).events();
      CHECK(one<sessions::LeaseReleased>(events).by == by);
      REQUIRE(w.happened(events));
      CHECK(w.number(nth(1)).release_pending == release);
      CHECK(beat(w, a.session) == (size == 2 ? phone(2).text : ""));
      CHECK(beat(w, a.session) == (size == 2 ? phone(2).text : ""));
      if (release) REQUIRE(w.happened({numbers::ReleaseFailed{nth(1), dental, 20'003, "no"}}));
      CHECK(beat(w, a.session) == (size == 2 ? phone(2).text : ""));  // refused, it is still nobody's
      CHECK(pool(w).leased == static_cast<std::int64_t>(size) - 1);
      CHECK(pool(w).blocked == (size == 2 ? 0 : 1));  // a page that goes on without one is counted once
    }
  }
}

TEST_CASE("POOL-05 UNA-04 a page keeps the number that is drained for as long as it is open") {
  auto w = pool_of(2);
  auto a = starts(w, visit("a"));
  REQUIRE(w.does(AssignToCampaign{dental, nth(1), {true, {}}, all_codes(), true}));
  for (int i = 0; i < 3; ++i) CHECK(beat(w, a.session) == phone(1).text);
  goes_silent(w, a.session);
  CHECK(beat(w, a.session) == phone(2).text);  // who returns is given another one
}
