// One partition of the log in a node: its log, book, read models, shard and reactors, and the way in for
// requests about its accounts. Partitions share keys, rates and metrics (NodeParts), and no state.
#pragma once

#include <atomic>
#include <memory>

#include "api/connection_directory.hpp"
#include "api/edge.hpp"
#include "api/fold_sink.hpp"
#include "api/log_engine.hpp"
#include "api/node_parts.hpp"
#include "api/row_scrub.hpp"
#include "api/visit_cleanup.hpp"
#include "api/visitors.hpp"
#include "api/webhooks.hpp"
#include "projections/provider_sync.hpp"

namespace ringledger {

class HookRenewal;
class MissedWebhooks;
class Reconciler;

class Partition {
 public:
  /// Opens log, book and read models; damage and foreign files are refused with what to do. `parts` outlives
  /// it, and so do the executors in `ports`.
  static Result<std::unique_ptr<Partition>> open(NodeParts& parts, PartitionPorts ports, std::uint32_t index);
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  /// Folds what is behind, then writes (an embedded log) or follows (a shared one); starts the reactors.
  /// `ready` is called once it may be used.
  void start(std::move_only_function<void()> ready);
  /// Decides no more, lets what is in flight finish, stops the reactors, flushes. `stopped` runs on the fold
  /// executor; then the executors may be stopped and `close` called.
  void stop(std::move_only_function<void()> stopped);
  /// After the executors have stopped: head file, lock. Idempotent.
  Result<void> close();

  Edge& edge() { return *x_edge; }
  /// For /readyz.
  struct Readiness {
    bool ready = false, writes = false;
    std::string reason;
    Shard::Seat seat;
    Offset end = 0, shown = 0;  ///< of the log as known here; one past what every read model shows
  };
  [[nodiscard]] Readiness readiness() const;
  /// To the metrics: what is known only when it is asked.
  void tell_figures() const;
  void hand_over() { x_shard->hand_over(); }
  [[nodiscard]] VisibleGate& gate() { return *x_gate; }
  [[nodiscard]] ViewRunner& views() { return *x_views; }
  [[nodiscard]] EventLog& log() { return *x_log; }
  [[nodiscard]] CommitReader reader();
  [[nodiscard]] const Shard& shard() const { return *x_shard; }

 private:
  Partition(NodeParts& parts, PartitionPorts ports, std::uint32_t index);
  Result<void> open_log();
  Result<void> open_rows();
  void assemble();
  void assemble_shard();
  void assemble_reconciler();
  void assemble_missed_webhooks();
  void assemble_edge();
  void assemble_visitors();
  void assemble_cleanup();
  void observe();
  void observe(const StageTimes& times);
  void wake_reactors();
  void watch_the_writer();
  void when_shown(std::uint64_t offset, std::move_only_function<void()> then);
  std::optional<CarrierCredentials> credentials(AccountId account, ConnectionId connection);
  std::optional<numbers::Number> with_secrets(AccountId account, const numbers::Number& shown);
  template <class C>
  void issue(AccountId account, C command, const std::string& natural_key, const Wish& cause,
             std::move_only_function<void(bool)> done);
  void renew_hooks();
  Result<void> destroy_erased();
  std::optional<calls::Call> known_call(AccountId account, const std::string& account_sid,
                                        const std::string& call_sid);
  bool knows_message(AccountId account, const std::string& account_sid, const std::string& message_sid);
  void lapse(AccountId account, LapseSession command, SessionKeeper::Answered done);
  Result<std::shared_ptr<const Commit>> commit_at(std::uint64_t offset);
  std::vector<Operation> operations();
  void fatal(const Error& error) { x_parts.fail_node(error); }

  NodeParts& x_parts;
  const PartitionPorts x_ports;
  const NodePorts& x_machine;
  std::uint32_t x_index;
  Metrics::Partition& x_figures;
  std::string x_log_name;  ///< `<epoch>.<partition>`: what positions begin with
  std::atomic<bool> x_ready{false};

  OpenedLog x_opened_log;
  EventLog* x_log = nullptr;  ///< of x_opened_log
  std::unique_ptr<json::BookRowStore> x_book;
  std::unique_ptr<ViewRunner> x_views;
  std::unique_ptr<AccessDirectory> x_access;
  std::unique_ptr<VisibleGate> x_gate;
  std::unique_ptr<FoldSink> x_sink;
  std::unique_ptr<Shard> x_shard;
  std::unique_ptr<Reconciler> x_reconciler;
  std::shared_ptr<MissedWebhooks> x_missed;
  bool x_hooks_current = false;  ///< all name today's public URL
  std::shared_ptr<HookRenewal> x_renewal;
  std::shared_ptr<RowScrub> x_scrub;
  std::unique_ptr<WriterWatch> x_watch;      ///< of a shared log
  std::unique_ptr<Forwarding> x_forwarding;  ///< of a shared log
  std::unique_ptr<Authenticator> x_authenticator;
  std::unique_ptr<ConnectionDirectory> x_connections;
  std::unique_ptr<Webhooks> x_webhooks;
  std::unique_ptr<TrackerDirectory> x_trackers;
  std::shared_ptr<SessionKeeper> x_sessions;
  std::shared_ptr<VisitCleanup> x_cleanup;
  std::unique_ptr<Visitors> x_visitors;
  std::unique_ptr<Edge> x_edge;
};

}  // namespace ringledger
