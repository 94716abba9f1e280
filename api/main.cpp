// The command line: which program of Ringledger runs, and with which settings.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "api/all_operations.hpp"
#include "api/client.hpp"
#include "api/offline.hpp"
#include "api/openapi.hpp"
#include "api/serve.hpp"
#include "api/simulator_traffic.hpp"

namespace {

using ringledger::Config;

/// Settings that every subcommand takes: a file, and each key as a flag.
struct Settings {
  std::string file, data, simulator, port;
  std::map<std::string, std::string> keys;

  void declare(CLI::App& app) {
    app.add_option("--config", file, "TOML file")->envname("RINGLEDGER_CONFIG");
    app.add_option("--data", data, "data folder (data.dir)");
    for (const auto& key : ringledger::config_keys())
      app.add_option("--" + key, keys[key])->group("Settings");
  }
  [[nodiscard]] ringledger::Result<Config> load() const {
    ringledger::ConfigFlags flags;
    if (!data.empty()) flags.emplace_back("data.dir", data);
    if (!simulator.empty()) flags.emplace_back("twilio.simulator_url", simulator);
    if (!port.empty()) flags.emplace_back("server.port", port);
    for (const auto& [key, value] : keys) {
      if (!value.empty()) flags.emplace_back(key, value);
    }
    return ringledger::load_config(file, ringledger::ringledger_environment(), flags);
  }
};

int with_config(const Settings& settings, const std::function<int(const Config&)>& run) {
  auto config = settings.load();
  if (config) return run(*config);
  std::fprintf(stderr, "%s\n", config.error().detail.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // who prints to `| head` ends with it; what serves ignores it
  CLI::App app{"Ringledger: the system of record for everything that rings"};
  app.set_version_flag("--version", RINGLEDGER_VERSION);
  app.require_subcommand(1);
  Settings settings;
  int exit_code = 0;
  std::string view;
  auto command = [&](CLI::App& parent, const char* name, const char* help,
                     std::function<int(const Config&)> run) {
    auto* sub = parent.add_subcommand(name, help);
    settings.declare(*sub);
    sub->callback([&, run = std::move(run)] { exit_code = with_config(settings, run); });
    return sub;
  };
  auto group = [&](const char* name, const char* help) {
    auto* sub = app.add_subcommand(name, help);
    sub->require_subcommand(1);
    return sub;
  };

  auto* serve = command(app, "serve", "run the server", [](const Config& c) {
    ringledger::block_stop_signals();
    return ringledger::serve(c);
  });
  serve->add_option("--port", settings.port, "TCP port (server.port)");
  serve->add_option("--simulator", settings.simulator, "use this Twilio simulator for every connection");

  ringledger::SimulatorConfig simulator;
  auto* sim = app.add_subcommand("simulator", "run a Twilio in memory");
  sim->add_option("--port", simulator.port, "TCP port; 0 takes a free one");
  sim->add_option("--data", simulator.folder, "folder that keeps its state");
  sim->add_option("--seed", simulator.seed, "what SIDs and tokens follow from");
  ringledger::declare_traffic(*sim, exit_code);
  sim->callback([&] {
    if (!sim->get_subcommands().empty()) return;  // that ran
    ringledger::block_stop_signals();
    exit_code = ringledger::serve_simulator(simulator);
  });

  auto* log = group("log", "read a stopped folder's log, or make one in Kafka");
  std::int32_t partitions = 1;
  command(*log, "create", "make the Kafka topic of [kafka] a log, or mend its settings",
          [&](const Config& c) { return ringledger::offline::log_create(c, partitions); })
      ->add_option("--partitions", partitions, "of a new topic, for ever; this release serves one")
      ->check(CLI::Range(1, 1024));
  std::string copy_to, copy_from;
  std::int32_t copy_partitions = 0;
  auto* copy =
      command(*log, "copy",
              "move a stopped folder's embedded log to Kafka, or one of Kafka into a new folder; run again, "
              "it goes on where it was",
              [&](const Config& c) {
                return copy_from.empty() ? ringledger::offline::log_copy(c, copy_to, copy_partitions)
                                         : ringledger::offline::log_copy_back(c, copy_from);
              });
  auto* way = copy->add_option_group("from or to")->require_option(1);
  auto* to =
      way->add_option("--to", copy_to, "kafka://HOST:PORT[,HOST:PORT…]/PREFIX: the topic is PREFIX.log");
  way->add_option("--from", copy_from, "the same; --data is a new folder, with the master key");
  copy->add_option("--partitions", copy_partitions, "of a new topic, for ever; accounts are spread over them")
      ->check(CLI::Range(1, 1024))
      ->needs(to);
  bool payloads = false, rebuild_head = false;
  command(*log, "verify", "check every record; prints `<n> commits`",
          [&](const Config& c) { return ringledger::offline::log_verify(c.data.dir, rebuild_head); })
      ->add_flag("--rebuild-head", rebuild_head,
                 "write a lost head file anew; only when the segments are complete");
  command(*log, "inspect", "one line a record", [&](const Config& c) {
    return ringledger::offline::log_inspect(c.data.dir, payloads);
  })->add_flag("--payloads", payloads, "with the payload");

  auto* views = group("views", "read models of a stopped folder");
  command(*views, "list", "names and positions", ringledger::offline::views_list);
  command(*views, "verify", "compare with a fresh rebuild", [&](const Config& c) {
    return ringledger::offline::views_verify(c, view);
  })->add_option("view", view, "one view only");
  command(*views, "rebuild", "fold anew from the log", [&](const Config& c) {
    return ringledger::offline::views_rebuild(c, view);
  })->add_option("view", view, "one view only");
  auto* parked = group("parked", "entities a read model could not fold");
  command(*parked, "list", "what waits, and why", ringledger::offline::parked_list);
  command(*parked, "retry", "fold what waits", [&](const Config& c) {
    return ringledger::offline::parked_retry(c, view);
  })->add_option("view", view, "one view only");
  auto* events = group("events", "the history of a stopped folder, or of a running server");
  command(*events, "export", "every event of a stopped folder, of all accounts, as GET /v1/events tells it",
          ringledger::offline::events_export);
  ringledger::client::declare_events(*events, exit_code);
  ringledger::client::declare_account(*group("account", "accounts of a running server"), exit_code);
  ringledger::client::declare_key(*group("key", "API keys of a running server"), exit_code);

  auto* config = group("config", "settings");
  command(*config, "check", "check file, environment and flags; prints what is in force",
          [](const Config& c) {
            std::fputs(ringledger::show_config(c).c_str(), stdout);
            return 0;
          });
  app.add_subcommand("openapi", "print the OpenAPI document")->callback([] {
    std::puts(ringledger::openapi_document(ringledger::all_operations({}, {})).c_str());
  });
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
