// The HTTP/1.1 server: one io_context a thread, connections dealt in turn, every wait and size bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http_types.hpp"
#include "api/limits.hpp"
#include "commands/ports/system.hpp"
#include "domain/result.hpp"

namespace ringledger {

struct HttpLimits {
  std::size_t header_bytes = limits::max_header_bytes;  ///< past it 431
  std::size_t body_bytes = limits::max_body_bytes;      ///< after de-chunking; past it 413
  std::size_t connections = 8192;                       ///< at once; past it new ones wait in the backlog
  int header_timeout_ms = 10'000;  ///< from the first byte (of a new connection: from its accept)
  int body_timeout_ms = 30'000;    ///< the whole body
  int body_grace_ms = 5'000;       ///< after it the body must have come at the rate below on average
  std::size_t body_min_bytes_per_s = 1024;
  int idle_timeout_ms = 75'000;     ///< between requests of a connection
  int write_timeout_ms = 30'000;    ///< each answer, or each chunk of a streamed one
  int answer_timeout_ms = 120'000;  ///< the handler's answer, or one call of its stream; past it 503
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< a literal IPv4 or IPv6 address
  std::uint16_t port = 0;             ///< 0: any free one, see HttpServer::port
  int threads = 1;                    ///< at least 1
  HttpLimits limits = {};
  Executor* workers = nullptr;         ///< runs HttpResponse::stream; null: they run on the io thread
  HttpErrorAnswer on_error = nullptr;  ///< null: a line of plain text
};

class HttpServer {
 public:
  /// Binds, listens and serves. Code::internal with the system's reason when the address cannot be
  /// bound, Code::validation_failed when an option makes no sense.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler handler);
  /// stop(0), when it was not stopped before. Answers given afterwards are dropped without harm.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Open connections.
  [[nodiscard]] std::size_t connections() const;
  /// Accepts no more, closes idle connections, lets answers in progress finish (with `Connection:
  /// close`; live streams end at their next empty chunk), after `deadline_ms` closes what is left,
  /// and joins the threads. Not from an io thread. Idempotent.
  void stop(int deadline_ms);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringledger
