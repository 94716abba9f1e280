// A node among the others of its log: the consumer group it is a member of, what the others tell of
// themselves, whether it may claim, and what GET /v1/cluster answers.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "adapters/kafka/kafka_group.hpp"
#include "api/node_parts.hpp"
#include "api/node_state.hpp"
#include "api/peer_directory.hpp"

namespace ringledger {

class Cluster {
 public:
  /// `state`: of this node. Of a log in Kafka it opens the consumer group; refused is a `server.node_url`
  /// that leads nowhere. `parts` outlives it.
  static Result<std::unique_ptr<Cluster>> open(NodeParts& parts, std::function<ReadyAnswer()> state);

  /// Once, when this node can write: who is preferred is handed over to. From then on the others are asked.
  Result<void> join();
  /// Leaves the group. False: there is nobody to take over. Blocks for a moment.
  bool leave();
  /// Whether another node hosts the partition, as far as is known.
  [[nodiscard]] bool is_hosted_elsewhere(std::uint32_t partition) const;
  /// Of a partition that this node does not host: whom to ask.
  [[nodiscard]] Shard::Seat seat(std::uint32_t partition) const;
  [[nodiscard]] WriterWatch::Hint hint(std::uint32_t partition) const;
  /// False, and told in a log line: somebody could not read what this node would write.
  [[nodiscard]] bool may_claim() const;
  /// Asks all nodes. Blocks.
  [[nodiscard]] ClusterAnswer answer() const;

 private:
  Cluster(NodeParts& parts, std::function<ReadyAnswer()> state);
  [[nodiscard]] std::set<std::string> members() const;
  [[nodiscard]] std::set<std::string> owners() const;
  [[nodiscard]] NodeState ask(const std::string& url) const;
  [[nodiscard]] static PartitionSeat seat_at(const std::vector<NodeState>& nodes, std::uint32_t partition);
  void look_for_hosts(const Peers& peers);

  NodeParts& x_parts;
  std::function<ReadyAnswer()> x_state;
  std::unique_ptr<KafkaGroup> x_group;  ///< of a log in Kafka
  std::string x_unhosted;               ///< as told last, on the directory's thread
  PeerDirectory x_directory;
};

}  // namespace ringledger
