// What a website's pages ask (api.md "Campaigns at work"): public, with a publishable key, from allowed
// origins; each answer says what the page is to show now.
#pragma once

#include "api/forwarding.hpp"
#include "api/metrics.hpp"
#include "api/operation.hpp"
#include "api/rate_limit.hpp"
#include "api/row_judge.hpp"
#include "api/session_keeper.hpp"
#include "api/tracker_directory.hpp"
#include "commands/ports/key_vault.hpp"

namespace ringledger {

class Visitors {
 public:
  struct Ports {
    Shard* shard;
    TrackerDirectory* trackers;
    SessionKeeper* keeper;
    KeyVault* vault;
    RateLimits* limits;
    VisibleGate* gate;
    Metrics* metrics;
    Random* random;
    Executor* readers;                 ///< reads that miss memory
    std::string log;                   ///< `<epoch>.<partition>`: what positions begin with
    Forwarding* forwarding = nullptr;  ///< of a shared log
  };
  explicit Visitors(Ports ports)
      : x_ports(std::move(ports)), x_judge(*x_ports.trackers, *x_ports.gate, *x_ports.readers) {}

  enum class Kind { start, heartbeat, touch, end, preflight };
  /// On an io thread: what may block goes to the readers. `answer` is called once, from any thread.
  void handle(Kind kind, const Call& call, HttpAnswerTo answer);

 private:
  struct Visit;
  struct Judged;
  using VisitPtr = std::shared_ptr<Visit>;
  using Known = TrackerDirectory::Found;
  static std::optional<Refusal> fault_of(Visit& visit, const Known& known);
  bool over_limit(const VisitPtr& visit);
  void admit(const VisitPtr& visit, const Known& known);
  void serve(const VisitPtr& visit, const Known& known);
  bool sent_on(const CommandAnswer& a, const VisitPtr& visit, const Known& known);
  void heartbeat(const VisitPtr& visit, const Known& known);
  template <class C>
  void decide(const VisitPtr& visit, const Known& known, C command);
  template <class C>
  void read_and_decide(const VisitPtr& visit, const Known& known);
  template <class C>
  void submit(const VisitPtr& visit, const Known& known, C command, bool read_only,
              std::move_only_function<void(CommandAnswer)> then);

  Ports x_ports;
  RowJudge<CampaignId, CampaignRow> x_judge;
};

/// The routes; to describe them only, `visitors` may be null: nothing is called.
std::vector<Operation> visitor_operations(Visitors* visitors);

}  // namespace ringledger
