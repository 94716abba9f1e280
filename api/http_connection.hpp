// A connection and its lane (thread + io_context): reading a request and writing bytes as coroutines, each
// wait with a deadline that the lane's sweeper keeps. Internal to the http server; brings Asio and Beast.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "api/http_mailbox.hpp"
#include "api/http_server.hpp"
#include "api/http_wire.hpp"

namespace ringledger::http {

namespace net = boost::asio;
namespace bhttp = boost::beast::http;
using IoExecutor = net::io_context::executor_type;
using Socket = net::basic_stream_socket<net::ip::tcp, IoExecutor>;
using Acceptor = net::basic_socket_acceptor<net::ip::tcp, IoExecutor>;
using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, IoExecutor>;
using Parser = bhttp::request_parser<bhttp::string_body>;
using Steady = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;
template <class T>
using Co = net::awaitable<T, IoExecutor>;
inline constexpr net::use_awaitable_t<IoExecutor> resumed;
inline constexpr auto tupled = net::as_tuple(resumed);

inline constexpr std::size_t head_read_bytes = 4096, body_read_bytes = 64 * 1024;

enum class Phase { idle, reading, answering, waiting, writing };

struct Lane;

/// One socket and how long it may stay as it is. Lives in its coroutine, on its lane's thread.
struct Connection {
  Connection(Lane& lane_in, Socket socket_in, std::size_t buffer_bytes);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void enter(Phase next, std::chrono::milliseconds at_most) {
    phase = next;
    deadline = Steady::now() + at_most;
  }
  /// The sweeper: time is up. Whatever the coroutine waits for returns.
  void expire() {
    timed_out = true;
    deadline = Steady::time_point::max();
    if (phase == Phase::answering) return release();
    ErrorCode ec;
    if (phase == Phase::writing)
      socket.close(ec);
    else
      socket.cancel(ec);
  }
  /// The end of the server's patience.
  void kill() {
    ErrorCode ec;
    killed = true;
    socket.close(ec);
    timer.cancel();
    release();
  }
  void release() {
    if (auto t = ticket) t->wake();
  }

  Lane& lane;
  Socket socket;
  Timer timer;
  boost::beast::flat_buffer buffer;
  std::string peer;
  std::shared_ptr<Ticket> ticket;
  Steady::time_point deadline = Steady::time_point::max();
  Phase phase = Phase::idle;
  bool fresh = true, timed_out = false, killed = false;
};

/// One thread, its io_context and its connections.
struct Lane {
  std::unordered_set<Connection*> connections;  // outlives io
  net::io_context io{1};
  net::executor_work_guard<IoExecutor> work{io.get_executor()};
  Timer sweeper{io};
  std::shared_ptr<Mailbox> mailbox =
      std::make_shared<Mailbox>([this](std::function<void()> task) { net::post(io, std::move(task)); });
  std::time_t date_at = 0;
  std::string date;
  std::thread thread;

  const std::string& date_now() {
    if (auto now = std::time(nullptr); now != date_at) date = http_date(date_at = now);
    return date;
  }
  void sweep() {
    auto now = Steady::now();
    std::vector<Connection*> late;
    for (auto* c : connections) {
      if (c->deadline <= now) late.push_back(c);
    }
    for (auto* c : late) c->expire();  // ends at most itself
  }
};

/// Why a request is not handed on. Status 0: the peer is gone, or idle too long; say nothing.
struct Refusal {
  int status = 0;
  std::string detail;
};
using Checked = std::optional<Refusal>;

/// Reads once, at most `want` bytes. False: end of stream, an error, no room, or out of time.
Co<bool> fill(Connection& c, std::size_t want);
/// Until the header block is complete. The deadline is the caller's.
Co<Checked> read_head(Connection& c, Parser& parser, const HttpLimits& limits);
/// The rest of the message, under the body's deadline and least rate.
Co<Checked> read_body(Connection& c, Parser& parser, const HttpLimits& limits);
/// What has been parsed so far, without the body.
HttpRequest request_of(const Parser& parser, const std::string& peer);
Co<void> pause(Connection& c, std::chrono::milliseconds time);
/// Waits until the ticket is complete (true), the time is up, or the server ends.
Co<bool> arrival(Connection& c, const std::shared_ptr<Ticket>& ticket, const HttpLimits& limits);
/// After a refusal: takes what the peer still sends, so that the answer is not lost to a reset.
Co<void> linger(Connection& c);
/// Has the peer closed its end (or died).
bool peer_gone(Connection& c);

/// All of it, or false.
template <class Buffers>
Co<bool> write(Connection& c, const Buffers& buffers, const HttpLimits& limits) {
  if (c.killed) co_return false;
  c.enter(Phase::writing, std::chrono::milliseconds(limits.write_timeout_ms));
  auto [ec, n] = co_await net::async_write(c.socket, buffers, tupled);
  co_return !ec;
}

}  // namespace ringledger::http
