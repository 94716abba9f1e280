// A request about a partition that this node does not host goes one hop, and never two.
#include "api/away_partition.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_random.hpp"
#include "adapters/simulation/sim_scheduler.hpp"
#include "tests/adapters/json/support/fixed_vault.hpp"

using namespace ringledger;

namespace {

struct Nodes final : PeerClient {
  struct Sent {
    std::string base;
    HttpRequest request;
    Done done;
  };
  std::vector<Sent> sent;
  void send(const std::string& base, const HttpRequest& request, std::int64_t, Done done) override {
    sent.push_back({base, request, std::move(done)});
  }
};

struct World {
  testing::FixedVault vault;
  SimScheduler scheduler{1};
  SimClock clock{scheduler};
  SimRandom random{1, "away"};
  Nodes nodes;
  Metrics metrics;
  Shard::Seat seat{3, "http://host", false};
  AwayPartition away{
      {{&nodes, [this] { return seat; }, &clock, &scheduler.executor("timers"), "http://me", 4000},
       &random,
       &metrics,
       &vault}};
  std::vector<HttpResponse> answers;

  void ask(std::string method, HttpHeaders headers = {}) {
    away.handle({std::move(method), "/v1/me", std::move(headers), "", "1.2.3.4:5"}, nullptr,
                [this](HttpResponse r) { answers.push_back(std::move(r)); });
  }
  void pass(std::int64_t ms) { scheduler.run_for(ms, 100'000); }
};

std::string_view header_of(const HttpResponse& response, std::string_view name) {
  for (const auto& [n, value] : response.headers) {
    if (n == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("it is asked of a host, in the client's trace, and answered as it is answered there") {
  World w;
  auto trace = "00-" + std::string(32, 'a') + "-" + std::string(16, 'b') + "-01";
  w.ask("HEAD", {{"Authorization", "Bearer rl_x"}, {"traceparent", trace}});
  REQUIRE(w.nodes.sent.size() == 1);
  const auto& sent = w.nodes.sent[0];
  CHECK(sent.base == "http://host");
  CHECK(sent.request.method == "GET");
  CHECK(sent.request.header("Authorization") == "Bearer rl_x");
  CHECK(sent.request.header("traceparent").substr(3, 32) == std::string(32, 'a'));
  CHECK_FALSE(sent.request.header(Forwarding::mark).empty());
  HttpResponse there;
  there.status = 404;
  there.body = "not there either";
  w.nodes.sent[0].done(std::move(there));
  REQUIRE(w.answers.size() == 1);
  CHECK(w.answers[0].status == 404);
  CHECK(w.answers[0].body == "not there either");
  CHECK(w.metrics.text().contains("in_flight{what=\"requests\"} 0"));
}

TEST_CASE("what another node sent on goes no further: that node tries the next one") {
  World w;
  w.ask("GET", {{std::string(Forwarding::mark), "1"}});
  CHECK(w.nodes.sent.empty());
  REQUIRE(w.answers.size() == 1);
  CHECK(w.answers[0].status == 503);
  CHECK(w.answers[0].body.contains("not_writer"));
}

TEST_CASE("while no host is reached it is kept, then the client is told to come again") {
  World w;
  w.seat = {};
  w.ask("POST");
  w.pass(3900);
  CHECK(w.answers.empty());
  SUBCASE("one is there in time") {
    w.seat = {1, "http://back", false};
    w.pass(100);
    REQUIRE(w.nodes.sent.size() == 1);
    w.nodes.sent[0].done(HttpResponse{});
    REQUIRE(w.answers.size() == 1);
    CHECK(w.answers[0].status == 200);
  }
  SUBCASE("none") {
    w.pass(300);
    REQUIRE(w.answers.size() == 1);
    CHECK(w.answers[0].status == 503);
    CHECK_FALSE(header_of(w.answers[0], "Retry-After").empty());
    CHECK(header_of(w.answers[0], "Trace-Id").size() == 32);
  }
}

TEST_CASE("a host that is gone is followed by another, and nothing of it is kept") {
  World w;
  w.ask("GET");
  REQUIRE(w.nodes.sent.size() == 1);
  w.seat = {3, "http://other", false};
  w.nodes.sent[0].done(fail(Code::unknown_outcome, "connection refused"));
  w.pass(100);
  REQUIRE(w.nodes.sent.size() == 2);
  CHECK(w.nodes.sent[1].base == "http://other");
  w.nodes.sent[1].done(HttpResponse{});
  CHECK(w.answers.size() == 1);
}
