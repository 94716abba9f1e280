#include "api/simulator_traffic.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

#include "adapters/http/httplib_client.hpp"
#include "adapters/simulation/sim_random.hpp"
#include "api/http_types.hpp"

namespace ringledger {
namespace {

using boost::json::object;

constexpr int timeout_ms = 30'000;
constexpr double day_ms = 86'400'000;
constexpr std::size_t faults_told = 5;
constexpr int most_waits = 60;  ///< for one request

struct Website {
  std::string campaign, key, origin;
};
/// A number that is on no website.
struct Listed {
  std::string e164;
};
struct Sight {
  std::string session, number;  ///< "": the page's own number is shown
  bool ended = false;
};

std::string text(const object& o, std::string_view name) {
  const auto* value = o.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// Of a refusal, at least 1.
std::int64_t retry_after_s(const HttpAnswer& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (equal_ignoring_case(name, "Retry-After"))
      return std::clamp<std::int64_t>(std::atoll(value.c_str()), 1, 60);
  }
  return 1;
}

class Traffic {
 public:
  Traffic(const TrafficTarget& target, const TrafficOptions& options)
      : x_target(target), x_plan(plan_traffic(options)), x_where(options.seed, "where") {
    x_steps = steps_of(x_plan, options.heartbeat_s);
    while (x_target.url.ends_with('/')) x_target.url.pop_back();
    while (x_target.simulator.ends_with('/')) x_target.simulator.pop_back();
  }

  int run() {
    if (!look_around()) return 1;
    if (x_websites.empty() && x_listed.empty()) {
      std::fputs("ringledger: no website tracker and no assigned number is there for visitors and callers\n",
                 stderr);
      return 1;
    }
    const auto begun = std::chrono::steady_clock::now();
    for (const auto& step : x_steps) {
      const auto real_ms = static_cast<double>(step.at_ms) * x_target.day_s * 1000 / day_ms;
      std::this_thread::sleep_until(begun +
                                    std::chrono::microseconds(static_cast<std::int64_t>(real_ms * 1000)));
      take(step);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    object told{{"took_s", took.count()}};
    for (const auto& [what, n] : x_counts) told[what] = n;
    std::puts(boost::json::serialize(told).c_str());
    return x_counts["faults"] == 0 ? 0 : 1;
  }

 private:
  // What is there.
  bool look_around() {
    const auto me = get("/v1/me");
    if (!me) return false;
    for (const auto& ws : me->at("workspaces").as_array()) {
      const auto at = "/v1/workspaces/" + text(ws.as_object(), "id");
      if (!each(at + "/campaigns?limit=500", [&](const object& c) { meet_campaign(at, c); })) return false;
      if (!each(at + "/numbers?assignment=assigned&limit=500", [&](const object& n) { meet_number(n); }))
        return false;
    }
    return true;
  }
  void meet_campaign(const std::string& at, const object& listed) {
    if (text(listed, "campaign_type") != "website_tracker") return;
    const auto id = text(listed, "id");
    const auto c = get(at + "/campaigns/" + id);
    if (!c || text(*c, "publishable_key").empty()) return;
    Website site{id, text(*c, "publishable_key"), ""};
    const auto* origins = c->if_contains("allowed_origins");
    if (origins && origins->is_array() && !origins->as_array().empty())
      site.origin = std::string(origins->as_array().front().as_string());
    x_websites.push_back(std::move(site));
  }
  void meet_number(const object& number) {
    const auto* campaign = number.if_contains("campaign");
    if (!campaign || !campaign->is_object()) return;
    if (text(campaign->as_object(), "campaign_type") == "static") x_listed.push_back({text(number, "e164")});
  }
  bool each(std::string path, auto&& take) {
    for (std::string cursor;;) {
      const auto page = get(path + (cursor.empty() ? "" : "&cursor=" + cursor));
      if (!page) return false;
      for (const auto& item : page->at("items").as_array()) take(item.as_object());
      cursor = text(*page, "next_cursor");
      if (cursor.empty()) return true;
    }
  }

  // What happens.
  void take(const TrafficStep& step) {
    using Kind = TrafficStep::Kind;
    if (step.kind == Kind::call) {
      if (!x_listed.empty())
        ring(x_plan.calls[step.index], x_listed[x_where.below(x_listed.size())].e164, "calls");
      return;
    }
    if (x_websites.empty()) return;
    const auto& visit = x_plan.visits[step.index];
    if (step.kind == Kind::start) return start(step.index, visit);
    auto at = x_seen.find(step.index);
    if (at == x_seen.end()) return;  // it could not begin
    auto& sight = at->second;
    if (step.kind == Kind::beat) return beat(visit, sight);
    if (step.kind == Kind::end) end(visit, sight);
    if (step.kind == Kind::call_shown && sight.number.empty()) ++x_counts["calls_to_the_sites_own_number"];
    if (step.kind == Kind::call_shown && !sight.number.empty())
      ring(*visit.call, sight.number, "calls_of_visitors");
  }
  const Website& site_of(const PlannedVisit& visit) const {
    return x_websites[stable_hash(visit.visitor) % x_websites.size()];
  }
  void start(std::size_t index, const PlannedVisit& visit) {
    const auto& site = site_of(visit);
    const auto page = (site.origin.empty() ? "https://www.example" : site.origin) + visit.landing_path;
    object utm, clicks;
    if (!visit.source.empty()) utm["source"] = visit.source;
    if (!visit.medium.empty()) utm["medium"] = visit.medium;
    if (!visit.campaign.empty()) utm["campaign"] = visit.campaign;
    if (!visit.click_id.empty()) clicks[visit.click_id] = visit.session_key;
    const auto answer = post(site, "",
                             {{"session_key", visit.session_key},
                              {"visitor", visit.visitor},
                              {"landing_url", page},
                              {"utm", utm},
                              {"click_ids", clicks},
                              {"consent", true}});
    if (!answer) return;
    ++x_counts["visits"];
    auto& sight = x_seen[index];
    sight.session = text(*answer, "session");
    show(sight, *answer);
    if (sight.number.empty()) ++x_counts["visits_without_a_number"];
  }
  void beat(const PlannedVisit& visit, Sight& sight) {
    const auto answer = post(site_of(visit), "/" + sight.session + "/heartbeat", {});
    if (!answer) return;
    ++x_counts["heartbeats"];
    show(sight, *answer);
  }
  void end(const PlannedVisit& visit, Sight& sight) {
    if (post(site_of(visit), "/" + sight.session + "/end", {})) ++x_counts["visits_ended"];
  }
  static void show(Sight& sight, const object& answer) {
    const auto* number = answer.if_contains("number");
    sight.number = number && number->is_object() ? text(number->as_object(), "e164") : "";
  }
  void ring(const PlannedCall& call, const std::string& to, const char* what) {
    const object order{{"from", call.from},
                       {"to", to},
                       {"answer", call.answer},
                       {"duration_s", call.duration_s},
                       {"caller_name", call.caller_name}};
    const auto answer = ask({"POST",
                             x_target.simulator + "/_sim/calls",
                             {{"Content-Type", "application/json"}},
                             boost::json::serialize(order),
                             timeout_ms});
    if (answer) ++x_counts[what];
  }

  // How it is asked.
  std::optional<object> get(const std::string& path) {
    return ask({"GET", x_target.url + path, {{"Authorization", "Bearer " + x_target.key}}, "", timeout_ms});
  }
  std::optional<object> post(const Website& site, const std::string& path, const object& body) {
    HttpCall call{"POST",
                  x_target.url + "/v1/public/campaigns/" + site.campaign + "/sessions" + path,
                  {{"Authorization", "Bearer " + site.key}, {"Content-Type", "application/json"}},
                  boost::json::serialize(body),
                  timeout_ms};
    if (!site.origin.empty()) call.headers.emplace_back("Origin", site.origin);
    return ask(call);
  }
  /// All visitors come from this one address: when there are too many the server says how long to wait.
  Result<HttpAnswer> call_in_turn(const HttpCall& call) {
    for (int waits = 0;; ++waits) {
      auto answer = x_http.call(call);
      if (!answer || answer->status != 429 || waits == most_waits) return answer;
      ++x_counts["waits"];
      x_http.pause(1000 * retry_after_s(*answer));
    }
  }
  /// What is not answered well is counted, and the first few are told.
  std::optional<object> ask(const HttpCall& call) {
    const auto answer = call_in_turn(call);
    const bool fine = answer && answer->status >= 200 && answer->status < 300;
    boost::json::error_code error;
    const auto body = fine ? boost::json::parse(answer->body, error) : boost::json::value();
    if (fine && !error && body.is_object()) return body.as_object();
    if (++x_counts["faults"] <= static_cast<std::int64_t>(faults_told))
      std::fprintf(stderr, "ringledger: %s %s: %s\n", call.method.c_str(), call.url.c_str(),
                   answer ? answer->body.c_str() : answer.error().detail.c_str());
    return std::nullopt;
  }

  TrafficTarget x_target;
  const TrafficPlan x_plan;
  std::vector<TrafficStep> x_steps;
  SimRandom x_where;
  HttplibClient x_http;
  std::vector<Website> x_websites;
  std::vector<Listed> x_listed;
  std::map<std::size_t, Sight> x_seen;  ///< by visit
  std::map<std::string, std::int64_t> x_counts{{"faults", 0}};
};

}  // namespace

int run_traffic(const TrafficTarget& target, const TrafficOptions& options) {
  return Traffic(target, options).run();
}

void declare_traffic(CLI::App& simulator, int& exit_code) {
  struct Wish {
    TrafficTarget target;
    TrafficOptions options;
  };
  auto wish = std::make_shared<Wish>();
  auto* sub = simulator.add_subcommand(
      "traffic", "a day of visitors and callers against a running server; prints what happened as JSON");
  auto& [target, options] = *wish;
  sub->add_option("--url", target.url, "of the server")->envname("RINGLEDGER_URL")->capture_default_str();
  sub->add_option("--key", target.key,
                  "API key that reads campaigns and numbers; better from the environment")
      ->envname("RINGLEDGER_KEY")
      ->required();
  sub->add_option("--simulator", target.simulator, "URL of the simulated Twilio")->required();
  sub->add_option("--day-seconds", target.day_s, "how long a day takes; 0: as fast as it goes")
      ->capture_default_str();
  sub->add_option("--hours", options.hours, "of the day that are lived through, from midnight")
      ->capture_default_str();
  sub->add_option("--visitors-per-hour", options.visitors_per_hour, "on average")->capture_default_str();
  sub->add_option("--calls-per-hour", options.calls_per_hour, "to numbers on no website")
      ->capture_default_str();
  sub->add_option("--callers", options.caller_percent, "percent of the visitors who call")
      ->capture_default_str();
  sub->add_option("--seed", options.seed, "what the day follows from")->capture_default_str();
  sub->callback([wish, &exit_code] { exit_code = run_traffic(wish->target, wish->options); });
}

}  // namespace ringledger
