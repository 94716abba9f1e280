// A day of visitors and callers, planned from a seed: who comes when, how they came, how long they stay, who
// calls. The same seed and options give the same day.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringledger {

struct TrafficOptions {
  std::uint64_t seed = 1;
  double hours = 24;
  double visitors_per_hour = 60;  ///< on average; fewer at night
  double calls_per_hour = 6;      ///< to numbers that are on no website
  unsigned caller_percent = 10;   ///< of the visitors, who call the number they see
  double visit_s = 180;           ///< on average
  std::int64_t heartbeat_s = 60;
};

struct PlannedCall {
  std::int64_t at_ms = 0;  ///< since midnight, as all times here
  std::string from;        ///< E.164, or "anonymous"
  std::string caller_name, answer;
  std::int64_t duration_s = 0;
};
struct PlannedVisit {
  std::int64_t at_ms = 0, until_ms = 0;
  std::string visitor, session_key;  ///< a visitor may come again
  std::string landing_path, source, medium, campaign, click_id;
  std::optional<PlannedCall> call;
};
struct TrafficPlan {
  std::vector<PlannedVisit> visits;
  std::vector<PlannedCall> calls;
};
TrafficPlan plan_traffic(const TrafficOptions& options);

/// What happens next.
struct TrafficStep {
  enum class Kind { start, beat, end, call_shown, call } kind{};
  std::int64_t at_ms = 0;
  std::size_t index = 0;  ///< of the visit, or (`call`) of the call
};
/// In the order of time; what happens at once, in the order of a visit.
std::vector<TrafficStep> steps_of(const TrafficPlan& plan, std::int64_t heartbeat_s);

}  // namespace ringledger
