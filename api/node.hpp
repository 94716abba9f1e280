// A node: everything between the ports and the API, put together. It has every partition of the log, or those
// that it is told to host, and takes requests for all of them. Production gives it the machine's ports, the
// seeded simulation its own; nothing in here knows which.
#pragma once

#include <map>
#include <memory>

#include "api/away_partition.hpp"
#include "api/cluster.hpp"
#include "api/node_state.hpp"
#include "api/partition.hpp"

namespace ringledger {

class Node {
 public:
  /// Opens keys, then the partitions; damage and foreign files are refused with what to do.
  static Result<std::unique_ptr<Node>> open(NodePorts ports, Config config, NodeUrls urls,
                                            std::function<void(Error)> on_fatal);

  /// `ready` is called once every partition may be used.
  void start(std::move_only_function<void()> ready);
  /// Of a cluster: leaves the group and lets go of what it writes, so that the others take over while this
  /// node still sends requests on to them. Blocks until they have, 3 s at most. Not from an executor.
  void step_down();
  /// Lets what is in flight finish. `stopped` runs on an executor; then the executors may be stopped and
  /// `close` called.
  void stop(std::move_only_function<void()> stopped);
  /// After the executors have stopped. Idempotent.
  Result<void> close();

  /// Any thread; `answer` is called once, from any thread.
  void handle(HttpRequest request, HttpAnswerTo answer);
  [[nodiscard]] std::size_t partitions() const { return x_partitions.size(); }
  /// REQUIRES: it hosts it.
  [[nodiscard]] Partition& partition(std::uint32_t index = 0) { return *x_partitions.at(index); }
  [[nodiscard]] Metrics& metrics() { return x_parts->metrics; }

 private:
  explicit Node(std::unique_ptr<NodeParts> parts) : x_parts(std::move(parts)) {}
  Result<void> open_keys();
  Result<void> open_partitions();
  void assemble();
  Result<void> check_hosts() const;
  void assemble_away();
  [[nodiscard]] std::uint32_t partition_of(const HttpRequest& request) const;
  [[nodiscard]] ReadyAnswer state() const;
  [[nodiscard]] HttpResponse ready_answer() const;
  [[nodiscard]] HttpResponse figures();

  std::unique_ptr<NodeParts> x_parts;
  std::unique_ptr<Cluster> x_cluster;                                ///< outlives the partitions
  std::map<std::uint32_t, std::unique_ptr<Partition>> x_partitions;  ///< hosted here
  std::map<std::uint32_t, std::unique_ptr<AwayPartition>> x_away;    ///< the others
};

}  // namespace ringledger
