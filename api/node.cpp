#include "api/node.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "adapters/json/json_writer.hpp"
#include "api/logging.hpp"
#include "api/request_slot.hpp"

namespace ringledger {
namespace {

/// Runs `last` when it has been called as often as there are partitions.
template <class F>
auto after_all(std::size_t times, F last) {
  struct Waiting {
    std::atomic<std::size_t> left;
    F last;
  };
  auto waiting = std::make_shared<Waiting>(times, std::move(last));
  return [waiting] {
    if (waiting->left.fetch_sub(1) == 1) waiting->last();
  };
}

HttpResponse json_response(const auto& body) {
  HttpResponse r;
  r.headers = {{"Content-Type", "application/json"}};
  r.body = json::to_text(body);
  return r;
}

/// The same at every node: documents, and what there is not.
bool is_anybodys(const HttpRequest& request, const Operation* operation) {
  if (request.method == "OPTIONS") return false;  // a page's question, about its tracker
  return !operation || operation->is_document();
}

}  // namespace

void NodeParts::fail_node(const Error& error) {
  if (failed.exchange(true)) return;
  log_error("the node must stop", {{"reason", error.detail}});
  on_fatal(error);
}

Result<std::unique_ptr<Node>> Node::open(NodePorts ports, Config config, NodeUrls urls,
                                         std::function<void(Error)> on_fatal) {
  auto parts = std::make_unique<NodeParts>();
  parts->ports = std::move(ports);
  parts->config = std::move(config);
  parts->urls = std::move(urls);
  parts->on_fatal = std::move(on_fatal);
  std::unique_ptr<Node> node(new Node(std::move(parts)));
  if (auto ok = node->open_keys(); !ok) return std::unexpected(ok.error());
  node->assemble();
  auto cluster = Cluster::open(*node->x_parts, [raw = node.get()] { return raw->state(); });
  if (!cluster) return std::unexpected(cluster.error());
  node->x_cluster = std::move(*cluster);
  if (auto ok = node->open_partitions(); !ok) return std::unexpected(ok.error());
  return node;
}

Result<void> Node::open_keys() {
  auto& p = *x_parts;
  auto keys = ringledger::open_keys(*p.ports.disk, *p.ports.random, p.config,
                                    [&p](const Error& error) { p.fail_node(error); });
  if (!keys) return std::unexpected(keys.error());
  p.keys = std::move(*keys);
  p.vault = p.keys.vault.get();
  p.mint = std::make_unique<TokenMint>(*p.vault);
  p.codec = std::make_unique<json::JsonCommitCodec>(*p.vault, json::upcasts(), p.config.log.write_level);
  p.prompt_vault = std::make_unique<PromptVault>(*p.vault);
  p.prompt_codec =
      std::make_unique<json::JsonCommitCodec>(*p.prompt_vault, json::upcasts(), p.config.log.write_level);
  return {};
}

void Node::assemble() {
  auto& p = *x_parts;
  bool simulated = !p.config.twilio.simulator_url.empty();
  p.carrier = std::make_unique<TwilioCarrier>(
      *p.ports.http, simulated ? p.config.twilio.simulator_url : p.config.twilio.api_url);
  p.gatherer = std::make_unique<CarrierGatherer>(*p.carrier, *p.ports.clock);
  const auto& l = p.config.limits;
  RateLimits::Options rates;
  rates.key = {.units_per_second = l.requests_per_second, .burst = l.request_burst};
  rates.account = {.units_per_second = l.account_requests_per_second, .burst = l.account_request_burst};
  rates.page = {.units_per_second = l.page_requests_per_second, .burst = l.page_request_burst};
  rates.page_address = {.units_per_second = l.page_address_requests_per_second,
                        .burst = l.page_address_request_burst};
  rates.address = {.units_per_second = l.address_requests_per_second, .burst = l.address_request_burst};
  p.limits = std::make_unique<RateLimits>(*p.ports.clock, rates);
  p.ready = [this] { return ready_answer(); };
  p.figures = [this] { return figures(); };
  p.cluster = [this] { return json_response(x_cluster->answer()); };
  p.hint = [this](std::uint32_t partition) { return x_cluster->hint(partition); };
  p.may_claim = [this] { return x_cluster->may_claim(); };
  p.gate_of = [this](std::uint64_t partition) {
    auto here = x_partitions.find(static_cast<std::uint32_t>(partition));
    return here == x_partitions.end() ? nullptr : &here->second->gate();
  };
}

Result<void> Node::open_partitions() {
  auto& p = *x_parts;
  auto count = count_partitions(p.config);
  if (!count) return std::unexpected(count.error());
  p.partitions = *count;
  if (auto ok = check_hosts(); !ok) return ok;
  std::map<std::uint32_t, std::future<Result<std::unique_ptr<Partition>>>> opening;
  for (std::uint32_t i = 0; i < p.partitions; ++i) {
    if (!p.config.cluster.hosts_partition(i)) continue;
    auto ports = p.ports.partition(i, p.partitions);
    if (!ports) return std::unexpected(ports.error());
    // Kafka is asked many small things for each: together that takes no longer than for one.
    auto how = p.partitions == 1 ? std::launch::deferred : std::launch::async;
    opening.emplace(i, std::async(how, [&p, ports = *ports, i] { return Partition::open(p, ports, i); }));
  }
  std::optional<Error> failed;
  for (auto& [index, one] : opening) {
    auto partition = one.get();
    if (!partition && !failed) failed = partition.error();
    if (partition) x_partitions.emplace(index, std::move(*partition));
  }
  if (failed) return std::unexpected(*failed);
  assemble_away();
  return {};
}

Result<void> Node::check_hosts() const {
  const auto& hosts = x_parts->config.cluster.hosts;
  if (hosts.empty()) return {};
  if (x_parts->config.log.engine != "kafka")
    return fail(Code::validation_failed, "cluster.hosts: an embedded log has one partition; leave it out");
  if (hosts.back() < std::int64_t{x_parts->partitions}) return {};
  return fail(Code::validation_failed, "cluster.hosts names partition " + std::to_string(hosts.back()) +
                                           "; the log has 0 to " + std::to_string(x_parts->partitions - 1));
}

void Node::assemble_away() {
  auto& p = *x_parts;
  for (std::uint32_t i = 0; i < p.partitions; ++i) {
    if (x_partitions.contains(i)) continue;
    Forwarding::Ports hop{p.ports.peers,     [this, i] { return x_cluster->seat(i); },
                          p.ports.clock,     p.ports.readers,
                          p.urls.from_nodes, p.config.cluster.keep_seconds * 1000};
    x_away.emplace(i, std::make_unique<AwayPartition>(
                          AwayPartition::Ports{std::move(hop), p.ports.random, &p.metrics, p.vault}));
  }
}

void Node::start(std::move_only_function<void()> ready) {
  auto one_ready = after_all(x_partitions.size(), [this, r = std::move(ready)]() mutable {
    if (auto joined = x_cluster->join(); !joined) return x_parts->fail_node(joined.error());
    r();
  });
  for (auto& [_, partition] : x_partitions) partition->start(one_ready);
}

void Node::step_down() {
  using namespace std::chrono;
  constexpr seconds most{6};
  constexpr milliseconds look{20};
  x_parts->stepping_down = true;
  if (!x_cluster->leave()) return;
  for (auto& [_, partition] : x_partitions) partition->hand_over();
  auto mine = [this](const auto& hosted) {
    if (!x_cluster->is_hosted_elsewhere(hosted.first)) return false;  // nobody is to follow
    auto seat = hosted.second->readiness().seat;
    return seat.mine || seat.owner_url == x_parts->urls.from_nodes;
  };
  auto until = steady_clock::now() + most;
  while (std::ranges::any_of(x_partitions, mine) && steady_clock::now() < until)
    std::this_thread::sleep_for(look);
}

void Node::stop(std::move_only_function<void()> stopped) {
  auto one_stopped = after_all(x_partitions.size(), std::move(stopped));
  for (auto& [_, partition] : x_partitions) partition->stop(one_stopped);
}

Result<void> Node::close() {
  Result<void> all;
  for (auto& [_, partition] : x_partitions) {
    if (auto ok = partition->close(); !ok && all) all = ok;
  }
  auto keys = x_parts->keys.close();
  return all ? keys : all;
}

/// What names no partition is for any that is hosted here.
std::uint32_t Node::partition_of(const HttpRequest& request) const {
  auto any = x_partitions.begin()->first;
  if (x_parts->partitions == 1) return any;
  auto slot = slot_of(request, *x_parts->vault);
  return slot ? *slot % x_parts->partitions : any;
}

void Node::handle(HttpRequest request, HttpAnswerTo answer) {
  request = as_asked(std::move(request), *x_parts->vault);
  auto index = partition_of(request);
  auto here = x_partitions.find(index);
  if (here != x_partitions.end()) return here->second->edge().handle(std::move(request), std::move(answer));
  auto& any = x_partitions.begin()->second->edge();
  auto path = std::string_view(request.target).substr(0, request.target.find('?'));
  const auto* operation = any.routes().match(request.method, path).operation;
  if (is_anybodys(request, operation)) return any.handle(std::move(request), std::move(answer));
  x_away.at(index)->handle(std::move(request), operation, std::move(answer));
}

ReadyAnswer Node::state() const {
  ReadyAnswer all{true, std::nullopt, newest_level, x_parts->config.log.write_level, false, {}};
  if (x_parts->stepping_down) {
    all.ready = false;
    all.stopping = true;
    all.reason = "this node is stopping";
  }
  for (const auto& [index, partition] : x_partitions) {
    auto one = partition->readiness();
    if (!one.ready && all.ready) all.reason = one.reason;
    all.ready = all.ready && one.ready;
    all.partitions.push_back({std::int64_t{index}, one.seat.mine ? "writer" : "follower", one.seat.term,
                              one.seat.owner_url, one.writes, one.end, one.shown});
  }
  return all;
}

HttpResponse Node::ready_answer() const {
  auto body = state();
  auto r = json_response(body);
  r.status = body.ready ? 200 : 503;
  if (!body.ready) r.headers.emplace_back("Retry-After", "1");
  return r;
}

HttpResponse Node::figures() {
  x_parts->metrics.log_lines_dropped(log_lines_dropped());
  for (auto& [_, partition] : x_partitions) partition->tell_figures();
  HttpResponse r;
  r.headers = {{"Content-Type", std::string(Metrics::content_type)}};
  r.body = x_parts->metrics.text();
  return r;
}

}  // namespace ringledger
