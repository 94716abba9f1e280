// Deciding again to whom a call is owed.
#include "commands/call_attribution.hpp"

#include "commands/contact.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using attribution::Model;

namespace {

CallId newest_call(const World& w, const std::string& sid) {
  const auto* con = w.row<connections::Connection>(dental_twilio);
  auto at = w.rows.find(book_key(account, row_kind<CallBySid>, sid_name(con->account_sid, sid)));
  REQUIRE(at != w.rows.end());
  return std::get<CallBySid>(*at->second).call;
}
RecomputeAttribution again(CallId call, Model model = Model::last_touch) { return {dental, call, model}; }
const attribution::Snapshot& owed(const World& w, CallId call) {
  return w.row<calls::Call>(call)->attribution;
}

/// The same caller called from two visits, the first by an advertisement, the second directly.
struct Returned {
  World w;
  SessionId first, second;
  CallId call;

  explicit Returned(const pools::Settings& settings = {}) : w(pool_of(1, settings)) {
    first = starts(w, visit("a")).session;
    rings("CA1");
    goes_silent(w, first);
    is_over(w, first);
    w.now.ms += 24 * 60 * minute;
    auto direct = visit("b");
    direct.utm = {};
    second = starts(w, direct).session;
    rings("CA2");
    call = newest_call(w, "CA2");
  }
  void rings(const std::string& sid) {
    auto r = ringing(1, sid);
    r.from = "+12125550100";
    REQUIRE(w.does(ReceiveCall{dental_twilio, r}));
    r.status = "completed";
    REQUIRE(w.does(ReportCallStatus{dental_twilio, r, {}}));
  }
};

}  // namespace

TEST_CASE(
    "recomputed by another model a call gets a new fact beside the old; by the first one, its bytes again") {
  Returned r;
  const auto before = owed(r.w, r.call);
  CHECK(before.session == r.second);
  auto events = r.w.when(again(r.call, Model::first_touch)).events();
  REQUIRE(events.size() == 1);
  const auto& e = std::get<calls::AttributionRecomputed>(events[0]);
  CHECK(e.workspace == dental);
  CHECK(e.attribution.session == r.first);
  CHECK(e.attribution.model == Model::first_touch);
  r.w.when(again(r.call, Model::first_touch)).then_answer([&](const auto& a) {
    CHECK(a.attribution.session == r.first);
    CHECK(a.attribution.campaign->name == "Website");
  });
  r.w.happened(events);
  auto first_event = id<CommitId>(r.w.commits).to_string() + "/0";
  CHECK(owed(r.w, r.call) == e.attribution);
  r.w.when(again(r.call, Model::first_touch)).then_nothing();
  auto back = one<calls::AttributionRecomputed>(r.w.when(again(r.call)).events());
  CHECK(back.attribution == before);
  CHECK(back.replaces == first_event);
}

TEST_CASE("with the same model and version an attribution is the same, whatever happened since") {
  Returned r;
  const auto before = owed(r.w, r.call);
  REQUIRE(r.w.does(
      AddTouch{site, r.second, Text<2048>{"https://shop.example/late"}, {}, {{"source", "late"}}, {}}));
  goes_silent(r.w, r.second);
  is_over(r.w, r.second);
  campaigns::Updated renamed{site, dental, "Renamed", {}, {}, false};
  r.w.happened({renamed});
  for (int n = 0; n < 40; ++n) {  // of the number's showings none is remembered that was there
    auto v = starts(r.w, visit("v" + std::to_string(n)));
    goes_silent(r.w, v.session);
    is_over(r.w, v.session);
  }
  r.w.happened({unassigned(nth(1), site)});
  r.w.when(again(r.call)).then_nothing();
  CHECK(owed(r.w, r.call) == before);
  auto linear =
      one<calls::AttributionRecomputed>(r.w.when(again(r.call, Model::linear)).events()).attribution;
  CHECK(linear.campaign_name == "Website");
  REQUIRE(linear.candidates.size() == 2);
  CHECK(linear.candidates[0] == attribution::Candidate{r.second, Share{5'000}});
  CHECK(linear.candidates[1] == attribution::Candidate{r.first, Share{5'000}});
}

TEST_CASE("how a visitor came tells a direct touch from one that something led to") {
  Returned r;
  CHECK(one<calls::AttributionRecomputed>(r.w.when(again(r.call, Model::last_non_direct)).events())
            .attribution.session == r.first);
  CHECK(one<sessions::Started>(r.w.when(visit("c")).events()).direct == false);
  auto direct = visit("c");
  direct.utm = {};
  CHECK(one<sessions::Started>(r.w.when(direct).events()).direct == true);
}

TEST_CASE("a recomputed attribution changes nothing for later calls of the caller") {
  Returned r;
  goes_silent(r.w, r.second);
  is_over(r.w, r.second);
  r.w.now.ms += 31 * minute;
  REQUIRE(r.w.does(again(r.call, Model::first_touch)));
  r.rings("CA3");
  CHECK(owed(r.w, newest_call(r.w, "CA3")).session == r.second);
}

TEST_CASE("POOL-05 how long an earlier call of the caller counts is set per tracker; 30 days until it is") {
  auto rings_again = [](std::optional<std::int64_t> repeat_window_s, std::int64_t days) {
    pools::Settings settings;
    settings.repeat_window_s = repeat_window_s;
    Returned r(settings);
    goes_silent(r.w, r.second);
    is_over(r.w, r.second);
    r.w.now.ms += 31 * minute + days * 24 * 60 * minute;
    r.rings("CA3");
    return owed(r.w, newest_call(r.w, "CA3")).session == r.second;
  };
  constexpr std::int64_t day_s = 24 * 3600;
  CHECK(rings_again(std::nullopt, 29));
  CHECK_FALSE(rings_again(std::nullopt, 30));
  CHECK(rings_again(2 * day_s, 1));
  CHECK_FALSE(rings_again(day_s, 1));
  CHECK_FALSE(rings_again(0, 0));
  CHECK(rings_again(365 * day_s, 364));
}

TEST_CASE("POOL-05 how far back touches count is set per tracker, as it is when the call rings") {
  pools::Settings settings;
  settings.lookback_s = 24 * 3600;
  Returned day(settings);  // the first visit was a day and some minutes before the call
  CHECK(one<calls::AttributionRecomputed>(day.w.when(again(day.call, Model::first_touch)).events())
            .attribution.session == day.second);
  settings.lookback_s = 2 * 24 * 3600;
  Returned days(settings);
  CHECK(one<calls::AttributionRecomputed>(days.w.when(again(days.call, Model::first_touch)).events())
            .attribution.session == days.first);
  campaigns::Updated later{site, dental, {}, {}, {}, false};
  later.pool = settings;
  day.w.happened({later});
  CHECK(one<calls::AttributionRecomputed>(day.w.when(again(day.call, Model::first_touch)).events())
            .attribution.session == day.second);
}

TEST_CASE("a call of a number without a campaign, and of none of ours, is recomputed like any other") {
  auto w = given(acme() + imported(n1, 1));
  call(w, 1);
  auto parked = newest_call(w, "CA1");
  w.when(again(parked)).then_nothing();
  auto e = one<calls::AttributionRecomputed>(w.when(again(parked, Model::linear)).events());
  CHECK(e.attribution.flags == std::vector{attribution::Flag::unattributed});
}

TEST_CASE("another workspace's call, and one that is not there, are refused alike; a call has version 0") {
  Returned r;
  auto elsewhere = again(r.call);
  elsewhere.workspace = vision;
  r.w.when(elsewhere).then_refused(Code::not_found);
  r.w.when(again(id<CallId>(999))).then_refused(Code::not_found);
  r.w.when(again(r.call), By{}.if_match(1)).then_refused(Code::version_mismatch);
  r.w.when(again(r.call), By{}.if_match(0)).then_nothing();
}

TEST_CASE("of an erased contact's call the attribution can be recomputed; nothing is traced of it any more") {
  Returned r;
  auto contact = *r.w.row<calls::Call>(r.call)->contact;
  REQUIRE(r.w.does(EraseContact{dental, contact}));
  REQUIRE(r.w.does(again(r.call, Model::first_touch)));
  CHECK_FALSE(r.w.row<ContactTraces>(contact));
}
