// What the partitions of a node share, and what of the machine they are given.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "adapters/crypto/prompt_vault.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/phone/phone.hpp"
#include "adapters/twilio/gatherer.hpp"
#include "adapters/twilio/twilio_carrier.hpp"
#include "api/config.hpp"
#include "api/key_engine.hpp"
#include "api/key_mint.hpp"
#include "api/metrics.hpp"
#include "api/peer_client.hpp"
#include "api/rate_limit.hpp"
#include "api/visible_gate.hpp"
#include "api/writer_watch.hpp"
#include "projections/row_store.hpp"

namespace ringledger {

/// A partition's own.
struct PartitionPorts {
  RowStore* rows;            ///< book and read models
  Executor* log_executor;    ///< serial: writes and syncs
  Executor* shard_executor;  ///< serial: decides
  Executor* fold_executor;   ///< serial: folds read models
};

/// The machine.
struct NodePorts {
  Disk* disk;
  Clock* clock;
  Random* random;
  HttpClient* http;     ///< to providers, and to ask other nodes how they are
  Executor* pool;       ///< blocking reads of the book
  Executor* providers;  ///< calls of providers: may hang for as long as these do
  Executor* readers;    ///< queries
  Executor* webhooks;   ///< Twilio's posts: what they read, and the clock of a ringing phone; no query
  Executor* probes;     ///< asks other nodes and brokers how they are: seconds each
  PeerClient* peers;    ///< to other nodes; null: nothing is sent on
  /// Called once for each partition of `of` that is hosted, in order. What it gives outlives the node.
  std::function<Result<PartitionPorts>(std::uint32_t partition, std::uint32_t of)> partition;
};

/// Where a node is reached: by providers, by other nodes.
struct NodeUrls {
  std::string from_outside, from_nodes;
};

struct NodeParts {
  NodePorts ports;
  Config config;
  NodeUrls urls;
  std::function<void(Error)> on_fatal;  ///< the process must stop

  std::uint32_t partitions = 1;  ///< of the log
  OpenedKeys keys;
  FileKeyVault* vault = nullptr;                 ///< of `keys`
  std::unique_ptr<PromptVault> prompt_vault;     ///< over `vault`
  std::unique_ptr<json::JsonCommitCodec> codec;  ///< may wait for a key that another node made
  std::unique_ptr<json::JsonCommitCodec> prompt_codec;
  Metrics metrics;
  std::unique_ptr<RateLimits> limits;
  LibPhoneReader phones;
  std::unique_ptr<TokenMint> mint;
  std::unique_ptr<TwilioCarrier> carrier;
  std::unique_ptr<CarrierGatherer> gatherer;
  /// What /readyz, /metrics and /v1/cluster answer; the last one blocks while it asks other nodes.
  std::function<HttpResponse()> ready, figures, cluster;
  std::function<VisibleGate*(std::uint64_t partition)> gate_of;
  std::function<WriterWatch::Hint(std::uint32_t partition)> hint;
  std::function<bool()> may_claim;
  std::atomic<bool> failed{false};
  std::atomic<bool> stepping_down{false};  ///< it claims nothing any more

  /// Says why, once, and has the process stop. Any thread.
  void fail_node(const Error& error);
};

}  // namespace ringledger
