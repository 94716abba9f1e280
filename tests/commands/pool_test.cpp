// Pools: overflow, what stands against taking a number away (D.5), draining, GetPool.
#include "commands/pool.hpp"

#include "commands/campaign.hpp"
#include "commands/number_assignment.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE(
    "POOL-03 POOL-05 overflow: one event for each request that found none, by the policy that was set") {
  pools::Settings settings;
  settings.hold_soft = false;
  SUBCASE("the fallback number") {
    settings.fallback_number = desk;
    auto w = pool_of(1, settings);
    starts(w, visit("a"));
    for (auto key : {"b", "c"}) {
      auto r = starts(w, visit(key));
      CHECK(shown(r) == desk.text);
      CHECK(r.policy == pools::Overflow::fallback_number);
    }
    CHECK(pool(w).blocked == 2);
    CHECK(pool(w).sessions == 3);
    w.when(visit("b")).then_nothing();  // it stays with what it was shown
  }
  SUBCASE("what stands on the page") {
    settings.overflow = pools::Overflow::no_swap;
    auto w = pool_of(1, settings);
    starts(w, visit("a"));
    auto r = starts(w, visit("b"));
    CHECK(shown(r).empty());
    CHECK(r.policy == pools::Overflow::no_swap);
  }
  SUBCASE("one of the pool beside its lease: who calls is one of those who see it") {
    settings.overflow = pools::Overflow::share;
    auto w = pool_of(2, settings);
    auto a = starts(w, visit("a"));
    starts(w, visit("b"));
    auto c = starts(w, visit("c")), d = starts(w, visit("d"));
    CHECK(shown(c) != shown(d));  // they spread
    auto s = call(w, shown(c) == shown(a) ? 1 : 2);
    CHECK(s.candidates.size() == 2);
    CHECK(s.confidence == Share{5'000});
    CHECK_FALSE(s.session);
  }
  SUBCASE("a fallback number of the pool itself is shown to many and leased to none") {
    settings.fallback_number = phone(1);
    auto w = pool_of(2, settings);
    CHECK(pool(w).overflow == 1);
    CHECK(shown(starts(w, visit("a"))) == phone(2).text);
    auto b = starts(w, visit("b"));
    CHECK(shown(b) == phone(1).text);
    auto s = call(w, 1);
    CHECK(s.session == b.session);
    CHECK(std::ranges::count(s.flags, attribution::Flag::overflow) == 1);
    UpdateCampaign other{dental, site, {}, {}, {}, {}, PoolWish{}};
    other.pool->fallback_number = {true, Text<40>{desk.text}};
    w.does(other);
    CHECK(pool(w).overflow == 0);
    CHECK(pool(w).available == 1);
  }
}

TEST_CASE(
    "ASG-06 UNA-02 a number that a visitor sees is moved only when that is acknowledged; the heartbeat "
    "tells") {
  auto w = pool_of(2);
  auto a = starts(w, visit("a"));
  AssignToCampaign c{dental, nth(1), {true, {}}, {}, false};
  w.when(c).then_refused(Code::warnings_not_acknowledged, [&](const Refusal& r) {
    REQUIRE(r.warnings.size() >= 2);
    CHECK(r.warnings[1].code == WarningCode::active_visitor_session);
    CHECK(r.warnings[1].session == a.session);
  });
  c.acknowledged = {WarningCode::moving_between_campaigns};
  w.when(c).then_refused(Code::warnings_changed);
  c.acknowledged = {WarningCode::moving_between_campaigns, WarningCode::active_visitor_session,
                    WarningCode::pool_exhaustion_risk};
  auto events = w.when(c).events();
  REQUIRE(events.size() == 2);
  CHECK(std::get<sessions::LeaseReleased>(events[0]).by == sessions::ReleasedBy::unassign);
  w.happened(events);
  CHECK(pool(w).size == 1);
  w.when(AskVisit{site, a.session}).then_answer([](const AskVisit::Answer& r) { CHECK(r.lacks_number); });
  w.when(ShowNumber{site, a.session}).then_answer([](const VisitResult& r) {
    CHECK(shown(r) == phone(2).text);
  });
}

TEST_CASE("ASG-06 a number on hold is told as recent_visitor, which needs no acknowledgement") {
  auto w = pool_of(2);
  auto a = starts(w, visit("a"));
  goes_silent(w, a.session);
  w.now.ms += 12 * minute;
  PreviewAssignment asked{dental, nth(1), {}};
  w.when(asked).then_answer([&](const PreviewAnswer& p) {
    const auto& last = p.warnings.back();
    CHECK(last.code == WarningCode::recent_visitor);
    CHECK(last.severity == Severity::info);
    CHECK(last.session == a.session);
    CHECK(last.message == "Someone saw this number 12 minutes ago. Their call will not be tracked.");
  });
}

TEST_CASE("ASG-09 a pool that would be too small for its traffic is warned about, with how many find none") {
  auto w = pool_of(2);
  PreviewAssignment asked{dental, nth(1), spring};
  auto risk = [&] {
    auto preview = w.when(asked).decision()->result;
    auto at = std::ranges::find(preview.warnings, WarningCode::pool_exhaustion_risk, &Warning::code);
    return at == preview.warnings.end() ? "" : at->message;
  };
  CHECK(risk().empty());  // nobody has come yet
  for (int i = 0; i < 2; ++i) starts(w, visit(std::to_string(i)));
  // 2 an hour, each taking a number for 1980 s: 1.1 on average; with one number 1.1 / 2.1 find none
  CHECK(
      risk() ==
      "Without this number about 52.4 % of the visitors of Website would find no number free, at the traffic "
      "of the last hours.");
  w.now.ms += 120 * minute;
  CHECK(risk().empty());  // nobody comes any more
}

TEST_CASE(
    "UNA-04 a drained number is lent to nobody new, is warned about no visitor, and goes when none needs "
    "it") {
  auto w = pool_of(2);
  auto a = starts(w, visit("a"));
  AssignToCampaign drain{dental,
                         nth(1),
                         {true, {}},
                         {WarningCode::moving_between_campaigns, WarningCode::pool_exhaustion_risk},
                         true};
  auto events = w.when(drain).events();
  REQUIRE(events.size() == 1);
  CHECK(std::get<numbers::DrainStarted>(events[0]).campaign == site);
  w.happened(events);
  w.when(drain).then_nothing();
  w.when(AskVisit{site, a.session}).then_answer([](const AskVisit::Answer& r) {
    CHECK_FALSE(r.lacks_number);
  });
  goes_silent(w, a.session);
  CHECK(w.number(nth(1)).campaign == site);
  SUBCASE("when the hold is over") {
    is_over(w, a.session);
    CHECK_FALSE(w.number(nth(1)).campaign);
    CHECK_FALSE(w.number(nth(1)).draining);
    CHECK(pool(w).size == 1);
  }
  SUBCASE("the visitor who returns is given another one, and it goes at once") {
    w.does(ShowNumber{site, a.session});
    CHECK_FALSE(w.number(nth(1)).campaign);
    w.when(AskVisit{site, a.session}).then_answer([](const AskVisit::Answer& r) {
      CHECK(shown(r.visit) == phone(2).text);
    });
  }
  SUBCASE("unless it is assigned again") {
    w.does(AssignToCampaign{dental, nth(1), {true, site}, {}, false});
    is_over(w, a.session);
    CHECK(w.number(nth(1)).campaign == site);
    CHECK(pool(w).available == 2);
  }
  SUBCASE("at once when nobody needs it") {
    AssignToCampaign other = drain;
    other.number = nth(2);
    other.acknowledged.push_back(WarningCode::campaign_left_empty);
    CHECK(std::holds_alternative<numbers::Unassigned>(w.when(other).events().at(0)));
  }
}

TEST_CASE("POOL-01 POOL-02 GetPool tells how many numbers are in which state") {
  auto w = pool_of(4);
  starts(w, visit("a"));
  goes_silent(w, starts(w, visit("b")).session);
  w.happened({numbers::Deactivated{nth(3), dental}});
  w.when(GetPool{dental, site}).then_answer([](const GetPool::Answer& p) {
    CHECK(p.size == 4);
    CHECK(p.states == GetPool::States{1, 1, 1, 0, 1, 0, 0});
    CHECK(p.utilisation == Share{2'500});
    CHECK(p.sessions == 2);
    CHECK(p.blocked_ratio == Share{});
  });
  w.when(GetPool{dental, spring}).then_answer([](const GetPool::Answer& p) {
    CHECK(p.size == 0);  // a static campaign has none
  });
  w.when(GetPool{vision, site}).then_refused(Code::not_found);
}

TEST_CASE("POOL-05 GetPool tells of how many calls nobody can say for sure whose they are") {
  auto w = pool_of(2);
  auto told = [&] { return w.when(GetPool{dental, site}).decision()->result; };
  auto a = starts(w, visit("a"));
  starts(w, visit("b"));
  call(w, 2, "CA1");
  CHECK(told().calls == 1);
  CHECK(told().ambiguous_calls == 0);
  goes_silent(w, a.session);
  starts(w, visit("c"));  // the number that a may still call
  call(w, 1, "CA2");
  call(w, 2, "CA3");
  CHECK(told().calls == 3);
  CHECK(told().ambiguous_calls == 1);
  CHECK(told().ambiguous_ratio == Share{3'333});
  w.happened({imported(nth(5), 5), assigned(nth(5), spring)});
  call(w, 5, "CA4");  // a static campaign's
  CHECK(told().calls == 3);
  CHECK(w.when(GetPool{dental, spring}).decision()->result.calls == 0);
}

TEST_CASE("POOL-05 GetPool tells how full the pool was hour by hour, and how soon numbers went to others") {
  auto w = pool_of(2);
  auto told = [&] { return w.when(GetPool{dental, site}).decision()->result; };
  CHECK(told().hourly_utilisation == GetPool::Hours{});
  auto a = starts(w, visit("a", "ann")), b = starts(w, visit("b"));
  CHECK(told().hourly_utilisation.p95 == Share{10'000});
  CHECK(told().too_small);
  for (auto s : {a, b}) goes_silent(w, s.session);
  is_over(w, a.session);
  is_over(w, b.session);
  w.now.ms += 60 * minute;
  CHECK(told().reuse_gap.count == 0);
  starts(w, visit("a again", "ann"));  // her own number
  CHECK(told().reuse_gap.count == 0);
  auto gap_ms = w.now.ms - w.row<pools::PoolNumber>(nth(2))->last_used.ms;
  starts(w, visit("c"));
  CHECK(told().reuse_gap.count == 1);
  CHECK(told().reuse_gap.mean_s == gap_ms / 1000);
  w.now.ms += 100 * 60 * minute;
  CHECK(told().hourly_utilisation.p50 == Share{10'000});  // both are leased all the while
}

TEST_CASE("POOL-05 a call in progress keeps a number that comes into a pool for the first time meanwhile") {
  auto w = pool_of(1);
  starts(w, visit("a"));
  w.happened({imported(nth(5), 5), assigned(nth(5), spring)});
  auto ends = [&](const std::string& sid) {
    auto over = ringing(5, sid);
    over.status = "completed";
    REQUIRE(w.does(ReportCallStatus{dental_twilio, over, {}}));
  };
  for (const char* sid : {"CA1", "CA2"}) call(w, 5, sid);
  SUBCASE("it is lent when the last of its calls is over") {
    auto moved = assigned(nth(5), site);
    moved.from_campaign = spring;
    w.happened({moved});
    CHECK(shown(w.when(visit("b")).decision()->result).empty());
    ends("CA1");
    CHECK(shown(w.when(visit("b")).decision()->result).empty());
    ends("CA2");
    CHECK(shown(starts(w, visit("b"))) == phone(5).text);
  }
  SUBCASE("of one that stays where it is nothing is kept") {
    ends("CA1");
    CHECK(w.row<pools::PoolNumber>(nth(5))->live_calls == 1);
    ends("CA2");
    CHECK_FALSE(w.row<pools::PoolNumber>(nth(5)));
  }
}

TEST_CASE(
    "POOL-05 a number that left another campaign cools down before it is lent; those who saw it there may "
    "still call") {
  pools::Settings settings;
  settings.cooldown_s = 600;
  auto w = pool_of(1, settings);  // the one that came from nowhere is lent at once
  auto told = [&] { return w.when(GetPool{dental, site}).decision()->result.states; };
  CHECK(told() == GetPool::States{1, 0, 0, 0, 0, 0, 0});
  w.happened({imported(nth(2), 2), imported(nth(3), 3), assigned(nth(2), spring), assigned(nth(3), spring)});
  w.now.ms += minute;
  auto moved = assigned(nth(2), site);
  moved.from_campaign = spring;
  auto left_at = w.now;  // straight from there, and by way of none: it counts from when it left
  w.happened({moved, numbers::Unassigned{nth(3), dental, spring, {}}});
  w.now.ms += 9 * minute;
  w.happened({assigned(nth(3), site)});
  CHECK(told() == GetPool::States{1, 0, 0, 2, 0, 0, 0});
  CHECK(w.row<pools::PoolNumber>(nth(3))->cool_until == Timestamp{left_at.ms + 600 * second});
  CHECK(shown(starts(w, visit("a"))) == phone(1).text);
  CHECK(shown(w.when(visit("b")).decision()->result).empty());
  w.now = Timestamp{left_at.ms + 600 * second - 1};
  CHECK(shown(w.when(visit("b")).decision()->result).empty());
  w.now.ms += 1;
  CHECK(told() == GetPool::States{2, 1, 0, 0, 0, 0, 0});
  CHECK(reason_of(w.when(visit("b")).events()) == LeaseReason::lru);
  CHECK(shown(starts(w, visit("b"))) == phone(2).text);
  CHECK(pool(w).cooldown == 1);  // until the next lease, as far as events tell
  CHECK(told() == GetPool::States{1, 2, 0, 0, 0, 0, 0});
  SUBCASE("that it is put in twice makes it no cooler") {
    auto moves = [&](CampaignId from, CampaignId to) {
      auto e = assigned(nth(1), to);
      e.from_campaign = from;
      w.happened({e});
    };
    w.does(EndVisitorSession{site, w.row<pools::PoolNumber>(nth(1))->session.value()});
    is_over(w, w.row<pools::PoolNumber>(nth(1))->session.value());
    moves(site, spring);
    auto since = w.now;
    moves(spring, site);
    w.happened({numbers::Unassigned{nth(1), dental, site, {}}, assigned(nth(1), site)});
    CHECK(w.row<pools::PoolNumber>(nth(1))->cool_until == Timestamp{since.ms + 600 * second});
  }
  SUBCASE("it is not shared either") {
    settings.overflow = pools::Overflow::share;
    auto shared = pool_of(1, settings);
    shared.happened({imported(nth(2), 2), assigned(nth(2), spring)});
    auto e = assigned(nth(2), site);
    e.from_campaign = spring;
    shared.happened({e});
    starts(shared, visit("a"));
    for (auto who : {"b", "c", "d"}) CHECK(shown(starts(shared, visit(who))) == phone(1).text);
  }
  SUBCASE("back in the campaign that it left, it is as it was") {
    w.happened({numbers::Unassigned{nth(1), dental, site, {}}});
    w.happened({assigned(nth(1), site)});
    CHECK(told().cooldown == 0);
  }
  SUBCASE("nor is it lent to a visitor who saw it here before") {
    auto c = starts(w, visit("c", "carl"));
    REQUIRE(shown(c) == phone(3).text);
    w.does(EndVisitorSession{site, c.session});
    is_over(w, c.session);
    w.happened({numbers::Unassigned{nth(3), dental, site, {}}, assigned(nth(3), spring)});
    auto back = assigned(nth(3), site);
    back.from_campaign = spring;
    w.happened({back});
    CHECK(told().cooldown == 1);
    CHECK(shown(w.when(visit("d", "carl")).decision()->result) != phone(3).text);
  }
  SUBCASE("a call in progress keeps it, though it is cool") {
    call(w, 3);
    CHECK(shown(w.when(visit("c")).decision()->result).empty());
  }
}
