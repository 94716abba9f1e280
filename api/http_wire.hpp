// What the server checks on a request's head and writes as an answer's head: pure text, no sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http_types.hpp"

namespace ringledger {

/// "404" -> "Not Found"; "Unknown" for a status without a name.
std::string_view reason_phrase(int status);

struct HeadRefusal {
  int status;
  std::string_view detail;
};
/// RFC 9112: what makes the length of a message ambiguous, or leaves it open which of two values
/// counts. nullopt: the head is sound. `minor`: of HTTP/1.minor.
std::optional<HeadRefusal> check_head(const HttpRequest& request, int minor);

/// "http://host/path?q" -> "/path?q"; anything else is returned as it is.
std::string_view origin_form(std::string_view target);

struct HeadFraming {
  int minor = 1;                      ///< version of the request
  bool close = false;                 ///< say `Connection: close`
  bool chunked = false;               ///< Transfer-Encoding instead of Content-Length
  std::optional<std::size_t> length;  ///< Content-Length
};
/// Status line and headers, up to and with the empty line. Headers that frame the message are the
/// server's own: those of the answer are left out.
std::string render_head(const HttpResponse& answer, const HeadFraming& framing, std::string_view date);

/// RFC 9110 IMF-fixdate of `unix_seconds`: "Sat, 21 Nov 2026 03:22:55 GMT".
std::string http_date(std::int64_t unix_seconds);

/// "1f\r\n": the line before a chunk's bytes.
std::string chunk_line(std::size_t size);

/// May an answer of this status have a body.
constexpr bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace ringledger
