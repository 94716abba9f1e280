// The models of number-pools.md D.4 over a caller's touches: how much each of them is owed.
#include <algorithm>
#include <cmath>

#include "domain/attribution.hpp"

namespace ringledger::attribution {
namespace {

using Weights = std::vector<std::int64_t>;  ///< one a touch, of their sum

constexpr double half_life_ms = 7.0 * 24 * 3600 * 1000;

/// What the caller touched up to the call, in time: the visit's of this call and those of earlier calls.
std::vector<Touch> touches_of(const Snapshot& by_rules, const Known& known) {
  std::vector<Touch> all;
  auto add = [&](const std::vector<Touch>& some) {
    for (const auto& t : some) {
      if (t.at <= known.at && t.at.ms >= known.at.ms - known.lookback_ms) remember(all, t);
    }
  };
  add(known.touches);
  for (const auto& s : known.showings) {
    if (s.session == by_rules.session && covers(known, s)) add(s.touches);
  }
  return all;
}

std::size_t last_non_direct(const std::vector<Touch>& touches) {
  for (auto i = touches.size(); i > 0; --i) {
    if (!touches[i - 1].direct) return i - 1;
  }
  return touches.size() - 1;
}

/// The last before the caller became a contact; the first, when they became one otherwise.
std::size_t lead_creation(const std::vector<Touch>& touches, const Known& known) {
  std::size_t lead = 0;
  for (std::size_t i = 0; i < touches.size(); ++i) {
    if (known.lead_at && touches[i].at <= *known.lead_at) lead = i;
  }
  return lead;
}

/// 40 % the first, 40 % the last, what is left shared by those between; of two a half each.
Weights by_position(std::size_t count) {
  if (count < 3) return Weights(count, 1);
  Weights weights(count, 1);
  weights.front() = weights.back() = 2 * static_cast<std::int64_t>(count - 2);
  return weights;
}

/// Half as much for each seven days that it was before the call.
Weights by_age(const std::vector<Touch>& touches, Timestamp at) {
  constexpr double unit = 1e9;
  Weights weights;
  for (const auto& t : touches)
    weights.push_back(std::llround(unit * std::exp2(static_cast<double>(t.at.ms - at.ms) / half_life_ms)));
  return weights;
}

/// REQUIRES: touches.
Weights weights_of(const std::vector<Touch>& touches, const Known& known, Model model) {
  auto count = touches.size();
  Weights none(count, 0);
  auto owed = [&](std::initializer_list<std::size_t> some) {
    for (auto i : some) ++none[i];
    return none;
  };
  switch (model) {
    case Model::last_touch:
      return owed({count - 1});
    case Model::first_touch:
      return owed({0});
    case Model::last_non_direct:
      return owed({last_non_direct(touches)});
    case Model::lead_creation:
      return owed({lead_creation(touches, known)});
    case Model::linear:
      return Weights(count, 1);
    case Model::first_and_lead:
      return owed({0, lead_creation(touches, known)});
    case Model::position:
      return by_position(count);
    case Model::time_decay:
      return by_age(touches, known.at);
  }
  return none;
}

/// A visit's part of the whole: that of its touches together.
struct Part {
  SessionId session;
  std::size_t newest = 0;  ///< of its touches
  std::int64_t weight = 0;
};
/// The heaviest first; of equal ones the newest.
std::vector<Part> parts_of(const std::vector<Touch>& touches, const Weights& weights) {
  std::vector<Part> parts;
  for (auto i = touches.size(); i > 0; --i) {
    if (weights[i - 1] == 0) continue;
    auto at = std::ranges::find(parts, touches[i - 1].session, &Part::session);
    if (at == parts.end()) at = parts.insert(at, {touches[i - 1].session, i - 1});
    at->weight += weights[i - 1];
  }
  std::ranges::sort(parts, std::ranges::greater(),
                    [](const Part& p) { return std::pair(p.weight, p.newest); });
  return parts;
}

void add_evidence(Snapshot& s, const std::string& event) {
  if (std::ranges::find(s.evidence, event) == s.evidence.end()) s.evidence.push_back(event);
}

}  // namespace

Snapshot weighed(Snapshot s, const Known& known, Model model) {
  s.model = model;
  auto touches = s.session ? touches_of(s, known) : std::vector<Touch>();
  if (touches.empty()) return s;
  auto weights = weights_of(touches, known, model);
  auto parts = parts_of(touches, weights);
  std::int64_t whole = 0;
  for (auto w : weights) whole += w;
  if (whole == 0) return s;
  // Who else may have called stays as sure as the rules are.
  std::erase_if(s.candidates, [&](const Candidate& c) {
    return c.session == s.session || std::ranges::find(parts, c.session, &Part::session) != parts.end();
  });
  std::vector<Candidate> owed;
  for (const auto& p : parts)
    owed.push_back({p.session, Share{s.confidence.ten_thousandths * p.weight / whole}});
  s.candidates.insert(s.candidates.begin(), owed.begin(), owed.end());
  s.session = owed.front().session;
  s.confidence = owed.front().confidence;
  for (std::size_t i = 0; i < touches.size(); ++i) {
    if (weights[i] > 0) add_evidence(s, touches[i].evidence);
  }
  return s;
}

}  // namespace ringledger::attribution
