#include "api/serve.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <future>
#include <vector>

#include "adapters/http/httplib_client.hpp"
#include "adapters/rocksdb/rocksdb_row_store.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/system_clock.hpp"
#include "adapters/system/system_random.hpp"
#include "adapters/system/thread_executor.hpp"
#include "adapters/twilio/simulator.hpp"
#include "api/http_peer_client.hpp"
#include "api/http_server.hpp"
#include "api/logging.hpp"
#include "api/node.hpp"
#include "api/problem.hpp"
#include "api/trace.hpp"

namespace ringledger {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, s);
  return set;
}

/// True: told to stop. False: the node failed.
bool wait_for_stop() {
  auto set = stop_signals();
  int got = 0;
  while (sigwait(&set, &got) != 0) {
  }
  return got != SIGUSR1;
}

void tell(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

int failed(const Error& error) {
  log_error("cannot start", {{"reason", error.detail}});
  stop_logging();
  std::fprintf(stderr, "ringledger: %s\n", error.detail.c_str());
  return 1;
}

/// A problem met before the API: with the client's trace id or a new one, as every answer has.
HttpResponse traced_problem(const Refusal& refusal, const HttpRequest& request, Random& random) {
  auto trace = trace_id_of(request, random);
  auto r = problem(refusal, trace);
  r.headers.emplace_back("Trace-Id", trace);
  return r;
}

/// What the server itself refuses, as problem documents.
HttpResponse wire_problem(int status, std::string_view detail, const HttpRequest& request, Random& random) {
  Code code = Code::validation_failed;
  if (status == 413) code = Code::too_large;
  if (status == 431) code = Code::headers_too_large;
  if (status >= 500) code = status == 503 ? Code::overloaded : Code::internal;
  auto r = traced_problem({code, std::string(detail), {}, {}, {}}, request, random);
  r.status = status;
  return r;
}

/// Several partitions share the memory of one.
RocksDbOptions rows_of(const Config& config, std::uint32_t partition, std::uint32_t of) {
  constexpr std::size_t least_cache_bytes = 16UL << 20U, least_buffer_bytes = 8UL << 20U;
  RocksDbOptions o;
  o.path = partition_folder(config.data.dir + "/views", partition, of);
  auto here = config.cluster.hosted(of);
  o.cache_bytes = std::max(o.cache_bytes / here, least_cache_bytes);
  o.write_buffer_bytes = std::max(o.write_buffer_bytes / here, least_buffer_bytes);
  o.free_floor_bytes = static_cast<std::uint64_t>(config.data.floor_free_mb) * 1024 * 1024;
  return o;
}

/// What one partition has of the machine.
struct PartitionMachine {
  std::unique_ptr<RocksDbRowStore> rows;
  ThreadExecutor log{"log"}, shard{"shard"}, fold{"fold"};
};

Result<std::unique_ptr<PartitionMachine>> machine_of(Disk& disk, const Config& config,
                                                     std::uint32_t partition, std::uint32_t of) {
  auto options = rows_of(config, partition, of);
  if (auto ok = disk.make_folders(options.path); !ok) return std::unexpected(ok.error());
  auto rows = RocksDbRowStore::open(std::move(options));
  if (!rows) return std::unexpected(rows.error());
  auto machine = std::make_unique<PartitionMachine>();
  machine->rows = std::move(*rows);
  return machine;
}

HttpLimits limits_of(const Config& config) {
  HttpLimits l;
  l.connections = static_cast<std::size_t>(config.limits.connections);
  l.header_timeout_ms = static_cast<int>(config.limits.header_seconds * 1000);
  l.body_timeout_ms = static_cast<int>(config.limits.body_seconds * 1000);
  l.idle_timeout_ms = static_cast<int>(config.limits.idle_seconds * 1000);
  l.write_timeout_ms = static_cast<int>(config.limits.write_seconds * 1000);
  return l;
}

}  // namespace

void block_stop_signals() {
  auto set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int serve(const Config& config) {
  prctl(PR_SET_DUMPABLE, 0);  // keys are in memory: no core dumps, no ptrace
  LogOptions logging;
  logging.level = config.logging.level;
  logging.format = config.logging.format;
  if (auto ok = start_logging(std::move(logging)); !ok) return failed(ok.error());
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  HttplibClient http;
  if (auto ok = disk.make_folders(config.data.dir); !ok) return failed(ok.error());
  HttpPeerClient peers;
  std::vector<std::unique_ptr<PartitionMachine>> machines;
  PoolExecutor pool("pool", 2), providers("providers", 16), probes("probes", 4), readers("readers", 2),
      webhooks("webhooks", 2);
  std::atomic<Node*> ready{nullptr};
  HttpServerOptions options;
  options.address = config.server.address;
  options.port = static_cast<std::uint16_t>(config.server.port);
  options.threads = config.threads();
  options.limits = limits_of(config);
  options.workers = &readers;
  options.on_error = [&random](int status, std::string_view detail, const HttpRequest& request) {
    return wire_problem(status, detail, request, random);
  };
  auto server = HttpServer::start(std::move(options), [&](HttpRequest request, HttpAnswerTo answer) {
    if (auto* node = ready.load()) return node->handle(std::move(request), std::move(answer));
    answer(traced_problem({Code::not_writer, "The server is starting.", {}, {}, {}}, request, random));
  });
  if (!server) return failed(server.error());

  auto partition = [&](std::uint32_t index, std::uint32_t of) -> Result<PartitionPorts> {
    auto machine = machine_of(disk, config, index, of);
    if (!machine) return std::unexpected(machine.error());
    auto& m = *machines.emplace_back(std::move(*machine));
    return PartitionPorts{m.rows.get(), &m.log, &m.shard, &m.fold};
  };
  NodePorts ports{&disk,    &clock,    &random, &http,  &pool,    &providers,
                  &readers, &webhooks, &probes, &peers, partition};
  auto port = (*server)->port();
  auto node = Node::open(ports, config, {config.public_url(port), config.node_url(port)},
                         [](const Error&) { kill(getpid(), SIGUSR1); });
  if (!node) return failed(node.error());
  ready = node->get();
  (*node)->start([&] {
    tell("ringledger ready on http://" + config.server.address + ":" + std::to_string((*server)->port()));
  });

  bool told = wait_for_stop();
  if (told) (*node)->step_down();
  (*server)->stop(static_cast<int>(told ? config.server.stop_seconds * 1000 : 1000));
  if (!told) {
    stop_logging();
    _exit(1);  // nothing of a log that failed may be written any more
  }
  // What was answered is durable: read models that cannot be written now are folded at the next start.
  auto stopped = std::make_shared<std::promise<void>>();
  auto drained = stopped->get_future();
  (*node)->stop([stopped] { stopped->set_value(); });
  auto patience = std::chrono::duration<double>(config.server.stop_seconds + 5);
  if (drained.wait_for(patience) == std::future_status::timeout) log_warn("stopped without draining");
  peers.stop();  // whoever waits for another node is told while the node is there
  for (auto& m : machines) {
    for (auto* e : {&m->shard, &m->log, &m->fold}) e->stop();
  }
  pool.stop();
  providers.stop();
  probes.stop();
  readers.stop();
  webhooks.stop();
  auto closed = (*node)->close();
  if (!closed) log_error("close", {{"reason", closed.error().detail}});
  stop_logging();
  return closed ? 0 : 1;
}

int serve_simulator(const SimulatorConfig& config) {
  PosixDisk disk;
  SystemClock clock;
  HttplibClient http;
  if (!config.folder.empty()) {
    if (auto ok = disk.make_folders(config.folder); !ok) return failed(ok.error());
  }
  SimulatorOptions simulated;
  simulated.seed = config.seed;
  simulated.folder = config.folder;
  auto simulator = Simulator::open(simulated, clock, config.folder.empty() ? nullptr : &disk, &http);
  if (!simulator) return failed(simulator.error());
  PoolExecutor pool("simulator", 8);
  HttpServerOptions options;
  options.address = config.address;
  options.port = config.port;
  options.workers = &pool;
  auto server = HttpServer::start(std::move(options), [&](HttpRequest request, HttpAnswerTo answer) {
    pool.post([&simulator, r = std::move(request), a = std::move(answer)]() mutable {
      auto got = (*simulator)->handle({r.method, r.target, std::move(r.headers), std::move(r.body)});
      HttpResponse out;
      out.status = got.status;
      out.headers = std::move(got.headers);
      out.body = std::move(got.body);
      out.delay_ms = got.delay_ms;
      out.drop = got.drop;
      a(std::move(out));
    });
  });
  if (!server) return failed(server.error());
  tell("simulator ready on http://" + config.address + ":" + std::to_string((*server)->port()));
  wait_for_stop();
  (*server)->stop(1000);
  pool.stop();
  return 0;
}

}  // namespace ringledger
