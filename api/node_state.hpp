// What a node tells of itself: the bodies of /readyz and of GET /v1/cluster.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringledger {

/// A partition of the log as one node knows it. `role`: "writer" or "follower"; `writes`: it is the writer,
/// takes commands, and the log takes what it sends; `end`: one past the last record known there; `shown`: one
/// past what all its read models show.
struct PartitionState {
  std::int64_t partition = 0;
  std::string role;
  std::uint64_t term = 0;
  std::string writer_url;
  bool writes = false;
  std::uint64_t end = 0, shown = 0;
  BOOST_DESCRIBE_CLASS(PartitionState, (), (partition, role, term, writer_url, writes, end, shown), (), ())
};

/// The body of /readyz. `partitions`: those that the node hosts. `reads_level`, `writes_level`: format levels
/// (domain/format_level.hpp), the newest it reads, the one it writes; null of a release that knew only the
/// first.
struct ReadyAnswer {
  bool ready = false;
  std::optional<std::string> reason;
  std::optional<std::int64_t> reads_level, writes_level;
  std::vector<PartitionState> partitions;
  BOOST_DESCRIBE_CLASS(ReadyAnswer, (), (ready, reason, reads_level, writes_level, partitions), (), ())
};

/// A node as this one finds it now. `reachable` false: it is of the consumer group or owns a partition, and
/// its /readyz did not answer; the members after it are null then.
struct NodeState {
  std::string url;
  bool this_node = false, reachable = false;
  std::optional<bool> ready;
  std::optional<std::int64_t> reads_level, writes_level;
  std::optional<std::vector<PartitionState>> partitions;
  BOOST_DESCRIBE_CLASS(NodeState, (),
                       (url, this_node, reachable, ready, reads_level, writes_level, partitions), (), ())
};

/// A partition as the nodes that were reached count it. `writer_url` null: nobody yet. `lag`: records that
/// the slowest of its hosts does not show yet. `hosts`: those that were reached; when there is none, `reason`
/// says so, and requests about its accounts are refused.
struct PartitionSeat {
  std::int64_t partition = 0;
  std::uint64_t term = 0;
  std::optional<std::string> writer_url;
  std::uint64_t end = 0, lag = 0;
  std::vector<std::string> hosts;
  std::optional<std::string> reason;
  BOOST_DESCRIBE_CLASS(PartitionSeat, (), (partition, term, writer_url, end, lag, hosts, reason), (), ())
};

struct ClusterAnswer {
  std::string engine;  ///< "embedded" or "kafka"
  std::vector<NodeState> nodes;
  std::vector<PartitionSeat> partitions;
  BOOST_DESCRIBE_CLASS(ClusterAnswer, (), (engine, nodes, partitions), (), ())
};

}  // namespace ringledger
