// What pages ask, at the whole server under a seed: how it is read, what it costs, what it is answered with.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/sim_checks.hpp"
#include "support/website.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

std::string first_pointer(const World::Answer& a) {
  return text_at(json_of(a).at("errors").as_array().at(0).as_object(), "pointer");
}
std::ptrdiff_t headers_named(const World::Answer& a, std::string_view name) {
  return std::ranges::count_if(a.response.headers, [&](const auto& h) { return h.first == name; });
}
const std::string visit = R"({"session_key":"a","visitor":"v"})";

}  // namespace

TEST_CASE("a heartbeat has no members and no parameters but the key: others are refused, as everywhere") {
  Website s;
  auto beat = "/" + s.starts(visit) + "/heartbeat";
  for (const std::string body : {"", "{}"}) CHECK(s.page(beat, body).response.status == 200);
  auto unknown = s.page(beat, R"({"colour":1})");
  CHECK(unknown.response.status == 400);
  CHECK(code_of(unknown) == "unknown_field");
  CHECK(first_pointer(unknown) == "/colour");
  CHECK(code_of(s.page(beat, "{")) == "malformed_json");
  for (const std::string path : {"", beat.c_str()}) {
    auto asked = s.page(path, path.empty() ? visit : "{}", "&landing_url=https://shop.example");
    CHECK(asked.response.status == 400);
    CHECK(code_of(asked) == "validation_failed");
    CHECK(first_pointer(asked) == "/landing_url");
  }
}

TEST_CASE("what navigator.sendBeacon sends is a heartbeat: text, or nothing at all") {
  Website s;
  auto beat = "/" + s.starts(visit) + "/heartbeat";
  for (const std::string body : {"{}", ""}) {
    HttpHeaders headers;
    if (!body.empty()) headers.emplace_back("Content-Type", "text/plain;charset=UTF-8");
    headers.emplace_back("Origin", Website::origin);
    auto answer = std::make_shared<World::Answer>();
    auto target =
        "/v1/public/campaigns/" + s.demo.campaign[1] + "/sessions" + beat + "?key=" + s.campaign_key;
    s.w.node->handle({"POST", target, headers, body, s.w.peer}, [answer](HttpResponse r) {
      answer->response = std::move(r);
      answer->there = true;
    });
    REQUIRE(s.w.scheduler.run_until([&] { return answer->there; }, 1'000'000));
    CHECK_MESSAGE(answer->response.status == 200, answer->response.body);
  }
}

TEST_CASE("pages have a rate of their own, by their campaign's key; scripts may read what is left of it") {
  Website s;
  s.w.kill();
  s.w.settings = {{"limits.page_requests_per_second", "1"}, {"limits.page_request_burst", "4"}};
  REQUIRE(s.w.start());
  auto first = s.page("", visit);
  CHECK(first.response.status == 201);
  CHECK(first.header("RateLimit-Policy") == "\"key\";q=4;w=4");
  CHECK(first.header("RateLimit") == "\"key\";r=3;t=1");
  auto exposed = first.header("Access-Control-Expose-Headers");
  for (const auto* name : {"RateLimit", "RateLimit-Policy", "Retry-After"})
    CHECK_MESSAGE((", " + exposed + ",").find(std::string(" ") + name + ",") != std::string::npos, exposed);
  auto beat = "/" + text_at(json_of(first), "session") + "/heartbeat";
  CHECK(s.page(beat, "{}").header("RateLimit") == "\"key\";r=2;t=2");
  CHECK(s.page(beat, R"({"colour":1})").header("RateLimit") == "\"key\";r=1;t=3");  // refusals tell it too
  CHECK(s.page("/ses_x/end", "").header("RateLimit") == "\"key\";r=0;t=4");
  auto refused = s.page(beat, "{}");
  CHECK(refused.response.status == 429);
  CHECK(code_of(refused) == "rate_limited");
  CHECK(headers_named(refused, "Retry-After") == 1);
  CHECK(headers_named(refused, "RateLimit") == 1);
  CHECK(refused.header("Access-Control-Allow-Origin") == Website::origin);
  for (int i = 0; i < 10; ++i) CHECK(s.pool().at("sessions") == 1);  // API keys have their own
}

TEST_CASE("POOL-05 one address begins only so many visits; living ones and other addresses go on") {
  Website s;
  s.w.kill();
  s.w.settings = {{"limits.page_address_requests_per_second", "1"},
                  {"limits.page_address_request_burst", "3"}};
  REQUIRE(s.w.start());
  auto first = s.page("", visit);
  CHECK(first.response.status == 201);
  CHECK(first.header("RateLimit-Policy") == "\"address\";q=3;w=3");
  for (int i = 0; i < 2; ++i)
    CHECK(s.page("", R"({"session_key":"b)" + std::to_string(i) + R"("})").response.status == 201);
  auto refused = s.page("", R"({"session_key":"c"})");
  CHECK(refused.response.status == 429);
  CHECK(code_of(refused) == "rate_limited");
  CHECK(headers_named(refused, "Retry-After") == 1);
  CHECK(refused.header("Access-Control-Allow-Origin") == Website::origin);
  auto beat = "/" + text_at(json_of(first), "session") + "/heartbeat";
  for (int i = 0; i < 5; ++i) CHECK(s.page(beat, "{}").response.status == 200);
  CHECK(s.pool().at("sessions") == 3);
  s.w.peer = "192.0.2.2:1";
  CHECK(s.page("", R"({"session_key":"d"})").response.status == 201);
}

TEST_CASE("who proves nothing is told the rate of the address") {
  Website s;
  auto stranger = s.w.ask("POST", "/v1/public/campaigns/" + s.demo.campaign[1] + "/sessions", visit);
  CHECK(stranger.response.status == 401);
  CHECK(stranger.header("RateLimit-Policy").starts_with("\"address\""));
}

TEST_CASE("POOL-05 the recommended size blocks at most 1 percent, not 1.004 rounded to that") {
  Website s;
  auto recommended = [&](int per_hour, int visit_s, int hold_s) {
    auto a = s.pool("/simulation?size=1&sessions_per_hour=" + std::to_string(per_hour) +
                    "&visit_s=" + std::to_string(visit_s) + "&hold_s=" + std::to_string(hold_s));
    return a.at("recommended_size").as_int64();
  };
  // number-pools.md D.6: 200 visits an hour of 3 min, each number held for 30 min after; 15 visits an hour
  CHECK(recommended(200, 180, 1800) == 128);
  CHECK(recommended(15, 180, 1800) == 16);
  CHECK(recommended(36, 180, 1350) == 25);  // load 15.3: 24 numbers block 1.0029 %
}

TEST_CASE("POOL-05 while the clock is wrong nothing is decided about visits; when it is right they go on") {
  for (std::int64_t by_ms : {2 * 3'600'000LL, -2 * 3'600'000LL}) {
    CAPTURE(by_ms);
    Website s;
    auto began = s.page("", visit);
    REQUIRE(began.response.status == 201);
    auto number = json_of(began).at("number");
    auto beat = "/" + text_at(json_of(began), "session") + "/heartbeat";
    s.w.clock.jump_wall(by_ms);
    auto end = s.end();
    for (int minutes = 0; minutes < 10; ++minutes) {  // longer than a lease lives without heartbeats
      REQUIRE(s.w.scheduler.run_for(60'000, 1'000'000));
      auto answer = s.page(beat, "{}");
      CHECK(answer.response.status == 503);
      CHECK(code_of(answer) == "clock_untrusted");
      CHECK(answer.header("Access-Control-Allow-Origin") == Website::origin);
    }
    CHECK(s.end() == end);
    s.w.clock.jump_wall(-by_ms);
    auto back = s.page(beat, "{}");
    CHECK(back.response.status == 200);
    CHECK(json_of(back).at("number") == number);
    auto states = s.pool().at("states").as_object();
    CHECK(states.at("leased") == 1);
    check_views(s.w);
    check_book(s.w);
  }
}

TEST_CASE(
    "POOL-05 started with a wrong clock, then with the right one: leases and holds end, none is doubled") {
  Website s;
  auto session = s.starts(visit);
  auto again_with = [&](std::int64_t by_ms) {
    s.w.kill();
    s.w.clock.jump_wall(by_ms);
    REQUIRE(s.w.start());
  };
  again_with(2 * 3'600'000);
  REQUIRE(s.page("/" + session + "/heartbeat", "{}").response.status == 200);
  CHECK(s.starts(visit) == session);
  again_with(-2 * 3'600'000);
  CHECK(s.starts(visit) == session);
  CHECK(s.pool().at("states").as_object().at("leased") == 1);
  REQUIRE(s.w.scheduler.run_for(200'000, 10'000'000));
  CHECK(s.pool().at("states").as_object().at("hold") == 1);
  REQUIRE(s.w.scheduler.run_for(3 * 3'600'000, 10'000'000));
  CHECK(s.pool().at("states").as_object().at("available") == 1);
  auto next = s.starts(visit);
  CHECK(next != session);
  check_views(s.w);
  check_book(s.w);
}
