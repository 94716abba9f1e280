// What the other nodes of the cluster last told of themselves, and what follows from it for this one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/node_state.hpp"
#include "commands/ports/http_client.hpp"

namespace ringledger {

/// Another node. `told`: the last it told, if it ever answered.
struct Peer {
  std::string url;
  bool member = false;     ///< of the consumer group
  bool reachable = false;  ///< at the last look
  std::optional<ReadyAnswer> told;
};
using Peers = std::vector<Peer>;

/// Asks a node how it is. Blocks, a second at most; nullopt: no answer of a node.
std::optional<ReadyAnswer> ask_node(HttpClient& http, const std::string& url);

/// Of a node, when it hosts the partition.
const PartitionState* state_of(const ReadyAnswer& node, std::uint32_t partition);

/// The nodes that were reached and do not read what is written at `level`, by URL, with commas; "" = none.
std::string cannot_read(const Peers& peers, std::int64_t level);

}  // namespace ringledger
