#include "api/http_wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace ringledger {
namespace {
struct Reason {
  int status;
  std::string_view text;
};
constexpr std::array reasons{Reason{200, "OK"},
                             Reason{201, "Created"},
                             Reason{202, "Accepted"},
                             Reason{204, "No Content"},
                             Reason{206, "Partial Content"},
                             Reason{301, "Moved Permanently"},
                             Reason{302, "Found"},
                             Reason{303, "See Other"},
                             Reason{304, "Not Modified"},
                             Reason{307, "Temporary Redirect"},
                             Reason{308, "Permanent Redirect"},
                             Reason{400, "Bad Request"},
                             Reason{401, "Unauthorized"},
                             Reason{403, "Forbidden"},
                             Reason{404, "Not Found"},
                             Reason{405, "Method Not Allowed"},
                             Reason{406, "Not Acceptable"},
                             Reason{408, "Request Timeout"},
                             Reason{409, "Conflict"},
                             Reason{410, "Gone"},
                             Reason{411, "Length Required"},
                             Reason{412, "Precondition Failed"},
                             Reason{413, "Content Too Large"},
                             Reason{415, "Unsupported Media Type"},
                             Reason{417, "Expectation Failed"},
                             Reason{422, "Unprocessable Content"},
                             Reason{425, "Too Early"},
                             Reason{428, "Precondition Required"},
                             Reason{429, "Too Many Requests"},
                             Reason{431, "Request Header Fields Too Large"},
                             Reason{500, "Internal Server Error"},
                             Reason{501, "Not Implemented"},
                             Reason{502, "Bad Gateway"},
                             Reason{503, "Service Unavailable"},
                             Reason{504, "Gateway Timeout"},
                             Reason{505, "HTTP Version Not Supported"},
                             Reason{507, "Insufficient Storage"}};

/// Headers of which two would leave it open which one counts.
constexpr std::array<std::string_view, 9> singletons{"Host",         "Content-Length", "Transfer-Encoding",
                                                     "Content-Type", "Authorization",  "Idempotency-Key",
                                                     "If-Match",     "Expect",         "X-Twilio-Signature"};
static_assert(singletons.size() <= 32);

constexpr std::array<std::string_view, 5> framing_headers{"Connection", "Content-Length", "Transfer-Encoding",
                                                          "Date", "Keep-Alive"};

bool framing(std::string_view name) {
  return std::ranges::any_of(framing_headers, [&](auto f) { return equal_ignoring_case(f, name); });
}

/// What comes from data must not end a line early (response splitting).
void append_clean(std::string& out, std::string_view text) {
  for (char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

void append_number(std::string& out, std::size_t value, int base) {
  std::array<char, 24> buf;
  auto end = std::to_chars(buf.data(), buf.data() + buf.size(), value, base).ptr;
  out.append(buf.data(), end);
}
}  // namespace

std::string_view reason_phrase(int status) {
  auto found = std::ranges::find(reasons, status, &Reason::status);
  return found == reasons.end() ? "Unknown" : found->text;
}

std::optional<HeadRefusal> check_head(const HttpRequest& request, int minor) {
  std::uint32_t seen = 0;
  for (const auto& [name, value] : request.headers) {
    for (std::size_t i = 0; i < singletons.size(); ++i) {
      if (!equal_ignoring_case(singletons[i], name)) continue;
      if (seen & 1u << i) return HeadRefusal{400, "a header that may be given once was given twice"};
      seen |= 1u << i;
      break;
    }
  }
  auto length = seen & 2u, encoding = seen & 4u;
  if (minor >= 1 && !(seen & 1u)) return HeadRefusal{400, "HTTP/1.1 needs a Host header"};
  if (length && encoding) {
    return HeadRefusal{400, "Content-Length and Transfer-Encoding exclude each other"};
  }
  if (encoding && minor == 0) return HeadRefusal{400, "HTTP/1.0 has no Transfer-Encoding"};
  if (encoding && !equal_ignoring_case(request.header("Transfer-Encoding"), "chunked")) {
    return HeadRefusal{501, "the only Transfer-Encoding supported is chunked"};
  }
  auto digits = request.header("Content-Length");
  if (length && (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)) {
    return HeadRefusal{400, "Content-Length must be one decimal number"};
  }
  auto expect = request.header("Expect");
  if (!expect.empty() && !equal_ignoring_case(expect, "100-continue")) {
    return HeadRefusal{417, "the only expectation that can be met is 100-continue"};
  }
  return std::nullopt;
}

std::string_view origin_form(std::string_view target) {
  constexpr std::array<std::string_view, 2> schemes{"http://", "https://"};
  for (auto scheme : schemes) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    auto slash = target.find_first_of("/?", scheme.size());
    if (slash == std::string_view::npos || target[slash] == '?') return "/";
    return target.substr(slash);
  }
  return target;
}

std::string render_head(const HttpResponse& answer, const HeadFraming& f, std::string_view date) {
  std::string out;
  std::size_t size = 160;
  for (const auto& [name, value] : answer.headers) size += name.size() + value.size() + 4;
  out.reserve(size);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(std::clamp(answer.status, 100, 999)), 10);
  out += ' ';
  out += reason_phrase(answer.status);
  out += "\r\nDate: ";
  out += date;
  for (const auto& [name, value] : answer.headers) {
    if (name.empty() || framing(name)) continue;
    out += "\r\n";
    append_clean(out, name);
    out += ": ";
    append_clean(out, value);
  }
  if (f.chunked) out += "\r\nTransfer-Encoding: chunked";
  if (f.length) {
    out += "\r\nContent-Length: ";
    append_number(out, *f.length, 10);
  }
  if (f.close)
    out += "\r\nConnection: close";
  else if (f.minor == 0)
    out += "\r\nConnection: keep-alive";
  out += "\r\n\r\n";
  return out;
}

std::string http_date(std::int64_t unix_seconds) {
  using namespace std::chrono;
  static constexpr std::array<const char*, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  sys_seconds t{seconds{unix_seconds}};
  auto day = floor<days>(t);
  year_month_day d{day};
  hh_mm_ss time{t - day};
  std::array<char, 64> buf{};
  int n = std::snprintf(buf.data(), buf.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                        day_names[weekday{day}.c_encoding()], static_cast<unsigned>(d.day()),
                        month_names[static_cast<unsigned>(d.month()) - 1], static_cast<int>(d.year()),
                        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                        static_cast<int>(time.seconds().count()));
  return {buf.data(), static_cast<std::size_t>(n)};
}

std::string chunk_line(std::size_t size) {
  std::string out;
  append_number(out, size, 16);
  out += "\r\n";
  return out;
}

}  // namespace ringledger
