#include "domain/pool_simulation.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace ringledger::pools {
namespace {

using Ends = std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>>;

void forget_before(Ends& ends, std::int64_t now_ms) {
  while (!ends.empty() && ends.top() <= now_ms) ends.pop();
}

}  // namespace

Simulated simulate(const std::vector<Visit>& visits, std::int64_t size) {
  Simulated out;
  Ends taken, shown;  // when each number that is taken is free again; when its page is closed
  double taken_ms = 0;
  for (const auto& v : visits) {
    forget_before(taken, v.from.ms);
    forget_before(shown, v.from.ms);
    ++out.visits;
    taken_ms += static_cast<double>(v.taken_ms);
    if (static_cast<std::int64_t>(taken.size()) >= size) {
      ++out.blocked;
      if (static_cast<std::int64_t>(shown.size()) < size) ++out.risky;
      continue;
    }
    taken.push(v.from.ms + v.taken_ms);
    shown.push(v.from.ms + v.shown_ms);
    out.most_taken = std::max(out.most_taken, static_cast<std::int64_t>(taken.size()));
  }
  auto span_ms = visits.size() > 1 ? visits.back().from.ms - visits.front().from.ms : 0;
  if (span_ms > 0) out.offered_load = taken_ms / static_cast<double>(span_ms);
  return out;
}

}  // namespace ringledger::pools
