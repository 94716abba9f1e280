// The whole server in one process under a seed: node, disk, provider and clients on one scheduler, so
// that a run can be killed between any two tasks and repeated exactly.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

#include "adapters/crypto/hash.hpp"
#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_disk.hpp"
#include "adapters/simulation/sim_random.hpp"
#include "adapters/simulation/sim_scheduler.hpp"
#include "adapters/twilio/simulator.hpp"
#include "api/node.hpp"

namespace ringledger::sim {

/// The way to the simulated provider: in process, and as unreliable as asked.
class SimHttp final : public HttpClient {
 public:
  SimHttp(Simulator*& simulator, SimRandom& random) : x_simulator(simulator), x_random(random) {}
  Result<HttpAnswer> call(const HttpCall& call) override {
    if (x_random.chance(lose_requests_percent))
      return fail(Code::provider_unavailable, "the request was lost");
    auto path = call.url.find('/', call.url.find("://") + 3);
    auto got = x_simulator->handle({call.method, call.url.substr(path), call.headers, call.body});
    if (got.drop || x_random.chance(lose_answers_percent))
      return fail(Code::provider_unavailable, "the answer was lost");
    return HttpAnswer{got.status, std::move(got.headers), std::move(got.body)};
  }
  void pause(std::int64_t) override {}
  unsigned lose_requests_percent = 0, lose_answers_percent = 0;

 private:
  Simulator*& x_simulator;
  SimRandom& x_random;
};

class World {
 public:
  static constexpr const char* operator_key = "rl_operator_simulated";

  explicit World(std::uint64_t seed)
      : scheduler(seed),
        clock(scheduler),
        random(seed, "node"),
        chaos(seed, "chaos"),
        disk(seed),
        http(x_simulator_now, chaos) {
    SimulatorOptions options;
    options.seed = seed;
    auto opened = Simulator::open(options, clock, nullptr, &http);
    REQUIRE(opened);
    x_simulator = std::move(*opened);
    x_simulator_now = x_simulator.get();
  }
  ~World() { kill(); }

  /// Starts the node and waits until it may be used; false when it refused to start.
  bool start() {
    return begin() && scheduler.run_until([&] { return ready || !fatal.empty(); }, 2'000'000) && ready;
  }
  /// Starts the node; `ready` tells when it may be used. False when it refused to start.
  bool begin() {
    ConfigFlags flags{{"data.dir", "/data"},
                      {"data.floor_free_mb", "0"},
                      {"log.segment_mb", "8"},
                      {"auth.operator_key_sha256", sha256_hex(operator_key)},
                      {"twilio.simulator_url", "http://twilio.sim"}};
    flags.insert(flags.end(), settings.begin(), settings.end());
    auto config = load_config("", {}, flags);
    REQUIRE_MESSAGE(config, (config ? "" : config.error().detail));
    NodePorts ports{&disk,
                    &clock,
                    &random,
                    &http,
                    &scheduler.executor("pool", false),
                    &scheduler.executor("providers", false),
                    &scheduler.executor("readers", false),
                    &scheduler.executor("webhooks", false),
                    &scheduler.executor("probes", false),
                    nullptr,
                    [this](std::uint32_t, std::uint32_t) -> Result<PartitionPorts> {
                      return PartitionPorts{&rows, &scheduler.executor("log"), &scheduler.executor("shard"),
                                            &scheduler.executor("fold")};
                    }};
    auto opened = Node::open(ports, *config, {public_url, "http://node.sim"},
                             [this](const Error& e) { fatal = e.detail; });
    if (!opened) {
      refused = opened.error().detail;
      return false;
    }
    node = std::move(*opened);
    ready = false;
    node->start([this] { ready = true; });
    return true;
  }
  /// kill -9 (the machine stays up).
  void kill() {
    scheduler.drop_all();
    node.reset();
    fatal.clear();
  }
  /// The power goes: what was not synced may be lost or torn; read models fall back.
  void power_cut() {
    scheduler.drop_all();
    disk.crash();
    rows.crash(chaos);
    node.reset();
    fatal.clear();
  }

  struct Answer {
    bool there = false;
    HttpResponse response;
    [[nodiscard]] std::string header(std::string_view name) const {
      for (const auto& [n, v] : response.headers) {
        if (equal_ignoring_case(n, name)) return v;
      }
      return {};
    }
  };
  /// Sends a request; the answer comes with the steps of the scheduler, or, after a crash, never.
  std::shared_ptr<Answer> send(std::string method, std::string target, std::string body = {},
                               const std::string& key = {}, const std::string& bearer = {},
                               HttpHeaders more = {}) {
    auto answer = std::make_shared<Answer>();
    HttpRequest request{std::move(method), std::move(target), std::move(more), std::move(body), peer};
    if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
    if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
    request.headers.emplace_back("Content-Type", "application/json");
    node->handle(std::move(request), [answer](HttpResponse r) {
      answer->response = std::move(r);
      answer->there = true;
    });
    return answer;
  }
  /// Sends and waits.
  Answer ask(std::string method, std::string target, std::string body = {}, const std::string& key = {},
             const std::string& bearer = {}, HttpHeaders more = {}) {
    auto answer = send(std::move(method), std::move(target), std::move(body), key, bearer, std::move(more));
    scheduler.run_until([&] { return answer->there; }, 1'000'000);
    return *answer;
  }

  SimScheduler scheduler;
  SimClock clock;
  SimRandom random, chaos;
  SimDisk disk;
  MemoryRowStore rows;
  SimHttp http;
  std::unique_ptr<Node> node;
  bool ready = false;
  std::string fatal, refused;
  ConfigFlags settings;  ///< beside those that every run has
  std::string public_url = "http://ringledger.sim";
  std::string peer = "192.0.2.1:1";  ///< where requests come from

 private:
  std::unique_ptr<Simulator> x_simulator;
  Simulator* x_simulator_now = nullptr;

 public:
  Simulator& simulator() { return *x_simulator; }
};

}  // namespace ringledger::sim
