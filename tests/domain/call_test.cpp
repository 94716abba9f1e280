// Calls fold to the same state whatever came late, twice or in another order.
#include "domain/call.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/support/samples.hpp"

using namespace ringledger;
using namespace ringledger::calls;
using ringledger::testing::id;

namespace {

const CallId call = id<CallId>(1);
const Timestamp start{1'700'000'000'000};

Received received(RouteKind kind = RouteKind::forward) {
  Received e;
  e.call = call;
  e.workspace = ringledger::testing::dental;
  e.account_sid = ringledger::testing::ac_sid;
  e.provider_sid = "CA1";
  e.status = "ringing";
  e.started_at = start;
  e.route = {kind, {}};
  return e;
}
StatusReported status(std::string word, std::optional<std::int64_t> sequence = {},
                      std::optional<std::int64_t> duration_s = {}) {
  StatusReported e;
  e.call = call;
  e.report = word + "/" + std::to_string(sequence.value_or(-1));
  e.status = std::move(word);
  e.sequence = sequence;
  e.duration_s = duration_s;
  e.told_at = Timestamp{start.ms + 1000 * (sequence.value_or(9) + 1)};
  return e;
}
ForwardEnded forward(std::string word) {
  ForwardEnded e;
  e.call = call;
  e.report = "forward/" + word;
  e.status = std::move(word);
  return e;
}
Call after(const std::vector<calls::Event>& events, RouteKind kind = RouteKind::forward) {
  std::optional<Call> state = evolve(std::nullopt, received(kind), start);
  auto at = start;
  for (const auto& e : events) {
    at.ms += 17;
    state = evolve(std::move(state), e, at);
  }
  return *state;
}
std::optional<Outcome> outcome(const std::vector<calls::Event>& events, RouteKind kind = RouteKind::forward) {
  return outcome_of(after(events, kind));
}

}  // namespace

TEST_CASE("LOG-02 a call shows what its contact was called then; without that, the name that was looked up") {
  auto e = received();
  e.caller_name = Personal<std::string>("ANN CALLER");
  CHECK(evolve(std::nullopt, e, start)->caller_name.clear() == "ANN CALLER");
  e.contact_name = Personal<std::string>("Ann");
  CHECK(evolve(std::nullopt, e, start)->caller_name.clear() == "Ann");
}

TEST_CASE("WHK callbacks doubled, late and in any order end in the same state") {
  std::vector<calls::Event> told{status("initiated", 0),   status("ringing", 1),
                                 status("in-progress", 2), status("completed", 3, 42),
                                 forward("completed"),     status("completed", {}, 40)};
  auto in_order = after(told);
  CHECK(in_order.status == "completed");
  CHECK(in_order.duration_s == 42);
  CHECK(in_order.reports.size() == 6);
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    auto shuffled = told;
    for (const auto& e : told) {
      if (random() % 2) shuffled.push_back(e);
    }
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    REQUIRE(after(shuffled) == in_order);
  }
}

TEST_CASE("a final status stays, whatever is told later") {
  for (const auto* word : {"completed", "busy", "no-answer", "failed", "canceled"}) {
    auto c = after({status(word, 1), status("ringing", 7), status("in-progress", 8), status("new word", 9)});
    CHECK(c.status == word);
  }
}

TEST_CASE("what came of a forwarded call") {
  CHECK_FALSE(outcome({}));
  CHECK_FALSE(outcome({status("in-progress", 1)}));
  CHECK(outcome({status("completed", 1, 30)}) == Outcome::answered);
  CHECK(outcome({status("completed", 1, 0)}) == Outcome::no_answer);
  CHECK(outcome({status("busy")}) == Outcome::busy);
  CHECK(outcome({status("canceled")}) == Outcome::canceled);
  CHECK(outcome({forward("completed")}) == Outcome::answered);
  CHECK(outcome({forward("no-answer"), status("completed", 1, 12)}) == Outcome::no_answer);
  CHECK(outcome({forward("busy"), forward("answered")}) == Outcome::answered);
  CHECK(outcome({forward("failed")}) == Outcome::failed);
}

TEST_CASE("a call that was not put through has its outcome from the start") {
  CHECK(outcome({}, RouteKind::parking) == Outcome::parked);
  CHECK(outcome({status("busy")}, RouteKind::inactive) == Outcome::inactive);
  CHECK(outcome({}, RouteKind::no_target) == Outcome::unrouted);
  CHECK(outcome({}, RouteKind::unknown_number) == Outcome::unrouted);
}

TEST_CASE("LOG-01 what is noted of a call stays through what reports tell, and goes with who called") {
  Updated noted{call,
                {},
                Money{1, "USD"},
                leads::CallStatus::junk,
                Personal<std::string>("notes"),
                Personal(leads::Tags{"a"}),
                {},
                {}};
  auto c = after({noted, status("completed", 3, 42)});
  CHECK(c.deal_value == Money{1, "USD"});
  CHECK(c.notes.clear() == "notes");
  CHECK(c.tags.clear() == leads::Tags{"a"});
  CHECK(c.version == 1);
  forget_caller(c);
  CHECK(c.lead_status == leads::CallStatus::junk);
  noted.notes = {};
  noted.tags = {};
  auto unreadable = after({noted, status("completed", 3, 42)});
  forget_caller(unreadable);
  CHECK(c == unreadable);
}

TEST_CASE("an event of a call that is not known makes none") {
  CHECK_FALSE(evolve(std::nullopt, status("ringing"), start));
  CHECK_FALSE(evolve(std::nullopt, forward("busy"), start));
}
