// Who may ask for how much, at the API's door: per key, per account, per address (quality.md "Security").
#include <doctest/doctest.h>

#include <algorithm>

#include "support/sim_client.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

struct Limited {
  World w{7};
  Demo demo;
  std::string second_key;  ///< of the same owner
  explicit Limited(ConfigFlags limits) {
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
    demo.make(w, 1);
    second_key = another_key();
    w.kill();
    w.settings = std::move(limits);
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
  }
  World::Answer me(const std::string& key) { return w.ask("GET", "/v1/me", {}, {}, key); }
  std::string another_key() {
    auto made =
        w.ask("POST", "/v1/keys", R"({"name":"second","member":")" + demo.member + R"("})", "k2", demo.key);
    REQUIRE_MESSAGE(made.response.status == 201, made.response.body);
    return text_at(json_of(made), "secret");
  }
};

int statuses(const std::vector<World::Answer>& answers, int status) {
  return static_cast<int>(
      std::ranges::count_if(answers, [&](const auto& a) { return a.response.status == status; }));
}
std::ptrdiff_t headers_named(const World::Answer& a, std::string_view name) {
  return std::ranges::count_if(a.response.headers, [&](const auto& h) { return h.first == name; });
}

}  // namespace

TEST_CASE("guesses of keys cost their address, which ends in 429; valid keys from there go on") {
  Limited l({{"limits.address_requests_per_second", "1"}, {"limits.address_request_burst", "5"}});
  std::vector<World::Answer> guesses;
  guesses.reserve(8);
  for (int i = 0; i < 8; ++i) guesses.push_back(l.me("rl_wrong" + std::to_string(i)));
  CHECK(statuses(guesses, 401) == 5);
  REQUIRE(statuses(guesses, 429) == 3);
  CHECK(text_at(json_of(guesses.back()), "code") == "rate_limited");
  CHECK(guesses.back().header("RateLimit-Policy") == "\"address\";q=5;w=5");
  CHECK(headers_named(guesses.back(), "Retry-After") == 1);
  for (int i = 0; i < 20; ++i) CHECK(l.me(l.demo.key).response.status == 200);
  CHECK(l.w.ask("GET", "/healthz").response.status == 429);  // public routes and none at all cost it too
  CHECK(l.w.ask("GET", "/v1/nothing").response.status == 429);
  l.w.peer = "192.0.2.2:1";
  CHECK(l.me("rl_wrong").response.status == 401);
  CHECK(l.w.ask("GET", "/healthz").response.status == 200);
}

TEST_CASE("all keys of an account share its limit; other accounts do not") {
  Limited l({{"limits.requests_per_second", "6"},
             {"limits.request_burst", "6"},
             {"limits.account_requests_per_second", "8"},
             {"limits.account_request_burst", "8"}});
  std::vector<World::Answer> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(l.me(l.demo.key));
  for (int i = 0; i < 5; ++i) answers.push_back(l.me(l.second_key));
  CHECK(statuses(answers, 200) == 8);
  REQUIRE(answers.back().response.status == 429);
  CHECK(answers.back().header("RateLimit-Policy") == "\"account\";q=8;w=1");
  CHECK(l.w.ask("GET", "/v1/me", {}, {}, World::operator_key).response.status == 403);
  auto other =
      l.w.ask("POST", "/v1/accounts", R"({"name":"Other","owner":{"name":"O","email":"o@o.example"}})",
              "open-other", World::operator_key);
  REQUIRE(other.response.status == 201);
  auto key = text_at(json_of(other).at("key").as_object(), "secret");
  CHECK(l.me(key).response.status == 200);
}

TEST_CASE("a client of 10,000 requests a second from one address is not limited by default") {
  Limited l({});
  std::vector<World::Answer> answers;
  auto began = l.w.clock.monotonic_ms();
  for (int i = 0; i < 10'000; ++i) answers.push_back(l.me(l.demo.key));
  REQUIRE(l.w.clock.monotonic_ms() - began <= 1'000);
  CHECK(statuses(answers, 200) == 10'000);
}
