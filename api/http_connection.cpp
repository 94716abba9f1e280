#include "api/http_connection.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace ringledger::http {
namespace {
constexpr auto linger_time = std::chrono::seconds(2);
constexpr std::size_t linger_bytes = 8 * 1024 * 1024;

/// Beast 1.81 asserts when its parser meets "0\r\n" and then one byte more; five bytes are the least a
/// chunked body can still consist of, so waiting for them never waits in vain.
constexpr std::size_t least_chunked_bytes = 5;

std::chrono::milliseconds ms(int n) { return std::chrono::milliseconds(n); }

Refusal refusal_of(const ErrorCode& ec, const HttpLimits& limits) {
  if (ec == bhttp::error::header_limit) {
    return {431, "the header block is longer than " + std::to_string(limits.header_bytes) + " bytes"};
  }
  if (ec == bhttp::error::body_limit) {
    return {413, "the body is longer than " + std::to_string(limits.body_bytes) + " bytes"};
  }
  if (ec == bhttp::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken"};
  return {400, "malformed HTTP: " + ec.message()};
}

Refusal stalled(const Connection& c, std::string_view what) {
  if (c.killed) return {};
  if (c.timed_out) return {408, "the " + std::string(what) + " did not arrive in time"};
  if (c.buffer.size() >= c.buffer.max_size()) return {413, "chunk extensions or trailers are too long"};
  return {};
}

}  // namespace

Connection::Connection(Lane& lane_in, Socket socket_in, std::size_t buffer_bytes)
    : lane(lane_in), socket(std::move(socket_in)), timer(lane_in.io), buffer(buffer_bytes) {
  ErrorCode ec;
  socket.set_option(net::ip::tcp::no_delay(true), ec);
  if (auto end = socket.remote_endpoint(ec); !ec) {
    peer = end.address().to_string() + ':' + std::to_string(end.port());
  }
  lane.connections.insert(this);
}
Connection::~Connection() { lane.connections.erase(this); }

HttpRequest request_of(const Parser& parser, const std::string& peer) {
  HttpRequest r;
  const auto& m = parser.get();
  r.method = m.method_string();
  r.target = origin_form({m.target().data(), m.target().size()});
  r.headers.reserve(16);
  for (const auto& f : m) r.headers.emplace_back(f.name_string(), f.value());
  r.peer = peer;
  return r;
}

Co<bool> fill(Connection& c, std::size_t want) {
  auto room = std::min(want, c.buffer.max_size() - c.buffer.size());
  if (room == 0) co_return false;
  auto [ec, n] = co_await c.socket.async_read_some(c.buffer.prepare(room), tupled);
  c.buffer.commit(n);
  co_return !ec && n > 0 && !c.timed_out && !c.killed;
}

Co<Checked> read_head(Connection& c, Parser& parser, const HttpLimits& limits) {
  for (;;) {
    if (c.buffer.size() > 0) {
      ErrorCode ec;
      c.buffer.consume(parser.put(c.buffer.data(), ec));
      if (ec && ec != bhttp::error::need_more) co_return refusal_of(ec, limits);
      if (parser.is_header_done()) co_return std::nullopt;
    }
    if (!co_await fill(c, head_read_bytes)) co_return stalled(c, "request's headers");
  }
}

Co<Checked> read_body(Connection& c, Parser& parser, const HttpLimits& limits) {
  auto start = Steady::now();
  auto least = parser.chunked() ? least_chunked_bytes : 1;
  std::size_t wire = 0;
  auto wire_limit = 8 * limits.body_bytes + body_read_bytes;  // tiny chunks are mostly framing
  parser.eager(true);
  for (;;) {
    if (c.buffer.size() >= least) {
      ErrorCode ec;
      auto n = parser.put(c.buffer.data(), ec);
      c.buffer.consume(n);
      wire += n;
      if (ec && ec != bhttp::error::need_more) co_return refusal_of(ec, limits);
      if (parser.is_done()) co_return std::nullopt;
      if (wire > wire_limit) co_return Refusal{413, "the body is cut into too many chunks"};
    }
    auto earned = (wire + c.buffer.size()) * 1000 / limits.body_min_bytes_per_s;
    c.phase = Phase::reading;
    c.deadline = start + std::min(ms(limits.body_timeout_ms),
                                  ms(limits.body_grace_ms) + std::chrono::milliseconds(earned));
    if (!co_await fill(c, body_read_bytes)) co_return stalled(c, "request's body");
  }
}

Co<void> pause(Connection& c, std::chrono::milliseconds time) {
  c.enter(Phase::waiting, std::chrono::hours(24));
  c.timer.expires_after(time);
  co_await c.timer.async_wait(tupled);
}

Co<bool> arrival(Connection& c, const std::shared_ptr<Ticket>& ticket, const HttpLimits& limits) {
  if (!ticket->done && !c.killed) {
    c.enter(Phase::answering, ms(limits.answer_timeout_ms));
    c.ticket = ticket;
    co_await net::async_initiate<const net::use_awaitable_t<IoExecutor>, void()>(
        [&ticket](auto handler) { ticket->waiter = std::move(handler); }, resumed);
    c.ticket = nullptr;
  }
  co_return ticket->done && !c.killed;
}

Co<void> linger(Connection& c) {
  ErrorCode ec;
  c.socket.shutdown(net::ip::tcp::socket::shutdown_send, ec);
  c.timed_out = false;
  c.enter(Phase::reading, linger_time);
  std::size_t left = linger_bytes;
  while (!ec && left > 0) {
    c.buffer.clear();
    if (!co_await fill(c, body_read_bytes)) break;
    left -= std::min(left, c.buffer.size());
  }
}

bool peer_gone(Connection& c) {
  char byte = 0;
  auto n = ::recv(c.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace ringledger::http
