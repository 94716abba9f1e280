// Random histories of real shards over a log in the test's hand (../shared/spec/protocol.md "Testing it"). A
// history that finds a fault is cut down to what it takes, and printed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/adapters/simulation/support/protocol_world.hpp"

namespace ringledger::test {
namespace {

enum class Action {
  submit,
  land,
  deliver,
  copy,
  drop,
  fail,
  die,
  crash,
  contend,
  hand_over,
  pass,
  stranger,
  late
};

struct Step {
  Action action{};
  std::size_t node = 0, pick = 0;  ///< modulo what there is
  int key = 1;
  std::size_t many = 1;
  std::int64_t ms = 0;
};
using History = std::vector<Step>;

struct Weight {
  Action action;
  unsigned percent;
};
constexpr Weight weights[]{{Action::submit, 29}, {Action::land, 24},     {Action::deliver, 26},
                           {Action::copy, 3},    {Action::drop, 2},      {Action::fail, 2},
                           {Action::die, 1},     {Action::crash, 3},     {Action::contend, 3},
                           {Action::pass, 2},    {Action::hand_over, 1}, {Action::stranger, 2},
                           {Action::late, 2}};

Action draw_action(SimRandom& random) {
  auto left = random.below(100);
  for (const auto& w : weights) {
    if (left < w.percent) return w.action;
    left -= w.percent;
  }
  return Action::stranger;
}

History draw(std::uint64_t seed) {
  SimRandom random(seed, "history");
  History all;
  for (int step = 0; step < 120; ++step) {
    Step s{draw_action(random),
           random.below(6),
           random.chance(70) ? 0 : random.below(4),
           1 + static_cast<int>(random.below(12)),
           1 + random.below(4),
           static_cast<std::int64_t>(random.below(3000))};
    all.push_back(s);
  }
  return all;
}

void act(ProtocolWorld& w, const Step& s) {
  auto node = s.node % w.nodes();
  auto on_the_way = w.partition.on_the_way().size();
  auto pick = on_the_way == 0 ? 0 : s.pick % on_the_way;
  bool needs_one = s.action == Action::land || s.action == Action::copy || s.action == Action::drop ||
                   s.action == Action::fail;
  if (needs_one && on_the_way == 0) return;
  switch (s.action) {
    case Action::submit:
      return w.submit(node, s.key);
    case Action::land:
      return w.land(pick);
    case Action::deliver:
      return w.deliver(node, s.many);
    case Action::copy:
      return w.partition.copy(pick);
    case Action::drop:
      return w.drop(pick);
    case Action::fail:
      return w.fail(pick);
    case Action::die:
      return w.kill_producer(node);
    case Action::crash:
      return w.crash(node);
    case Action::contend:
      return w.contend(node);
    case Action::hand_over:
      return w.hand_over(node);
    case Action::pass:
      return w.pass(s.ms);
    case Action::stranger:
      return w.partition.land_record({0, RecordKind::foreign, {}});
    case Action::late:
      return w.keys_late(node, s.many % 2 == 1);
  }
}

std::vector<std::string> faults_of(const History& history, std::uint64_t seed) {
  ProtocolWorld w(seed, 2 + static_cast<int>(seed % 2),
                  seed % 3 == 0 ? Shard::Start::follow : Shard::Start::claim);
  for (const auto& step : history) act(w, step);
  w.settle();
  w.look_for_faults();
  return w.faults();
}

/// Leaves out stretches, then single steps, as long as a fault is left.
History shrunk(History history, std::uint64_t seed) {
  for (auto length = history.size() / 2; length > 0; length /= 2) {
    for (std::size_t at = 0; at + length <= history.size();) {
      auto shorter = history;
      auto from = shorter.begin() + static_cast<std::ptrdiff_t>(at);
      shorter.erase(from, from + static_cast<std::ptrdiff_t>(length));
      if (faults_of(shorter, seed).empty())
        at += length;
      else
        history = std::move(shorter);
    }
  }
  return history;
}

std::string text_of(const History& history) {
  constexpr const char* names[]{"submit", "land",    "deliver",   "copy", "drop",     "fail", "die",
                                "crash",  "contend", "hand_over", "pass", "stranger", "late"};
  std::string text;
  for (const auto& s : history) {
    text += "\n  " + std::string(names[static_cast<std::size_t>(s.action)]) + " node " +
            std::to_string(s.node) + " pick " + std::to_string(s.pick) + " key " + std::to_string(s.key) +
            " many " + std::to_string(s.many) + " ms " + std::to_string(s.ms);
  }
  return text;
}

void live(std::uint64_t seed) {
  auto history = draw(seed);
  if (faults_of(history, seed).empty()) return;
  auto shortest = shrunk(history, seed);
  std::string found;
  for (const auto& fault : faults_of(shortest, seed)) found += "\n  " + fault;
  FAIL_CHECK("seed " << seed << ", shrunk from " << history.size() << " to " << shortest.size()
                     << " steps:" << text_of(shortest) << "\nfinds:" << found);
}

TEST_CASE("random histories: answered counts once, keys never twice, every decision on exactly what counts") {
  const char* one = std::getenv("RL_PROTOCOL_SEED");
  if (one) return live(std::strtoull(one, nullptr, 10));
  const char* given = std::getenv("RL_PROTOCOL_SEEDS");
  auto seeds = given ? std::strtoull(given, nullptr, 10) : 1000;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) live(seed);
}

}  // namespace
}  // namespace ringledger::test
