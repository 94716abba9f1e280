#include "api/traffic_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>

#include "adapters/simulation/sim_random.hpp"

namespace ringledger {
namespace {

constexpr double hour_ms = 3'600'000;
constexpr double day_swing = 0.8;       // busiest at 14:00, quietest at 02:00
constexpr unsigned again_percent = 20;  // of visitors, who were there before
constexpr unsigned withheld_percent = 3;

struct Way {
  const char *source, *medium, *campaign, *click_id;
};
constexpr std::array<Way, 6> ways{{{"google", "cpc", "spring", "gclid"},
                                   {"google", "organic", "", ""},
                                   {"facebook", "paid_social", "spring", "fbclid"},
                                   {"newsletter", "email", "november", ""},
                                   {"partner.example", "referral", "", ""},
                                   {"", "", "", ""}}};
constexpr std::array<const char*, 4> pages{"/", "/prices", "/book", "/contact"};
constexpr std::array<const char*, 5> names{"ANN CALLER", "BOB BAKER", "CARLA DIAZ", "DAN EVANS", ""};

class Planner {
 public:
  explicit Planner(const TrafficOptions& options)
      : x_options(options),
        x_when(options.seed, "when"),
        x_who(options.seed, "who"),
        x_calls(options.seed, "calls") {}

  TrafficPlan plan() {
    TrafficPlan plan;
    arrivals(x_options.visitors_per_hour, [&](std::int64_t at) { plan.visits.push_back(visit(at)); });
    arrivals(x_options.calls_per_hour, [&](std::int64_t at) { plan.calls.push_back(call(at)); });
    return plan;
  }

 private:
  static double unit(SimRandom& random) {
    constexpr std::uint64_t fine = 1ULL << 53U;
    return (static_cast<double>(random.below(fine)) + 0.5) / static_cast<double>(fine);
  }
  static double exponential(SimRandom& random, double mean) { return -mean * std::log(unit(random)); }
  template <class T, std::size_t N>
  T pick(const std::array<T, N>& from) {
    return from[x_who.below(N)];
  }

  /// Poisson arrivals with the day's swing: at the busiest rate, thinned out.
  void arrivals(double per_hour, auto&& take) {
    if (per_hour <= 0) return;
    const double busiest = per_hour * (1 + day_swing), end_ms = x_options.hours * hour_ms;
    for (double at = exponential(x_when, hour_ms / busiest); at < end_ms;
         at += exponential(x_when, hour_ms / busiest)) {
      const double swing = std::sin((at / hour_ms - 8) / 12 * std::numbers::pi);
      if (unit(x_when) * (1 + day_swing) < 1 + day_swing * swing) take(static_cast<std::int64_t>(at));
    }
  }

  PlannedVisit visit(std::int64_t at) {
    PlannedVisit v;
    v.at_ms = at;
    v.until_ms = at + static_cast<std::int64_t>(exponential(x_when, x_options.visit_s * 1000));
    const bool again = x_visitors > 0 && x_who.chance(again_percent);
    const auto serial = again ? x_who.below(x_visitors) : x_visitors++;
    v.visitor = named("visitor", serial);
    v.session_key = named("session", x_sessions++);
    const auto way = pick(ways);
    v.source = way.source;
    v.medium = way.medium;
    v.campaign = way.campaign;
    v.click_id = way.click_id;
    v.landing_path = pick(pages);
    if (x_calls.chance(x_options.caller_percent)) {
      // Most while they look at the number, some a little later.
      const double window = static_cast<double>(v.until_ms - at) * 1.3;
      v.call = call(at + static_cast<std::int64_t>(unit(x_calls) * window));
    }
    return v;
  }

  [[nodiscard]] std::string named(const char* what, std::uint64_t serial) const {
    return std::string(what) + "-" + std::to_string(x_options.seed) + "-" + std::to_string(serial);
  }

  PlannedCall call(std::int64_t at) {
    PlannedCall c;
    c.at_ms = at;
    const auto who = x_calls.below(10'000);
    const auto line = std::to_string(10'000 + who);
    c.from = x_calls.chance(withheld_percent) ? "anonymous" : "+1212555" + line.substr(1);
    c.caller_name = names[who % names.size()];
    const auto luck = x_calls.below(100);
    c.answer = luck < 78 ? "human" : luck < 90 ? "no-answer" : luck < 96 ? "busy" : "failed";
    c.duration_s = c.answer == "human" ? 5 + static_cast<std::int64_t>(exponential(x_calls, 150)) : 0;
    c.duration_s = std::min<std::int64_t>(c.duration_s, 3'600);
    return c;
  }

  const TrafficOptions& x_options;
  SimRandom x_when, x_who, x_calls;
  std::uint64_t x_visitors = 0, x_sessions = 0;
};

}  // namespace

TrafficPlan plan_traffic(const TrafficOptions& options) { return Planner(options).plan(); }

std::vector<TrafficStep> steps_of(const TrafficPlan& plan, std::int64_t heartbeat_s) {
  using Kind = TrafficStep::Kind;
  std::vector<TrafficStep> steps;
  for (std::size_t i = 0; i < plan.visits.size(); ++i) {
    const auto& v = plan.visits[i];
    steps.push_back({Kind::start, v.at_ms, i});
    for (auto at = v.at_ms + heartbeat_s * 1000; at < v.until_ms; at += heartbeat_s * 1000)
      steps.push_back({Kind::beat, at, i});
    steps.push_back({Kind::end, v.until_ms, i});
    if (v.call) steps.push_back({Kind::call_shown, v.call->at_ms, i});
  }
  for (std::size_t i = 0; i < plan.calls.size(); ++i) steps.push_back({Kind::call, plan.calls[i].at_ms, i});
  std::ranges::sort(steps, {}, [](const TrafficStep& s) { return std::tuple(s.at_ms, s.kind, s.index); });
  return steps;
}

}  // namespace ringledger
