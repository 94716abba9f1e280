// Visits of a website and the numbers lent to them: number-pools.md D.2 to D.5.
#include "commands/visitor_session.hpp"

#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE("POOL-05 a visitor is lent the number unused for longest, never used ones in the order of E.164") {
  auto w = pool_of(3);
  auto a = starts(w, visit("a")), b = starts(w, visit("b")), c = starts(w, visit("c"));
  CHECK(shown(a) == phone(1).text);
  CHECK(shown(b) == phone(2).text);
  CHECK(shown(c) == phone(3).text);
  CHECK(a.heartbeat_s == 60);
  CHECK(a.lease_timeout_s == 150);
  CHECK_FALSE(a.policy);
  for (auto s : {b, a, c}) goes_silent(w, s.session);
  for (auto s : {b, a, c}) is_over(w, s.session);
  CHECK(shown(starts(w, visit("d"))) == phone(2).text);
  CHECK(shown(starts(w, visit("e"))) == phone(1).text);
}

TEST_CASE("POOL-05 two tabs, one session, one lease: the session's name finds it while it lives") {
  auto w = pool_of(2);
  auto first = starts(w, visit("tab"));
  w.when(visit("tab")).then_nothing().then_status(200).then_answer([&](const VisitResult& r) {
    CHECK(r.session == first.session);
    CHECK(shown(r) == phone(1).text);
  });
  goes_silent(w, first.session);
  auto outcome = w.when(visit("tab"));  // on hold: its own number again
  CHECK(reason_of(outcome.events()) == LeaseReason::returning);
  outcome.then_answer([&](const VisitResult& r) { CHECK(r.session == first.session); });
  is_over(w, first.session);
  auto next = starts(w, visit("tab"));
  CHECK(next.session != first.session);
  w.when(visit("other")).then_status(201);
}

TEST_CASE("POOL-05 a heartbeat that is lost puts the number on hold at the deadline, then frees it") {
  auto w = pool_of(1);
  auto s = starts(w, visit("a")).session;
  auto seen = w.now, deadline = Timestamp{w.now.ms + 150 * second};
  auto until = Timestamp{seen.ms + 1800 * second};
  w.now = deadline;
  w.when(lapses(s, seen, deadline))
      .then({sessions::LeaseHeld{s, dental, site, nth(1), seen, deadline, until}})
      .then_answer([&](const LapseSession::Answer& a) { CHECK(a.next == until); });
  REQUIRE(w.does(lapses(s, seen, deadline)));
  CHECK(pool(w).hold == 1);
  // an older timer's deadline frees nothing
  w.when(lapses(s, seen, deadline)).then_nothing().then_answer([&](const LapseSession::Answer& a) {
    CHECK(a.next == until);
  });
  auto leased_at = w.row<pools::PoolNumber>(nth(1))->leased_at;
  w.now = until;
  w.when(lapses(s, seen, until)).then({sessions::LeaseExpired{s, dental, site, nth(1), leased_at, until}});
  REQUIRE(w.does(lapses(s, seen, until)));
  CHECK(pool(w).available == 1);
  CHECK_FALSE(w.row<sessions::Session>(s));
  w.when(lapses(s, seen, until)).then_nothing();  // nothing is left to wait for
  w.when(AskVisit{site, s}).then_refused(Code::not_found);
}

TEST_CASE("POOL-05 the same session returning while on hold gets its lease back; its heartbeat says so") {
  auto w = pool_of(2);
  auto s = starts(w, visit("a")).session;
  w.when(AskVisit{site, s}).then_answer([](const AskVisit::Answer& a) { CHECK_FALSE(a.lacks_number); });
  goes_silent(w, s);
  w.when(AskVisit{site, s}).then_answer([](const AskVisit::Answer& a) { CHECK(a.lacks_number); });
  w.when(ShowNumber{site, s})
      .then({sessions::NumberLeased{s, dental, site, nth(1), phone(1), LeaseReason::returning, {}}});
  REQUIRE(w.does(ShowNumber{site, s}));
  CHECK(pool(w).leased == 1);
  CHECK(pool(w).hold == 0);
}

TEST_CASE(
    "POOL-05 a visitor is given the same number again when it is free, on hold for the same visitor too") {
  auto w = pool_of(3);
  auto first = starts(w, visit("monday", "ann"));
  goes_silent(w, first.session);
  auto held = w.when(visit("tuesday", "ann"));
  CHECK(reason_of(held.events()) == LeaseReason::sticky);
  held.then_answer([&](const VisitResult& r) { CHECK(shown(r) == phone(1).text); });
  is_over(w, first.session);
  auto free = w.when(visit("tuesday", "ann"));
  CHECK(reason_of(free.events()) == LeaseReason::sticky);
  CHECK(reason_of(w.when(visit("tuesday", "bob")).events()) == LeaseReason::lru);
  w.now.ms += 31LL * 24 * 60 * minute;  // thirty days is what a preference lasts
  CHECK(reason_of(w.when(visit("june", "ann")).events()) == LeaseReason::lru);
}

TEST_CASE(
    "POOL-05 a number on hold goes to another visitor only when no other is free, and is flagged risky") {
  auto w = pool_of(2);
  auto a = starts(w, visit("a"));
  goes_silent(w, a.session);
  CHECK(reason_of(w.when(visit("b")).events()) == LeaseReason::lru);
  auto b = starts(w, visit("b"));
  auto outcome = w.when(visit("c"));
  auto events = outcome.events();
  REQUIRE(events.size() == 3);
  CHECK(std::get<sessions::LeaseReleased>(events[1]).session == a.session);
  CHECK(std::get<sessions::LeaseReleased>(events[1]).by == sessions::ReleasedBy::reuse);
  const auto& leased = std::get<sessions::NumberLeased>(events[2]);
  CHECK(leased.number == nth(1));
  CHECK(leased.reason == LeaseReason::risky);
  CHECK(leased.previous == a.session);
  w.happened(events);
  CHECK(pool(w).risky == 1);
  auto s = call(w, 1);
  CHECK(s.session == leased.session);
  CHECK(s.confidence == Share{5'000});
  CHECK(s.candidates.size() == 2);
  pools::Settings hard;
  hard.hold_soft = false;
  auto strict = pool_of(1, hard);
  goes_silent(strict, starts(strict, visit("a")).session);
  strict.when(visit("b")).then_answer([](const VisitResult& r) {
    CHECK(r.policy == pools::Overflow::fallback_number);
    CHECK_FALSE(r.number);
  });
}

TEST_CASE("POOL-05 who returns to a risky number is as risky as before, and forgets nobody else's visit") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a"));
  w.does(EndVisitorSession{site, a.session});
  auto b = starts(w, visit("b"));
  w.does(AddTouch{site, b.session, Text<2048>{"https://shop.example/autumn"}, {}, {}, {}});
  for (int returns = 0; returns < 40; ++returns) {
    w.does(lapses(b.session, w.now, w.now));
    w.does(ShowNumber{site, b.session});
  }
  REQUIRE(w.row<sessions::Session>(b.session)->phase == sessions::Phase::leased);
  auto s = call(w, 1);
  CHECK(s.session == b.session);
  CHECK(s.confidence == Share{5'000});
  CHECK(s.candidates.size() == 2);
  CHECK(std::ranges::count(s.flags, attribution::Flag::risky) == 1);
  CHECK(s.evidence.size() == 4);  // the assignment, b's lease and touch, a's lease
}

TEST_CASE("POOL-05 a shared number that was left is nobody's any more") {
  pools::Settings share;
  share.overflow = pools::Overflow::share;
  auto w = pool_of(2, share);
  auto a = starts(w, visit("a"));
  starts(w, visit("b"));
  auto c = starts(w, visit("c"));
  REQUIRE(c.policy == pools::Overflow::share);
  auto shared = *w.row<sessions::Session>(c.session)->number;
  w.happened({numbers::Unassigned{shared, dental, site, {}}});
  w.does(EndVisitorSession{site, a.session});
  w.does(ShowNumber{site, c.session});
  CHECK(w.row<sessions::Session>(c.session)->number != shared);
  w.now.ms += 31 * minute;
  w.happened({assigned(shared, site)});
  auto s = call(w, shared == nth(1) ? 1 : 2);
  CHECK(std::ranges::none_of(s.candidates, [&](const auto& k) { return k.session == c.session; }));
}

TEST_CASE("POOL-05 a page goes on with no fallback that the campaign has given up") {
  pools::Settings settings;
  settings.fallback_number = phone(7);
  auto w = pool_of(0, settings);
  auto a = starts(w, visit("a"));
  CHECK(shown(a) == phone(7).text);
  campaigns::Updated changed{site, dental, {}, {}, {}, false};
  settings.fallback_number = phone(8);
  changed.pool = settings;
  w.happened({changed});
  w.when(AskVisit{site, a.session}).then_answer([](const AskVisit::Answer& r) { CHECK(r.lacks_number); });
  w.does(ShowNumber{site, a.session});
  CHECK(w.row<sessions::Session>(a.session)->shown == phone(8));
  w.when(AskVisit{site, a.session}).then_answer([](const AskVisit::Answer& r) {
    CHECK_FALSE(r.lacks_number);
  });
  settings.overflow = pools::Overflow::no_swap;
  changed.pool = settings;
  w.happened({changed});
  w.does(ShowNumber{site, a.session});
  CHECK_FALSE(w.row<sessions::Session>(a.session)->shown);
}

TEST_CASE("POOL-05 a call in progress pins the number: nobody else is lent it until the call is over") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a"));
  call(w, 1);
  goes_silent(w, a.session);
  CHECK_FALSE(w.when(visit("b")).decision()->result.number);
  is_over(w, a.session);
  CHECK(pool(w).available == 1);
  CHECK_FALSE(w.when(visit("b")).decision()->result.number);
  auto over = ringing(1);
  over.status = "completed";
  over.duration_s = 60;
  REQUIRE(w.does(ReportCallStatus{dental_twilio, over, {}}));
  CHECK(shown(w.when(visit("b")).decision()->result) == phone(1).text);
}

TEST_CASE("POOL-05 a call is attributed to the visit that sees the number, with the events that say so") {
  auto w = pool_of(2);
  starts(w, visit("a"));
  auto b = starts(w, visit("b"));
  auto lease = id<CommitId>(w.commits).to_string() + "/1";
  AddTouch touch{site, b.session, Text<2048>{"https://shop.example/?gclid=1"}, {}, {}, {{"gclid", "1"}}};
  REQUIRE(w.does(touch));
  auto touched = id<CommitId>(w.commits).to_string() + "/0";
  auto s = call(w, 2);
  CHECK(s.session == b.session);
  CHECK(s.confidence == Share{10'000});
  REQUIRE(s.evidence.size() == 3);
  CHECK(s.evidence[1] == lease);
  CHECK(s.evidence[2] == touched);
}

TEST_CASE("POOL-05 a call while on hold is the old session's, and after the call window nobody's") {
  auto w = pool_of(2);
  auto a = starts(w, visit("a"));
  goes_silent(w, a.session);
  CHECK(call(w, 1).session == a.session);
  w.now.ms += 31 * minute;
  auto later = call(w, 1, "CA2");
  CHECK_FALSE(later.session);
  CHECK(later.confidence == Share{});
}

TEST_CASE("POOL-05 EndVisitorSession ends the visit at once and keeps its number on hold for the call") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a"));
  auto until = Timestamp{w.now.ms + 1800 * second};
  w.when(EndVisitorSession{site, a.session}).then_answer([&](const EndVisitorSession::Answer& r) {
    CHECK(r.hold_until == until);
  });
  REQUIRE(w.does(EndVisitorSession{site, a.session}));
  CHECK(pool(w).hold == 1);
  w.when(EndVisitorSession{site, a.session}).then_refused(Code::not_found);
  w.when(AskVisit{site, a.session}).then_refused(Code::not_found);
  CHECK(call(w, 1).session == a.session);
  auto again = starts(w, visit("a"));
  CHECK(again.session != a.session);
  is_over(w, a.session);  // does not take the name from the visit that has it now
  w.when(visit("a")).then_answer([&](const VisitResult& r) { CHECK(r.session == again.session); });
}

TEST_CASE("POOL-05 a session is over after a day, whatever its heartbeats") {
  auto w = pool_of(1);
  auto s = starts(w, visit("a")).session;
  w.now.ms += 24 * 60 * minute;
  auto events = w.when(lapses(s, w.now, w.now)).events();
  REQUIRE(events.size() == 2);
  CHECK(std::get<sessions::LeaseReleased>(events[0]).by == sessions::ReleasedBy::max_age);
  CHECK(std::get<sessions::Ended>(events[1]).by == sessions::EndedBy::max_age);
}

TEST_CASE("POOL-05 another campaign's session, a static campaign, an archived one: nothing to see") {
  auto w = pool_of(1);
  auto s = starts(w, visit("a")).session;
  w.when(AskVisit{spring, s}).then_refused(Code::not_found);
  auto c = visit("b");
  c.campaign = spring;
  w.when(c).then_refused(Code::not_found);
  w.happened({numbers::Unassigned{nth(1), dental, site, {}}});
  w.happened({campaigns::Archived{site, dental}});
  w.when(visit("b")).then_refused(Code::campaign_archived);
}
