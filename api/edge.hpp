// The API's way in: route, authenticate, authorise, read, then decide (commands) or look (queries), and
// render. Knows nothing of sockets: the HTTP server and the seeded simulation both call `handle`.
#pragma once

#include <atomic>
#include <memory>

#include "api/event_feed.hpp"
#include "api/forwarding.hpp"
#include "api/metrics.hpp"
#include "api/operation.hpp"
#include "api/position.hpp"
#include "api/rate_limit.hpp"
#include "api/visible_gate.hpp"
#include "commands/ports/commit_sink.hpp"
#include "commands/ports/key_vault.hpp"
#include "projections/runner.hpp"

namespace ringledger {

class Edge {
 public:
  struct Ports {
    Shard* shard;
    BookStore* book;
    ViewRunner* views;
    KeyVault* vault;
    Authenticator* authenticator;
    RateLimits* limits;
    VisibleGate* gate;
    Metrics* metrics;
    Clock* clock;
    Random* random;
    const PhoneReader* phones;
    Executor* readers;    ///< runs queries
    Executor* providers;  ///< runs queries that ask a provider
    CommitAt commit_at;
    std::string log;  ///< `<epoch>.<partition>`: what positions begin with
    /// Whether the read models show what the log held when this node started: nobody is judged by less.
    std::function<bool()> caught_up;
    /// Of a shared log; null: whoever does not write answers 503 not_writer.
    Forwarding* forwarding = nullptr;
    std::uint32_t partitions = 1;  ///< of the log
    /// Of another partition; null when this node does not host it.
    std::function<VisibleGate*(std::uint64_t partition)> gate_of = nullptr;
  };

  Edge(Ports ports, std::vector<Operation> operations);

  /// Any thread; `answer` is called once, from any thread.
  void handle(HttpRequest request, HttpAnswerTo answer);
  [[nodiscard]] const RouteTable& routes() const { return x_routes; }

 private:
  struct Running;
  using RunningPtr = std::shared_ptr<Running>;

  void serve(const RunningPtr& running);
  bool preflight(const RunningPtr& running);
  [[nodiscard]] std::optional<Refusal> admit_stranger(const RunningPtr& running);
  [[nodiscard]] std::optional<Refusal> admit_caller(const RunningPtr& running);
  void enter(const RunningPtr& running);
  void enter_at(const RunningPtr& running, const Position& position);
  void go_in(const RunningPtr& running);
  void when_shown(std::uint64_t next, std::function<void()> then);
  std::optional<Refusal> authorise(const RunningPtr& running);
  void run_query(const RunningPtr& running);
  void run_command(const RunningPtr& running);
  void submit(const RunningPtr& running, Prepared prepared, bool read_only);
  void answered(const RunningPtr& running, CommandAnswer answer);
  bool forward(const RunningPtr& running);
  void forwarded(const RunningPtr& running, HttpResponse response);
  bool wants_outcomes(const RunningPtr& running, std::uint64_t offset);
  void wait_for_outcomes(const RunningPtr& running, HttpResponse response, std::int64_t until_ms);
  bool outcomes_known(const RunningPtr& running, HttpResponse& response);
  [[nodiscard]] std::optional<NumberId> find_number(AccountId account, std::string_view text) const;
  [[nodiscard]] std::string request_hash(const Call& call) const;
  void finish(const RunningPtr& running, HttpResponse response);
  void finish(const RunningPtr& running, const Refusal& refusal);

  Ports x_ports;
  RouteTable x_routes;
  std::shared_ptr<std::atomic<int>> x_waits_for_many = std::make_shared<std::atomic<int>>(0);
  std::unordered_map<const Operation*, Metrics::Route*> x_route_metrics;
};

}  // namespace ringledger
