// Outgoing HTTP, behind a port: the seeded simulation answers from memory, delays and drops.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

struct HttpCall {
  std::string method;  ///< "GET", "POST", "DELETE"
  std::string url;     ///< absolute
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int timeout_ms = 10'000;  ///< connect + whole answer
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names as received
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Blocks. Code::provider_unavailable when there was no complete answer (refused, timed out,
  /// closed): the other side may or may not have acted.
  virtual Result<HttpAnswer> call(const HttpCall& call) = 0;
  /// Blocks for so long before a repeat; a simulated client has its own time, or none.
  virtual void pause(std::int64_t ms) = 0;
};

}  // namespace ringledger
