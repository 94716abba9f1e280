// An HTTP request and its answer, as the server hands them over; no wire library in sight.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringledger {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// ASCII only, as header names are.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

struct HttpRequest {
  std::string method;   ///< as sent: "GET", "HEAD", …
  std::string target;   ///< origin form, "/path?query"; an absolute form is cut to it
  HttpHeaders headers;  ///< as sent, in order; never trailers
  std::string body;     ///< whole, de-chunked, within the server's limit
  std::string peer;     ///< "address:port" of the other end of the socket

  /// The first header of that name, "" when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto& [n, value] : headers) {
      if (equal_ignoring_case(n, name)) return value;
    }
    return {};
  }
};

/// The server adds Date, Content-Length or Transfer-Encoding, and Connection; CR, LF and NUL in names
/// and values become spaces. For HEAD, 204 and 304 the body is not sent.
struct HttpResponse {
  int status = 200;
  HttpHeaders headers = {};
  std::string body = {};
  /// Instead of `body`, for large or live answers: called again and again on a worker, one call at a
  /// time, only after the chunk before was taken by the peer. True: `chunk` is the next piece; left
  /// empty it means "nothing yet", and the call is repeated a little later. False: `chunk` is the
  /// last piece (or empty). Must not throw; a throw breaks the answer off.
  std::function<bool(std::string& chunk)> stream = nullptr;
  int delay_ms = 0;   ///< wait before answering (the simulator's slow provider)
  bool drop = false;  ///< close the connection without an answer
};

/// Takes the answer; called once, from any thread. Destroyed uncalled: the peer gets a 500.
using HttpAnswerTo = std::move_only_function<void(HttpResponse)>;
/// Runs on an io thread: must not block.
using HttpHandler = std::function<void(HttpRequest, HttpAnswerTo)>;
/// Renders what the server itself refuses (400, 408, 413, 417, 431, 500, 501, 503, 505). `detail`
/// says what was wrong; of `request` only what had been read is filled. May run on any thread.
using HttpErrorAnswer =
    std::function<HttpResponse(int status, std::string_view detail, const HttpRequest& request)>;

}  // namespace ringledger
