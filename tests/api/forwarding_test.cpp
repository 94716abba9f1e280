// One hop to the writer: marked, in time, given up when the owner changes, kept for a while when there is
// none.
#include "api/forwarding.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_scheduler.hpp"
#include "tests/adapters/json/support/fixed_vault.hpp"

using namespace ringledger;

namespace {

/// Nodes that answer as told, or never.
struct Peers final : PeerClient {
  struct Sent {
    std::string base;
    HttpRequest request;
    Done done;
  };
  std::vector<Sent> sent;
  void send(const std::string& base, const HttpRequest& request, std::int64_t, Done done) override {
    sent.push_back({base, request, std::move(done)});
  }
  void answer(std::size_t i, int status, std::string body = "{}") {
    HttpResponse r;
    r.status = status;
    r.body = std::move(body);
    sent.at(i).done(std::move(r));
  }
};

struct World {
  testing::FixedVault vault;
  SimScheduler scheduler{1};
  SimClock clock{scheduler};
  Peers peers;
  Shard::Seat seat{3, "http://a", false};
  Forwarding forwarding{
      {&peers, [this] { return seat; }, &clock, &scheduler.executor("timers"), "http://me", 4000}};
  int here = 0;
  bool decides_here = false;
  std::vector<int> answers;
  std::vector<Code> given_up;

  Forwarding::HopPtr begin() {
    auto hop = std::make_shared<Forwarding::Hop>();
    hop->request =
        on_its_way({"POST", "/v1/x", {{"Idempotency-Key", "k"}, {"traceparent", "old"}}, "{}", "192.0.2.1:1"},
                   "00-trace-01", vault);
    hop->here = [this, weak = std::weak_ptr(hop)] {
      ++here;
      if (decides_here) return answers.push_back(0);
      if (auto h = weak.lock()) forwarding.go(h);
    };
    hop->answer = [this](HttpResponse r) { answers.push_back(r.status); };
    hop->give_up = [this](Code code) { given_up.push_back(code); };
    forwarding.go(hop);
    return hop;
  }
  void pass(std::int64_t ms) { scheduler.run_for(ms, 100'000); }
};

constexpr auto not_writer = R"({"code":"not_writer"})";

}  // namespace

TEST_CASE("a request is sent on once, marked, with its key and in its trace, and its answer comes back") {
  World w;
  auto hop = w.begin();
  REQUIRE(w.peers.sent.size() == 1);
  const auto& request = w.peers.sent[0].request;
  CHECK(w.peers.sent[0].base == "http://a");
  CHECK(request.header("Idempotency-Key") == "k");
  CHECK(request.header("traceparent") == "00-trace-01");
  CHECK_FALSE(request.header(Forwarding::mark).empty());
  w.peers.answer(0, 201);
  w.pass(10'000);
  CHECK(w.answers == std::vector{201});
  CHECK(w.given_up.empty());
  CHECK(w.peers.sent.size() == 1);
}

TEST_CASE("what a node sends on is the client's again where it comes; nobody else is believed who asked") {
  World w;
  auto hop = w.begin();
  auto there = w.peers.sent.at(0).request;
  there.peer = "10.0.0.7:2";  // the node that sent it
  CHECK(as_asked(there, w.vault).peer == "192.0.2.1:1");
  auto claims = [&](const std::string& mark) {
    HttpRequest forged{"POST", "/v1/x", {{std::string(Forwarding::mark), mark}}, "{}", "203.0.113.9:1"};
    return as_asked(forged, w.vault).peer == "203.0.113.9:1";
  };
  std::string proven(there.header(Forwarding::mark));
  CHECK(claims(proven + "1"));  // another port
  CHECK(claims(proven.substr(0, proven.find(' ')) + " 192.0.2.2:1"));
  for (const std::string mark : {"1", "", " ", " 192.0.2.2:1", "1 192.0.2.2:1"})
    CHECK_MESSAGE(claims(mark), mark);
}

TEST_CASE("an owner that does not write any more is asked again, until the new one is known") {
  World w;
  auto hop = w.begin();
  w.peers.answer(0, 503, not_writer);
  w.pass(60);
  REQUIRE(w.peers.sent.size() == 2);
  w.seat = {4, "http://b", false};
  w.peers.answer(1, 503, not_writer);
  w.pass(60);
  REQUIRE(w.peers.sent.size() == 3);
  CHECK(w.peers.sent[2].base == "http://b");
  w.peers.answer(2, 200);
  CHECK(w.answers == std::vector{200});
}

TEST_CASE("an owner that hangs is given up when another takes over; its late answer is for nobody") {
  World w;
  auto hop = w.begin();
  w.pass(6000);
  CHECK(w.answers.empty());
  CHECK(w.given_up.empty());
  SUBCASE("another node") {
    w.seat = {4, "http://b", false};
    w.pass(200);
    REQUIRE(w.peers.sent.size() == 2);
    w.peers.answer(0, 200);
    CHECK(w.answers.empty());
    w.peers.answer(1, 409);
    CHECK(w.answers == std::vector{409});
  }
  SUBCASE("this node") {
    w.decides_here = true;
    w.seat = {4, "http://me", true};
    w.pass(200);
    CHECK(w.answers == std::vector{0});
    w.peers.answer(0, 200);
    CHECK(w.answers == std::vector{0});
  }
}

TEST_CASE("without a writer it is kept for 4 s and then given up: not sent means that nothing happened") {
  World w;
  w.seat = {0, "", false};
  auto hop = w.begin();
  w.pass(3900);
  CHECK(w.given_up.empty());
  w.pass(300);
  CHECK(w.given_up == std::vector{Code::not_writer});
  CHECK(w.peers.sent.empty());
  CHECK(w.here > 50);
}

TEST_CASE("what was sent and not answered may have happened") {
  World w;
  auto hop = w.begin();
  while (w.given_up.empty()) {
    auto last = w.peers.sent.size() - 1;
    w.peers.sent[last].done(fail(Code::unknown_outcome, "connection reset"));
    w.pass(60);
  }
  CHECK(w.given_up == std::vector{Code::unknown_outcome});
  CHECK(w.answers.empty());
}
