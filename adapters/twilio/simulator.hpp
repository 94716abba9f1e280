// A Twilio in memory: its REST API, its errors and paging, and the callers' side, for demo and tests.
// Deterministic for a seed; no sockets inside: whoever has a request calls `handle`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands/ports/disk.hpp"
#include "commands/ports/http_client.hpp"
#include "commands/ports/system.hpp"
#include "domain/result.hpp"

namespace ringledger {

struct SimHttpRequest {
  std::string method;
  std::string target;  ///< path and query, as on the request line
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< a form for `/2010-04-01/…`, JSON for `/_sim/…`
};

struct SimHttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int delay_ms = 0;   ///< the host waits this long before it answers
  bool drop = false;  ///< the host closes the connection and sends nothing; the work is done
};

struct SimulatorOptions {
  std::uint64_t seed = 1;  ///< SIDs, tokens and offered numbers follow from it and the order of calls
  std::string folder;      ///< where `journal.jsonl` is kept; "" keeps nothing
};

/// Serves `/2010-04-01/…` as Twilio does and `/_sim/…` as api.md says (no authentication: bind it to
/// the loopback). Bounded: per account the newest 10,000 calls and messages are kept, and the newest
/// 10,000 logged requests of all; 1,000,000 records in all, past which creating answers 429.
class Simulator {
 public:
  /// Reads the journal when there is one (a line torn by a crash is cut off). `clock`, `disk` and
  /// `http` must outlive it. `disk` may be null with no folder; `http` null means that no webhook can
  /// be posted. Errors: those of the disk, Code::internal for a journal that is not one.
  static Result<std::unique_ptr<Simulator>> open(SimulatorOptions options, Clock& clock, Disk* disk,
                                                 HttpClient* http);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  /// Thread-safe. Blocks only for `/_sim/calls` and `/_sim/messages`, which post webhooks: their
  /// receiver may call back in meanwhile. Never throws.
  SimHttpResponse handle(const SimHttpRequest& request);

 private:
  struct Core;
  explicit Simulator(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ringledger
