#include "api/cluster.hpp"

#include <algorithm>

#include "api/log_engine.hpp"
#include "api/logging.hpp"

namespace ringledger {
namespace {

WriterWatch::Hint hint_of(KafkaGroup::Choice choice) {
  switch (choice) {
    case KafkaGroup::Choice::this_node:
      return WriterWatch::Hint::this_node;
    case KafkaGroup::Choice::another:
      return WriterWatch::Hint::another;
    case KafkaGroup::Choice::unknown:
      break;
  }
  return WriterWatch::Hint::unknown;
}

}  // namespace

Cluster::Cluster(NodeParts& parts, std::function<ReadyAnswer()> state)
    : x_parts(parts),
      x_state(std::move(state)),
      x_directory({parts.ports.probes, parts.urls.from_nodes, [this] { return members(); },
                   [this] { return owners(); },
                   [&parts](const std::string& url) { return ask_node(*parts.ports.http, url); },
                   [this](const Peers& peers) { look_for_hosts(peers); }}) {}

Result<std::unique_ptr<Cluster>> Cluster::open(NodeParts& parts, std::function<ReadyAnswer()> state) {
  std::unique_ptr<Cluster> cluster(new Cluster(parts, std::move(state)));
  if (parts.config.log.engine != "kafka") return cluster;
  const auto& own_url = parts.urls.from_nodes;
  for (std::string_view nowhere : {"//0.0.0.0", "//[::]"}) {
    if (own_url.contains(nowhere))
      return fail(Code::validation_failed,
                  "server.node_url must say where other nodes reach this one, not " + own_url);
  }
  auto settings = kafka_settings(parts.config);
  if (!settings) return std::unexpected(settings.error());
  auto group = KafkaGroup::open(*settings, own_url);
  if (!group) return std::unexpected(group.error());
  cluster->x_group = std::move(*group);
  return cluster;
}

Result<void> Cluster::join() {
  if (!x_group) return {};
  x_directory.start();
  return x_group->join();
}

bool Cluster::leave() {
  if (!x_group) return false;
  bool alone = members().size() < 2;
  x_group->leave();
  return !alone;
}

WriterWatch::Hint Cluster::hint(std::uint32_t partition) const {
  if (!x_group) return WriterWatch::Hint::unknown;
  auto of_group = hint_of(x_group->choice(static_cast<std::int32_t>(partition)));
  auto peers = x_directory.peers();
  return peers ? hint_among(*peers, x_parts.urls.from_nodes, partition, of_group) : of_group;
}

bool Cluster::is_hosted_elsewhere(std::uint32_t partition) const {
  auto peers = x_directory.peers();
  return !peers || any_hosts(*peers, partition);
}

Shard::Seat Cluster::seat(std::uint32_t partition) const {
  auto peers = x_directory.peers();
  return peers ? seat_of(*peers, partition) : Shard::Seat{};
}

/// After each look at the others.
void Cluster::look_for_hosts(const Peers& peers) {
  std::size_t count = 0;
  std::string missing;
  for (std::uint32_t p = 0; p < x_parts.partitions; ++p) {
    if (x_parts.config.cluster.hosts_partition(p) || any_hosts(peers, p)) continue;
    ++count;
    missing += (missing.empty() ? "" : ", ") + std::to_string(p);
  }
  x_parts.metrics.unhosted(count);
  if (missing != x_unhosted && count > 0)
    log_warn("no node that is reached hosts these partitions: what is asked about their accounts is refused",
             {{"partitions", missing}});
  x_unhosted = missing;
}

bool Cluster::may_claim() const {
  auto level = x_parts.config.log.write_level;
  auto peers = x_directory.peers();
  if (!peers) return level == first_level;  // which everybody reads
  auto who = cannot_read(*peers, level);
  if (who.empty()) return true;
  log_warn("this node claims nothing: others could not read what it writes",
           {{"write_level", level}, {"nodes", who}});
  return false;
}

std::set<std::string> Cluster::members() const {
  if (!x_group) return {};
  auto names = x_group->members();
  if (!names) return {};
  return {names->begin(), names->end()};
}

std::set<std::string> Cluster::owners() const {
  std::set<std::string> urls;
  for (const auto& partition : x_state().partitions) {
    if (!partition.writer_url.empty()) urls.insert(partition.writer_url);
  }
  return urls;
}

NodeState Cluster::ask(const std::string& url) const {
  NodeState node;
  node.url = url;
  node.this_node = url == x_parts.urls.from_nodes;
  auto told = node.this_node ? std::optional(x_state()) : ask_node(*x_parts.ports.http, url);
  if (!told) return node;
  node.reachable = true;
  node.ready = told->ready;
  node.reads_level = told->reads_level;
  node.writes_level = told->writes_level;
  node.partitions = std::move(told->partitions);
  return node;
}

PartitionSeat Cluster::seat_at(const std::vector<NodeState>& nodes, std::uint32_t partition) {
  PartitionSeat seat;
  seat.partition = partition;
  std::vector<std::uint64_t> shown;
  for (const auto& node : nodes) {
    const auto* there = node.partitions ? state_of(*node.partitions, partition) : nullptr;
    if (!there) continue;
    seat.hosts.push_back(node.url);
    seat.end = std::max(seat.end, there->end);
    shown.push_back(there->shown);
    if (there->term < seat.term || there->writer_url.empty()) continue;
    seat.term = there->term;
    seat.writer_url = there->writer_url;
  }
  for (auto at : shown) seat.lag = std::max(seat.lag, seat.end - std::min(seat.end, at));
  if (seat.hosts.empty()) seat.reason = "no node that was reached hosts it";
  return seat;
}

ClusterAnswer Cluster::answer() const {
  ClusterAnswer body{x_parts.config.log.engine, {}, {}};
  auto urls = members();
  urls.merge(owners());
  urls.insert(x_parts.urls.from_nodes);
  for (const auto& url : urls) body.nodes.push_back(ask(url));
  for (std::uint32_t p = 0; p < x_parts.partitions; ++p) body.partitions.push_back(seat_at(body.nodes, p));
  return body;
}

}  // namespace ringledger
