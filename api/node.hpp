// A node: everything between the ports and the API, put together. Production gives it the machine's
// ports, the seeded simulation its own; nothing in here knows which.
#pragma once

#include <atomic>
#include <memory>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/phone/phone.hpp"
#include "adapters/twilio/gatherer.hpp"
#include "adapters/twilio/hook_renewal.hpp"
#include "adapters/twilio/reconciler.hpp"
#include "adapters/twilio/twilio_carrier.hpp"
#include "api/config.hpp"
#include "api/connection_directory.hpp"
#include "api/edge.hpp"
#include "api/fold_sink.hpp"
#include "api/key_mint.hpp"
#include "api/log_engine.hpp"
#include "api/webhooks.hpp"
#include "api/writer_watch.hpp"

namespace ringledger {

struct NodePorts {
  Disk* disk;
  Clock* clock;
  Random* random;
  RowStore* rows;            ///< book and read models
  HttpClient* http;          ///< to providers
  Executor* log_executor;    ///< serial: writes and syncs
  Executor* shard_executor;  ///< serial: decides
  Executor* fold_executor;   ///< serial: folds read models
  Executor* pool;            ///< blocking reads of the book
  Executor* providers;       ///< calls of providers: may hang for as long as these do
  Executor* readers;         ///< queries
};

class Node {
 public:
  /// Opens keys, log, book and read models; damage and foreign files are refused with what to do.
  /// `urls`: as providers, and as other nodes reach it.
  struct Urls {
    std::string from_outside, from_nodes;
  };
  static Result<std::unique_ptr<Node>> open(NodePorts ports, Config config, Urls urls,
                                            std::function<void(Error)> on_fatal);
  ~Node();

  /// Folds what is behind, claims, opens, starts the reactors. `ready` is called once it may be used.
  void start(std::move_only_function<void()> ready);
  /// Decides no more, lets what is in flight finish, stops the reactors, flushes and closes.
  /// `stopped` runs on the fold executor; then the executors may be stopped and `close` called.
  void stop(std::move_only_function<void()> stopped);
  /// After the executors have stopped: head file, lock. Idempotent.
  Result<void> close();

  Edge& edge() { return *x_edge; }
  /// For /readyz.
  struct Readiness {
    bool ready = false;
    std::string reason;
    Shard::Seat seat;
  };
  [[nodiscard]] Readiness readiness() const;
  [[nodiscard]] Metrics& metrics() { return *x_metrics; }
  [[nodiscard]] ViewRunner& views() { return *x_views; }
  [[nodiscard]] EventLog& log() { return *x_log; }
  [[nodiscard]] CommitReader reader();
  [[nodiscard]] const Shard& shard() const { return *x_shard; }

 private:
  Node(NodePorts ports, Config config, Urls urls, std::function<void(Error)> on_fatal);
  Result<void> open_keys();
  Result<void> open_log();
  Result<void> open_rows();
  void assemble();
  void observe();
  void observe(const StageTimes& times);
  void watch_the_writer();
  void when_shown(std::uint64_t offset, std::move_only_function<void()> then);
  std::optional<CarrierCredentials> credentials(AccountId account, ConnectionId connection);
  std::optional<numbers::Number> with_secrets(AccountId account, const numbers::Number& shown);
  template <class C>
  void issue(AccountId account, C command, const std::string& natural_key, const Wish& cause,
             std::move_only_function<void(bool)> done);
  void renew_hooks();
  Result<std::shared_ptr<const Commit>> commit_at(std::uint64_t offset);
  std::vector<Operation> operations();
  void fatal(const Error& error);

  NodePorts x_ports;
  Config x_config;
  std::string x_public_url, x_node_url;
  std::function<void(Error)> x_on_fatal;
  std::atomic<bool> x_ready{false}, x_failed{false};

  std::unique_ptr<FileKeyVault> x_vault;
  std::unique_ptr<json::JsonCommitCodec> x_codec;
  OpenedLog x_opened_log;
  EventLog* x_log = nullptr;  ///< of x_opened_log
  std::unique_ptr<json::BookRowStore> x_book;
  std::unique_ptr<ViewRunner> x_views;
  std::unique_ptr<AccessDirectory> x_access;
  std::unique_ptr<Metrics> x_metrics;
  std::unique_ptr<VisibleGate> x_gate;
  LibPhoneReader x_phones;
  TokenMint x_mint;
  std::unique_ptr<TwilioCarrier> x_carrier;
  std::unique_ptr<CarrierGatherer> x_gatherer;
  std::unique_ptr<FoldSink> x_sink;
  std::unique_ptr<Shard> x_shard;
  std::unique_ptr<Reconciler> x_reconciler;
  bool x_hooks_current = false;  ///< all name today's public URL
  std::shared_ptr<HookRenewal> x_renewal;
  std::unique_ptr<WriterWatch> x_watch;  ///< of a shared log
  std::unique_ptr<Authenticator> x_authenticator;
  std::unique_ptr<RateLimits> x_limits;
  std::unique_ptr<ConnectionDirectory> x_connections;
  std::unique_ptr<Webhooks> x_webhooks;
  std::unique_ptr<Edge> x_edge;
};

}  // namespace ringledger
