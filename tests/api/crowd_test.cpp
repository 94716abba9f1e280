// Many visitors at once, on a pool whose rows are not in memory: each decision finds another number at the
// front.
#include <doctest/doctest.h>

#include <set>

#include "support/sim_client.hpp"

using namespace ringledger;
using namespace ringledger::sim;

TEST_CASE(
    "POOL-05 a crowd before a pool that is not in memory is served, each visitor with a number of its own") {
  constexpr int crowd = 250;
  World w(11);
  w.settings = {{"limits.page_address_requests_per_second", "0"}};  // one address is all of the crowd
  Demo demo;
  REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
  demo.make(w, crowd);
  auto path = "/v1/workspaces/" + demo.ws[0];
  auto made = w.ask("POST", path + "/campaigns", R"({"name":"Site","campaign_type":"website_tracker"})",
                    "site", demo.key);
  REQUIRE_MESSAGE(made.response.status == 201, made.response.body);
  auto site = json_of(made);
  std::string numbers;
  for (const auto& n : demo.numbers) numbers += (numbers.empty() ? "\"" : ",\"") + n + "\"";
  auto assigned =
      w.ask("POST", path + "/numbers/assign",
            R"({"campaign":")" + text_at(site, "id") + R"(","acknowledged":[],"numbers":[)" + numbers + "]}",
            "assign", demo.key);
  REQUIRE_MESSAGE(assigned.response.status == 200, assigned.response.body);
  bool stopped = false;  // in order: nothing of the log is folded again, and no row comes into memory by that
  w.node->stop([&] { stopped = true; });
  REQUIRE(w.scheduler.run_until([&] { return stopped; }, 1'000'000));
  w.kill();
  REQUIRE(w.start());

  std::vector<std::shared_ptr<World::Answer>> answers;
  for (int i = 0; i < crowd; ++i) {
    answers.push_back(w.send("POST", "/v1/public/campaigns/" + text_at(site, "id") + "/sessions",
                             R"({"session_key":"visitor-)" + std::to_string(i) + R"("})", "",
                             text_at(site, "publishable_key")));
  }
  REQUIRE(w.scheduler.run_until(
      [&] { return std::ranges::all_of(answers, [](const auto& a) { return a->there; }); }, 2'000'000));
  std::set<std::string> lent;
  for (const auto& a : answers) {
    REQUIRE_MESSAGE(a->response.status == 201, a->response.body);
    lent.insert(text_at(json_of(*a).at("number").as_object(), "e164"));
  }
  CHECK(lent.size() == crowd);
}
