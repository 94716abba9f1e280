#include "api/http_peer_client.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <map>
#include <thread>
#include <vector>

#include "adapters/http/url.hpp"

namespace ringledger {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Stream = beast::tcp_stream;
using StreamPtr = std::unique_ptr<Stream>;

constexpr std::size_t most_kept = 256;  ///< idle connections to one node
constexpr std::uint64_t most_answer_bytes = 64UL << 20U;
constexpr std::chrono::seconds connect_within{2};

struct Peer {
  std::string host, port;
};

/// "http://host:port" or "http://[::1]:port".
Result<Peer> peer_of(std::string_view base) {
  constexpr std::string_view scheme = "http://";
  if (!base.starts_with(scheme)) return fail(Code::validation_failed, "must begin with http://");
  auto place = base.substr(scheme.size());
  while (place.ends_with('/')) place.remove_suffix(1);
  auto colon = place.rfind(':');
  bool has_port = colon != std::string_view::npos && !place.substr(colon).contains(']');
  Peer peer{std::string(place.substr(0, has_port ? colon : place.size())),
            has_port ? std::string(place.substr(colon + 1)) : "80"};
  if (peer.host.starts_with('[') && peer.host.ends_with(']'))
    peer.host = peer.host.substr(1, peer.host.size() - 2);
  return peer;
}

/// Of one connection alone (RFC 9110 7.6.1); the stream makes its own.
bool is_hop_by_hop(std::string_view name) {
  for (std::string_view own : {"Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade",
                               "Content-Length", "Expect", "Proxy-Connection"}) {
    if (equal_ignoring_case(name, own)) return true;
  }
  return false;
}

/// A node may take its time to answer; but when its machine acknowledges nothing any more, not even the
/// question whether it is there, the connection ends.
void give_up_early(net::ip::tcp::socket& socket) {
  constexpr int unacknowledged_ms = 3000, ask_after_s = 1;
  auto set = [&](int level, int name, int value) {
    static_cast<void>(setsockopt(socket.native_handle(), level, name, &value, sizeof value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, ask_after_s);
  set(IPPROTO_TCP, TCP_KEEPINTVL, ask_after_s);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
}

bhttp::request<bhttp::string_body> wire_request(const HttpRequest& request) {
  bhttp::request<bhttp::string_body> wire;
  wire.method_string(request.method);
  wire.target(request.target);
  wire.version(11);
  for (const auto& [name, value] : request.headers) {
    if (!is_hop_by_hop(name)) wire.insert(name, value);
  }
  wire.body() = request.body;
  wire.prepare_payload();
  return wire;
}

HttpResponse answer_of(bhttp::response<bhttp::string_body>& wire) {
  HttpResponse answer;
  answer.status = static_cast<int>(wire.result_int());
  for (const auto& field : wire.base()) {
    std::string name(field.name_string());
    if (!is_hop_by_hop(name) && !equal_ignoring_case(name, "Date"))
      answer.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  answer.body = std::move(wire.body());
  return answer;
}

}  // namespace

struct HttpPeerClient::Impl {
  struct Sending {
    std::string base;
    Peer peer;
    bhttp::request<bhttp::string_body> request;
    std::chrono::steady_clock::time_point until;
    Done done;
    ~Sending() {
      if (done) done(fail(Code::unknown_outcome, base + " did not answer: this node is stopping"));
    }
  };
  using SendingPtr = std::shared_ptr<Sending>;

  net::io_context context;
  net::executor_work_guard<net::io_context::executor_type> work = net::make_work_guard(context);
  std::map<std::string, std::vector<StreamPtr>> idle;  ///< by base; on the thread
  std::thread thread{[this] { context.run(); }};

  net::awaitable<StreamPtr> connection(const Sending& s, bool fresh) {
    auto& kept = idle[s.base];
    if (!fresh && !kept.empty()) {
      auto stream = std::move(kept.back());
      kept.pop_back();
      co_return stream;
    }
    net::ip::tcp::resolver resolver(context);
    auto found = co_await resolver.async_resolve(s.peer.host, s.peer.port, net::use_awaitable);
    auto stream = std::make_unique<Stream>(context);
    stream->expires_at(std::min(s.until, std::chrono::steady_clock::now() + connect_within));
    co_await stream->async_connect(found, net::use_awaitable);
    stream->socket().set_option(net::ip::tcp::no_delay(true));
    give_up_early(stream->socket());
    co_return stream;
  }

  net::awaitable<HttpResponse> exchange(Sending& s, bool fresh) {
    auto stream = co_await connection(s, fresh);
    stream->expires_at(s.until);
    co_await bhttp::async_write(*stream, s.request, net::use_awaitable);
    beast::flat_buffer buffer;
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(most_answer_bytes);
    co_await bhttp::async_read(*stream, buffer, parser, net::use_awaitable);
    auto wire = parser.release();
    bool keep = wire.keep_alive() && buffer.size() == 0;
    auto& kept = idle[s.base];
    stream->expires_never();
    if (keep && kept.size() < most_kept) kept.push_back(std::move(stream));
    co_return answer_of(wire);
  }

  /// A kept connection may have been closed by the other side meanwhile: then once more on a new one. What is
  /// sent on has a key of its own, so that a second arrival is the same command.
  net::awaitable<void> run(SendingPtr s) {
    std::string why;
    for (bool fresh : {false, true}) {
      bool reused = !fresh && !idle[s->base].empty();
      try {
        auto answer = co_await exchange(*s, fresh);
        std::exchange(s->done, nullptr)(std::move(answer));
        co_return;
      } catch (const boost::system::system_error& e) {
        why = e.code().message();
        if (!reused || e.code() == beast::error::timeout || e.code() == net::error::timed_out) break;
      }
    }
    std::exchange(s->done, nullptr)(fail(Code::unknown_outcome, s->base + ": " + why));
  }
};

HttpPeerClient::HttpPeerClient() : impl_(std::make_unique<Impl>()) {}

HttpPeerClient::~HttpPeerClient() { stop(); }

void HttpPeerClient::stop() {
  if (!impl_) return;
  impl_->work.reset();
  impl_->context.stop();
  impl_->thread.join();
  impl_.reset();  // and with it what is on its way
}

void HttpPeerClient::send(const std::string& base, const HttpRequest& request, std::int64_t timeout_ms,
                          Done done) {
  if (!impl_) return done(fail(Code::unknown_outcome, "this node is stopping"));
  auto peer = peer_of(base);
  if (!peer) return done(std::unexpected(peer.error()));
  auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  auto sending =
      std::make_shared<Impl::Sending>(base, std::move(*peer), wire_request(request), until, std::move(done));
  net::co_spawn(impl_->context, impl_->run(std::move(sending)), net::detached);
}

}  // namespace ringledger
