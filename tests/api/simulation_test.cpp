// The whole server under a seed: killed and cut off between any two steps, and repeated exactly.
#include <doctest/doctest.h>

#include <cstdlib>

#include "adapters/json/commit_json.hpp"
#include "support/sim_checks.hpp"
#include "support/sim_people.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

std::uint64_t seeds() {
  const char* n = std::getenv("RL_SIM_SEEDS");
  return n ? std::strtoull(n, nullptr, 10) : 25;
}

std::string assignment_path(const Demo& d, std::size_t n) {
  return "/v1/workspaces/" + d.ws[0] + "/numbers/" + d.numbers[n] + "/assignment";
}

/// A random command on a random number.
Sent random_command(const Demo& d, SimRandom& random, std::uint64_t serial) {
  auto n = random.below(d.numbers.size());
  std::string number = "/v1/workspaces/" + d.ws[random.below(8) == 0 ? 1 : 0] + "/numbers/" + d.numbers[n];
  const std::string all = R"("acknowledged":["moving_between_campaigns","campaign_left_empty"]})";
  Sent s;
  s.key = "k" + std::to_string(serial);
  s.method = "PUT";
  switch (random.below(7)) {
    case 0:
    case 1:
      s.target = assignment_path(d, n);
      s.body = R"({"campaign":")" + d.campaign[random.below(2)] + R"(",)" + all;
      break;
    case 2:
      s.target = assignment_path(d, n);
      s.body = R"({"campaign":null,)" + all;
      break;
    case 3:
      s.method = "PATCH";
      s.target = number;
      s.body = R"({"label":"L)" + std::to_string(serial) + R"("})";
      break;
    case 4:
      s.target = number + "/cnam";
      s.body = random.chance(50) ? R"({"enabled":true})" : R"({"enabled":false})";
      break;
    case 5:
      s.method = "POST";
      s.target = number + "/transfer";
      s.body = R"({"to_workspace":")" + d.ws[random.below(2)] + R"(",)" + all;
      break;
    default:
      s.target = number + "/status";
      s.body = random.chance(50) ? R"({"status":"active"})" : R"({"status":"inactive"})";
  }
  return s;
}

/// Counts the log's commits by key, and holds the counted events to the accounts' sequences.
void check_log(World& w) {
  auto read = w.node->partition().reader();
  std::map<std::string, int> by_key;
  std::map<AccountId, std::uint64_t> sequence;
  for (std::uint64_t from = 0;;) {
    auto batch = read(from);
    REQUIRE(batch);
    if (batch->next == from) break;
    from = batch->next;
    for (const auto& placed : batch->commits) {
      CHECK_MESSAGE(++by_key[placed.commit->account.to_string() + placed.commit->key_hash] == 1,
                    "a key counted twice");
      auto& last = sequence[placed.commit->account];
      if (!placed.commit->events.empty()) CHECK(placed.commit->first_sequence == last + 1);
      last += placed.commit->events.size();
    }
  }
}

/// The life of one server: commands, deaths, repeats. Gives a hash over everything that happened.
std::uint64_t live(std::uint64_t seed, bool lying_disk = false, bool* lost = nullptr) {
  World w(seed);
  w.disk.ignore_syncs(lying_disk);
  REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
  Demo demo;
  demo.make(w, 4);
  SimRandom random(seed, "client");
  People people(w, demo, random);
  w.http.lose_requests_percent = 5;
  w.http.lose_answers_percent = 5;
  std::vector<Sent> sent;
  for (int life = 0; life < 4; ++life) {
    people.look_up();
    for (int i = 0; i < 16; ++i) {
      Sent s = random.chance(50) ? random_command(demo, random, sent.size()) : people.next(sent.size());
      s.answer = s.to(w, demo);
      sent.push_back(std::move(s));
      for (auto steps = random.below(60); steps > 0; --steps) w.scheduler.step();
    }
    for (auto steps = random.below(400); steps > 0; --steps) w.scheduler.step();
    for (auto& s : sent) {
      if (s.settled || !s.answer->there) continue;
      s.settled = s.answer->response.status < 500 && s.answer->response.status != 404;
      s.first_body = s.answer->response.body;
      s.first_status = s.answer->response.status;
    }
    if (random.chance(70))
      w.power_cut();
    else
      w.kill();
    if (!w.start()) {
      if (lost) *lost = true;
      return 0;
    }
    for (auto& s : sent) {  // every client repeats what it does not know, and what it does
      auto again = s.until_answered(w, demo);
      REQUIRE_MESSAGE(again.there, "no answer to " << s.key << s.target);
      if (!s.proven.empty()) {
        if (!lost) CHECK_MESSAGE(again.response.status < 300, again.response.body);
      } else if (s.settled) {
        bool same = again.response.body == s.first_body && again.response.status == s.first_status;
        if (lost)
          *lost = *lost || !same;
        else
          CHECK_MESSAGE(same, "seed " << seed << " " << s.key << ": " << s.first_body << " became "
                                      << again.response.body);
      } else if (again.response.status < 500 && again.response.status != 404) {
        s.settled = true;
        s.first_body = again.response.body;
        s.first_status = again.response.status;
      }
    }
  }
  if (!lost) {
    check_log(w);
    check_views(w);
    people.check();
    // The provider ends up as wanted, whatever was lost on the way.
    w.http.lose_requests_percent = w.http.lose_answers_percent = 0;
    w.scheduler.run_for(120'000, 2'000'000);
    for (std::size_t i = 0; i < demo.numbers.size(); ++i) {
      for (const auto& ws : demo.ws) {
        auto n = w.ask("GET", "/v1/workspaces/" + ws + "/numbers/" + demo.numbers[i], {}, {}, demo.key);
        if (n.response.status != 200) continue;
        auto state = text_at(json_of(n).at("provider").as_object(), "state");
        CHECK_MESSAGE(state == "synced", "seed " << seed << ": " << n.response.body);
      }
    }
    check_book(w);
  }
  std::uint64_t hash = w.scheduler.trace_hash();
  for (const auto& s : sent) hash = stable_hash(s.first_body, hash);
  return hash;
}

}  // namespace

TEST_CASE("nothing acknowledged is lost or doubled, whenever the server dies") {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CAPTURE(seed);
    live(seed);
  }
}

TEST_CASE("the same seed gives the same run, byte for byte") {
  for (std::uint64_t seed : {7U, 8U}) {
    CAPTURE(seed);
    CHECK(live(seed) == live(seed));
  }
  CHECK(live(7) != live(8));
}

TEST_CASE("a disk that lies about syncing is caught by these very checks") {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 10 && !lost; ++seed) live(seed, true, &lost);
  CHECK(lost);
}
