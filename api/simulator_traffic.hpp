// `ringledger simulator traffic`: lives through a day of visitors and callers against a running server,
// through its public routes and, by the simulated Twilio, its signed webhooks.
#pragma once

#include <string>

#include "api/traffic_plan.hpp"

namespace CLI {
class App;
}

namespace ringledger {

struct TrafficTarget {
  std::string url = "http://127.0.0.1:8080";  ///< of the server
  std::string key;                            ///< reads workspaces, campaigns and numbers
  std::string simulator;                      ///< where calls are placed
  double day_s = 60;                          ///< a day takes so long; 0: as fast as it goes
};

/// Prints one JSON line of what happened. 0: all was answered; 1: something was not (stderr says what), or
/// there is nobody to visit or to call.
int run_traffic(const TrafficTarget& target, const TrafficOptions& options);
void declare_traffic(CLI::App& simulator, int& exit_code);

}  // namespace ringledger
