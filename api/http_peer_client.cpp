#include "api/http_peer_client.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <map>
#include <mutex>
#include <stdexcept>
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
constexpr std::size_t piece_bytes = 64UL << 10U;
constexpr std::size_t most_ahead_bytes = 1UL << 20U;  ///< of a stream whose reader is slower
constexpr std::chrono::milliseconds room_look{20};
constexpr std::chrono::seconds silent_stream{60};  ///< a live one says something every 15 s

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

/// All but the body.
HttpResponse answer_of(const bhttp::response_header<>& wire) {
  HttpResponse answer;
  answer.status = static_cast<int>(wire.result_int());
  for (const auto& field : wire) {
    std::string name(field.name_string());
    if (!is_hop_by_hop(name) && !equal_ignoring_case(name, "Date"))
      answer.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return answer;
}

/// What came of an answer in chunks and was not taken yet. Ends with the answer that takes it.
class Chunks {
 public:
  [[nodiscard]] bool has_room() {
    std::lock_guard lock(x_mutex);
    return x_waiting.size() < most_ahead_bytes;
  }
  void add(std::string_view piece) {
    std::lock_guard lock(x_mutex);
    x_waiting += piece;
  }
  void end(bool whole) {
    std::lock_guard lock(x_mutex);
    (whole ? x_ended : x_broken) = true;
  }
  /// As HttpResponse::stream.
  bool take(std::string& chunk) {
    std::lock_guard lock(x_mutex);
    if (x_broken && x_waiting.empty()) throw std::runtime_error("the other node broke its answer off");
    chunk = std::exchange(x_waiting, {});
    return !x_ended;
  }

 private:
  std::mutex x_mutex;
  std::string x_waiting;
  bool x_ended = false, x_broken = false;
};

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

  /// Reads what comes in chunks for as long as somebody takes them.
  net::awaitable<void> pump(StreamPtr stream, beast::flat_buffer buffer,
                            std::unique_ptr<bhttp::response_parser<bhttp::buffer_body>> parser,
                            std::weak_ptr<Chunks> taken) {
    std::string piece(piece_bytes, '\0');
    net::steady_timer pause(context);
    boost::system::error_code failed;
    while (!failed && !parser->is_done()) {
      auto chunks = taken.lock();
      if (!chunks) co_return;
      bool room = chunks->has_room();
      chunks.reset();
      if (!room) {
        pause.expires_after(room_look);
        co_await pause.async_wait(net::redirect_error(net::use_awaitable, failed));
        continue;
      }
      parser->get().body().data = piece.data();
      parser->get().body().size = piece.size();
      stream->expires_after(silent_stream);
      co_await bhttp::async_read_some(*stream, buffer, *parser,
                                      net::redirect_error(net::use_awaitable, failed));
      if (failed == bhttp::error::need_buffer) failed.clear();
      if (chunks = taken.lock(); chunks)
        chunks->add(std::string_view(piece).substr(0, piece.size() - parser->get().body().size));
    }
    if (auto chunks = taken.lock()) chunks->end(!failed);
  }

  using HeadParser = bhttp::response_parser<bhttp::empty_body>;
  HttpResponse streamed(StreamPtr stream, beast::flat_buffer buffer, HeadParser& head) {
    auto answer = answer_of(head.get());
    auto parser = std::make_unique<bhttp::response_parser<bhttp::buffer_body>>(std::move(head));
    parser->body_limit(boost::none);
    auto chunks = std::make_shared<Chunks>();
    answer.stream = [chunks](std::string& chunk) { return chunks->take(chunk); };
    net::co_spawn(context, pump(std::move(stream), std::move(buffer), std::move(parser), chunks),
                  net::detached);
    return answer;
  }

  net::awaitable<HttpResponse> exchange(Sending& s, bool fresh) {
    auto stream = co_await connection(s, fresh);
    stream->expires_at(s.until);
    co_await bhttp::async_write(*stream, s.request, net::use_awaitable);
    beast::flat_buffer buffer;
    HeadParser head;
    head.body_limit(most_answer_bytes);
    co_await bhttp::async_read_header(*stream, buffer, head, net::use_awaitable);
    if (head.chunked()) co_return streamed(std::move(stream), std::move(buffer), head);
    bhttp::response_parser<bhttp::string_body> parser(std::move(head));
    co_await bhttp::async_read(*stream, buffer, parser, net::use_awaitable);
    auto wire = parser.release();
    bool keep = wire.keep_alive() && buffer.size() == 0;
    auto& kept = idle[s.base];
    stream->expires_never();
    if (keep && kept.size() < most_kept) kept.push_back(std::move(stream));
    auto answer = answer_of(wire.base());
    answer.body = std::move(wire.body());
    co_return answer;
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
