#include "api/node.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <set>
#include <thread>

#include "adapters/json/json_reader.hpp"
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
  if (auto ok = node->open_group(); !ok) return std::unexpected(ok.error());
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
  p.codec = std::make_unique<json::JsonCommitCodec>(*p.vault);
  p.prompt_vault = std::make_unique<PromptVault>(*p.vault);
  p.prompt_codec = std::make_unique<json::JsonCommitCodec>(*p.prompt_vault);
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
  rates.address = {.units_per_second = l.address_requests_per_second, .burst = l.address_request_burst};
  p.limits = std::make_unique<RateLimits>(*p.ports.clock, rates);
  p.ready = [this] { return ready_answer(); };
  p.figures = [this] { return figures(); };
  p.cluster = [this] { return cluster_answer(); };
  p.gate_of = [this](std::uint64_t partition) {
    return partition < x_partitions.size() ? &x_partitions[partition]->gate() : nullptr;
  };
}

Result<void> Node::open_group() {
  auto& p = *x_parts;
  if (p.config.log.engine != "kafka") return {};
  for (std::string_view nowhere : {"//0.0.0.0", "//[::]"}) {
    if (p.urls.from_nodes.contains(nowhere))
      return fail(Code::validation_failed,
                  "server.node_url must say where other nodes reach this one, not " + p.urls.from_nodes);
  }
  auto settings = kafka_settings(p.config);
  if (!settings) return std::unexpected(settings.error());
  auto group = KafkaGroup::open(*settings, p.urls.from_nodes);
  if (!group) return std::unexpected(group.error());
  x_group = std::move(*group);
  p.hint = [this](std::uint32_t partition) {
    return hint_of(x_group->choice(static_cast<std::int32_t>(partition)));
  };
  return {};
}

Result<void> Node::open_partitions() {
  auto& p = *x_parts;
  auto count = count_partitions(p.config);
  if (!count) return std::unexpected(count.error());
  p.partitions = *count;
  std::vector<std::future<Result<std::unique_ptr<Partition>>>> opening;
  for (std::uint32_t i = 0; i < p.partitions; ++i) {
    auto ports = p.ports.partition(i, p.partitions);
    if (!ports) return std::unexpected(ports.error());
    // Kafka is asked many small things for each: together that takes no longer than for one.
    auto how = p.partitions == 1 ? std::launch::deferred : std::launch::async;
    opening.push_back(std::async(how, [&p, ports = *ports, i] { return Partition::open(p, ports, i); }));
  }
  std::optional<Error> failed;
  for (auto& one : opening) {
    auto partition = one.get();
    if (!partition && !failed) failed = partition.error();
    if (partition) x_partitions.push_back(std::move(*partition));
  }
  if (failed) return std::unexpected(*failed);
  return {};
}

void Node::start(std::move_only_function<void()> ready) {
  auto one_ready = after_all(x_partitions.size(), [this, r = std::move(ready)]() mutable {
    // Not before: who is preferred is handed over to, and must be able to write by then.
    if (x_group) {
      if (auto joined = x_group->join(); !joined) return x_parts->fail_node(joined.error());
    }
    r();
  });
  for (auto& partition : x_partitions) partition->start(one_ready);
}

void Node::step_down() {
  using namespace std::chrono;
  constexpr seconds most{3};
  constexpr milliseconds look{20};
  if (!x_group) return;
  x_parts->stepping_down = true;
  auto members = x_group->members();
  bool alone = !members || members->size() < 2;
  x_group->leave();
  if (alone) return;
  for (auto& partition : x_partitions) partition->hand_over();
  auto mine = [this](const auto& partition) {
    auto seat = partition->readiness().seat;
    return seat.mine || seat.owner_url == x_parts->urls.from_nodes;
  };
  auto until = steady_clock::now() + most;
  while (std::ranges::any_of(x_partitions, mine) && steady_clock::now() < until)
    std::this_thread::sleep_for(look);
}

void Node::stop(std::move_only_function<void()> stopped) {
  auto one_stopped = after_all(x_partitions.size(), std::move(stopped));
  for (auto& partition : x_partitions) partition->stop(one_stopped);
}

Result<void> Node::close() {
  Result<void> all;
  for (auto& partition : x_partitions) {
    if (auto ok = partition->close(); !ok && all) all = ok;
  }
  auto keys = x_parts->keys.close();
  return all ? keys : all;
}

Partition& Node::partition_of(const HttpRequest& request) {
  auto count = x_partitions.size();
  return *x_partitions[count == 1 ? 0 : slot_of(request, *x_parts->vault) % count];
}

void Node::handle(HttpRequest request, HttpAnswerTo answer) {
  auto& partition = partition_of(request);
  partition.edge().handle(std::move(request), std::move(answer));
}

ReadyAnswer Node::state() const {
  ReadyAnswer all{true, std::nullopt, {}};
  for (std::size_t i = 0; i < x_partitions.size(); ++i) {
    auto one = x_partitions[i]->readiness();
    if (!one.ready && all.ready) all.reason = one.reason;
    all.ready = all.ready && one.ready;
    all.partitions.push_back({static_cast<std::int64_t>(i), one.seat.mine ? "writer" : "follower",
                              one.seat.term, one.seat.owner_url, one.writes, one.end, one.shown});
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

/// The group's members and whoever owns a partition.
std::vector<std::string> Node::known_nodes() const {
  std::set<std::string> urls{x_parts->urls.from_nodes};
  if (x_group) {
    if (auto members = x_group->members()) urls.insert(members->begin(), members->end());
  }
  for (const auto& partition : x_partitions) {
    if (auto url = partition->readiness().seat.owner_url; !url.empty()) urls.insert(std::move(url));
  }
  return {urls.begin(), urls.end()};
}

NodeState Node::ask(const std::string& url) const {
  constexpr int within_ms = 1000;
  NodeState node{url, url == x_parts->urls.from_nodes, false, std::nullopt, std::nullopt};
  std::optional<ReadyAnswer> told;
  if (node.this_node) {
    told = state();
  } else if (auto answer = x_parts->ports.http->call({"GET", url + "/readyz", {}, {}, within_ms})) {
    if (auto read = json::from_stored_text<ReadyAnswer>(answer->body)) told = std::move(*read);
  }
  if (!told) return node;
  node.reachable = true;
  node.ready = told->ready;
  node.partitions = std::move(told->partitions);
  return node;
}

HttpResponse Node::cluster_answer() const {
  ClusterAnswer body{x_parts->config.log.engine, {}, {}};
  for (const auto& url : known_nodes()) body.nodes.push_back(ask(url));
  for (const auto& here : state().partitions) {
    auto index = static_cast<std::size_t>(here.partition);
    PartitionSeat seat{here.partition, here.term, std::nullopt, here.end, 0};
    if (!here.writer_url.empty()) seat.writer_url = here.writer_url;
    for (const auto& node : body.nodes) {
      if (!node.partitions || node.partitions->size() <= index) continue;
      auto shown = (*node.partitions)[index].shown;
      seat.lag = std::max(seat.lag, here.end - std::min(here.end, shown));
    }
    body.partitions.push_back(std::move(seat));
  }
  return json_response(body);
}

HttpResponse Node::figures() {
  x_parts->metrics.log_lines_dropped(log_lines_dropped());
  for (auto& partition : x_partitions) partition->tell_figures();
  HttpResponse r;
  r.headers = {{"Content-Type", std::string(Metrics::content_type)}};
  r.body = x_parts->metrics.text();
  return r;
}

}  // namespace ringledger
