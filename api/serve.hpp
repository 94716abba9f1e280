// The programs that serve: the server itself and the Twilio simulator, each until it is told to stop.
#pragma once

#include <string>

#include "api/config.hpp"

namespace ringledger {

/// Blocks SIGINT, SIGTERM and SIGUSR1 in this thread and those it starts, and ignores SIGPIPE. Call before
/// either of these, while there is one thread.
void block_stop_signals();

/// Serves until SIGINT or SIGTERM (exit code 0) or until the log cannot go on (1). Prints one line
/// `ringledger ready on http://address:port` when it is ready.
int serve(const Config& config);

struct SimulatorConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string folder;  ///< "" keeps nothing
  std::uint64_t seed = 1;
};
/// Prints one line `simulator ready on http://address:port`.
int serve_simulator(const SimulatorConfig& config);

}  // namespace ringledger
