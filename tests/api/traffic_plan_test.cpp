// The planned day of visitors and callers.
#include "api/traffic_plan.hpp"

#include <doctest/doctest.h>

#include <utility>

#include <algorithm>
#include <map>
#include <set>

using namespace ringledger;
using Kind = TrafficStep::Kind;

namespace {

std::vector<std::int64_t> fingerprint(const TrafficPlan& plan) {
  std::vector<std::int64_t> all;
  for (const auto& s : steps_of(plan, 60)) {
    all.push_back(s.at_ms);
    all.push_back(static_cast<std::int64_t>(s.kind));
  }
  for (const auto& v : plan.visits)
    all.push_back(static_cast<std::int64_t>(v.source.size() + v.visitor.size()));
  return all;
}
TrafficOptions busy(std::uint64_t seed = 1) {
  TrafficOptions o;
  o.seed = seed;
  o.visitors_per_hour = 400;
  return o;
}

}  // namespace

TEST_CASE("the same seed plans the same day, another seed another one") {
  CHECK(fingerprint(plan_traffic(busy())) == fingerprint(plan_traffic(busy())));
  CHECK(fingerprint(plan_traffic(busy())) != fingerprint(plan_traffic(busy(2))));
}

TEST_CASE("a day has the visitors and calls that were asked for, more of them by day, and some come again") {
  const auto plan = plan_traffic(busy());
  CHECK(plan.visits.size() > 9'000);
  CHECK(plan.visits.size() < 10'200);
  CHECK(plan.calls.size() > 100);
  CHECK(plan.calls.size() < 190);
  std::set<std::string> visitors, sessions;
  std::size_t calling = 0, by_day = 0;
  double stay_ms = 0;
  for (const auto& v : plan.visits) {
    visitors.insert(v.visitor);
    sessions.insert(v.session_key);
    calling += v.call.has_value();
    by_day += v.at_ms >= 8 * 3'600'000LL && v.at_ms < 20 * 3'600'000LL;
    stay_ms += static_cast<double>(v.until_ms - v.at_ms);
    CHECK(v.until_ms >= v.at_ms);
    if (v.call) CHECK(v.call->at_ms >= v.at_ms);
  }
  const auto n = static_cast<double>(plan.visits.size());
  CHECK(sessions.size() == plan.visits.size());
  CHECK(static_cast<double>(visitors.size()) / n == doctest::Approx(0.8).epsilon(0.05));
  CHECK(static_cast<double>(calling) / n == doctest::Approx(0.1).epsilon(0.15));
  CHECK(static_cast<double>(by_day) / n > 0.7);
  CHECK(stay_ms / n == doctest::Approx(180'000).epsilon(0.05));
}

TEST_CASE("steps are in the order of time, and of each visit: start, heartbeats, end") {
  const auto plan = plan_traffic(busy());
  const auto steps = steps_of(plan, 60);
  CHECK(std::ranges::is_sorted(steps, {}, &TrafficStep::at_ms));
  std::map<std::size_t, int> state;  // 1 begun, 2 ended
  std::size_t beats = 0;
  for (const auto& s : steps) {
    if (s.kind == Kind::call) continue;
    auto& now = state[s.index];
    if (s.kind == Kind::start) CHECK(std::exchange(now, 1) == 0);
    if (s.kind == Kind::beat) CHECK(now == 1);
    if (s.kind == Kind::end) CHECK(std::exchange(now, 2) == 1);
    if (s.kind == Kind::call_shown) CHECK(now >= 1);
    beats += s.kind == Kind::beat;
  }
  CHECK(std::ranges::all_of(state, [](const auto& visit) { return visit.second == 2; }));
  CHECK(beats > plan.visits.size());
}

TEST_CASE("no visitors, no calls, no hours: no steps") {
  TrafficOptions none;
  none.visitors_per_hour = none.calls_per_hour = 0;
  CHECK(steps_of(plan_traffic(none), 60).empty());
  TrafficOptions never;
  never.hours = 0;
  CHECK(steps_of(plan_traffic(never), 60).empty());
}
