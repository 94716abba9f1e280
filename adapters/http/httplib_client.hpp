// Outgoing HTTP and HTTPS over cpp-httplib: kept-alive connections per server, a hard deadline a call.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "commands/ports/http_client.hpp"

namespace ringledger {

/// Limits of an HttplibClient.
struct HttplibLimits {
  std::size_t max_answer_bytes = 8 * 1024 * 1024;  ///< of the decompressed body
  std::size_t max_idle_per_origin = 16;            ///< connections kept for later
  std::size_t max_idle = 256;                      ///< of all servers together
  int idle_ms = 30'000;                            ///< a connection idle for longer is not used again
};

/// Thread-safe; a call blocks its thread until the whole answer is there, `timeout_ms` is over, or the
/// other side is gone. Redirects are answers like any other. Certificates are checked against the
/// system's authorities. Nothing is ever sent twice. Name resolution is the system's and may exceed
/// `timeout_ms` by the resolver's own limit.
/// Errors: Code::provider_unavailable for everything but a complete answer, also for a URL or header
/// that cannot be sent and an answer past max_answer_bytes; the detail names method, server and cause,
/// never the query or a header.
class HttplibClient final : public HttpClient {
 public:
  explicit HttplibClient(HttplibLimits limits = {});
  ~HttplibClient() override;
  HttplibClient(const HttplibClient&) = delete;
  HttplibClient& operator=(const HttplibClient&) = delete;
  Result<HttpAnswer> call(const HttpCall& call) override;
  void pause(std::int64_t ms) override;

  /// Takes a piece of an answer that goes on; false gives the answer up.
  using TakePiece = std::function<bool(int status, std::string_view piece)>;
  /// Like `call` for an answer without an end: each piece of the body is handed over as it comes, on a
  /// connection of its own. `timeout_ms` bounds the silence between two pieces. The body answered is empty.
  Result<HttpAnswer> stream(const HttpCall& call, const TakePiece& take);

 private:
  class Pool;
  class Watchdog;
  HttplibLimits limits_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace ringledger
