// What the other nodes of the cluster last told of themselves, and what follows from it for this one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/node_state.hpp"
#include "api/writer_watch.hpp"
#include "commands/ports/http_client.hpp"
#include "commands/shard.hpp"

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

/// Among what a node hosts; null: not that one.
const PartitionState* state_of(const std::vector<PartitionState>& hosted, std::uint32_t partition);

/// The nodes that were reached and do not read what is written at `level`, by URL, with commas; "" = none.
std::string cannot_read(const Peers& peers, std::int64_t level);

/// Whom to ask about a partition: its writer, or when that is not reached, the host that shows most;
/// `owner_url` "" = no host is reached.
Shard::Seat seat_of(const Peers& peers, std::uint32_t partition);

/// Whether one of them was reached and hosts the partition.
bool any_hosts(const Peers& peers, std::uint32_t partition);

/// Whom to prefer as the writer of a partition that this node hosts. The group spreads partitions over all
/// its members, also over those that do not host them: where there are such, the hosts among them share it by
/// their URLs, which all of them know.
WriterWatch::Hint hint_among(const Peers& peers, const std::string& own_url, std::uint32_t partition,
                             WriterWatch::Hint of_group);

}  // namespace ringledger
