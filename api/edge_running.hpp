// Inside of the Edge: a request on its way.
#pragma once

#include "api/edge.hpp"
#include "api/recorded_outcome.hpp"

namespace ringledger {

struct Edge::Running {
  Call call;
  const Operation* operation = nullptr;
  HttpAnswerTo answer;
  std::int64_t began_ms = 0, wait_ms = -1;   ///< wait_ms: of `Prefer: wait`, -1 when not sent
  std::optional<std::uint64_t> position;     ///< the client wants to see this one
  std::uint64_t must_show = 0;               ///< what was answered before it came
  bool looked_up = false;                    ///< a number was named by its E.164
  std::optional<RecordedOutcomes> outcomes;  ///< waited for
  std::shared_ptr<void> waiting;             ///< a place among those who wait for many
  std::optional<std::int64_t> if_match;
  Prepared prepared;
  std::string idempotency_key;
  RateDecision rate;
  HttpHeaders extra;
  Forwarding::HopPtr hop;  ///< sent on to the writer, or to be
};

inline Refusal plain(Code code, std::string detail) { return Refusal{code, std::move(detail), {}, {}, {}}; }

}  // namespace ringledger
