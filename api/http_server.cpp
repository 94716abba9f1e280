#include "api/http_server.hpp"

#include <pthread.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <condition_variable>
#include <csignal>

#include "api/http_connection.hpp"

namespace ringledger {
using namespace http;
namespace {
constexpr std::size_t join_body_bytes = 8 * 1024;  ///< smaller bodies are copied behind their head
constexpr auto live_stream_pause = std::chrono::milliseconds(50);

std::chrono::milliseconds ms(int n) { return std::chrono::milliseconds(n); }
}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpHandler handler)
      : options_(std::move(options)), handler_(std::move(handler)) {
    for (int i = 0; i < options_.threads; ++i) lanes_.push_back(std::make_unique<Lane>());
    acceptor_.emplace(lanes_[0]->io);
    pause_.emplace(lanes_[0]->io);
  }
  ~Impl() { stop(0); }

  Result<void> listen();
  void run();
  void stop(int deadline_ms);
  std::uint16_t port() const { return port_; }
  std::size_t open() const { return open_.load(); }

 private:
  struct Exchange {  ///< one request being answered
    int minor = 1;
    bool keep = true, head_only = false;
  };
  Co<void> accept_all();
  Co<void> sweep(Lane& lane);
  Co<void> serve(Lane& lane, Socket socket);
  Co<bool> serve_one(Connection& c);
  Co<bool> refuse(Connection& c, const Refusal& why, const HttpRequest& request);
  Co<bool> answer(Connection& c, HttpRequest request, Exchange x);
  Co<bool> send(Connection& c, HttpResponse& a, Exchange x);
  Co<bool> send_stream(Connection& c, HttpResponse& a, Exchange x);
  void next_chunk(const std::shared_ptr<std::function<bool(std::string&)>>& stream,
                  const std::shared_ptr<Ticket>& ticket);
  HttpResponse error_answer(int status, std::string_view detail, const HttpRequest& request);
  bool await_empty(int deadline_ms);
  void closed_one();

  HttpServerOptions options_;
  HttpHandler handler_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::optional<Acceptor> acceptor_;
  std::optional<Timer> pause_;
  std::uint16_t port_ = 0;
  bool running_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> open_ = 0;
  std::mutex mutex_;
  std::condition_variable emptied_;
};

Result<void> HttpServer::Impl::listen() {
  auto failed = [this](std::string_view what, const ErrorCode& ec) {
    return fail(Code::internal, std::string(what) + ' ' + options_.address + " port " +
                                    std::to_string(options_.port) + ": " + ec.message());
  };
  ErrorCode ec;
  auto address = net::ip::make_address(options_.address, ec);
  if (ec) return fail(Code::validation_failed, "'" + options_.address + "' is not an IP address");
  net::ip::tcp::endpoint at(address, options_.port);
  acceptor_->open(at.protocol(), ec);
  if (ec) return failed("cannot open a socket for", ec);
  acceptor_->set_option(net::socket_base::reuse_address(true), ec);
  acceptor_->bind(at, ec);
  if (ec) return failed("cannot bind", ec);
  acceptor_->listen(net::socket_base::max_listen_connections, ec);
  if (ec) return failed("cannot listen on", ec);
  port_ = acceptor_->local_endpoint(ec).port();
  return {};
}

void HttpServer::Impl::run() {
  running_ = true;
  net::co_spawn(lanes_[0]->io, accept_all(), net::detached);
  sigset_t all, before;  // signals are for the thread that waits for them
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    auto& lane = *lanes_[i];
    net::co_spawn(lane.io, sweep(lane), net::detached);
    lane.thread = std::thread([&lane] {
      lane.mailbox->own();
      lane.io.run();
    });
    pthread_setname_np(lane.thread.native_handle(), ("rl-io-" + std::to_string(i)).c_str());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Co<void> HttpServer::Impl::accept_all() {
  for (std::size_t turn = 0; !stopping_; turn = (turn + 1) % lanes_.size()) {
    while (open_ >= options_.limits.connections && !stopping_) {
      pause_->expires_after(std::chrono::seconds(10));  // closed_one cancels it
      co_await pause_->async_wait(tupled);
    }
    if (stopping_) break;
    auto& lane = *lanes_[turn];
    auto [ec, socket] = co_await acceptor_->async_accept(lane.io, tupled);
    if (ec == net::error::operation_aborted || stopping_) break;
    if (ec) {  // out of descriptors, or the peer is gone already
      pause_->expires_after(ms(20));
      co_await pause_->async_wait(tupled);
      continue;
    }
    ++open_;
    net::co_spawn(lane.io, serve(lane, std::move(socket)), net::detached);
  }
}

Co<void> HttpServer::Impl::sweep(Lane& lane) {
  const auto& l = options_.limits;
  auto least = std::min({l.header_timeout_ms, l.body_timeout_ms, l.body_grace_ms, l.idle_timeout_ms,
                         l.write_timeout_ms, l.answer_timeout_ms});
  auto tick = ms(std::clamp(least / 5, 5, 250));
  for (;;) {
    lane.sweeper.expires_after(tick);
    auto [ec] = co_await lane.sweeper.async_wait(tupled);
    if (ec) co_return;
    lane.sweep();
  }
}

Co<void> HttpServer::Impl::serve(Lane& lane, Socket socket) {
  {
    Connection c(lane, std::move(socket), options_.limits.header_bytes + 2 * body_read_bytes);
    while (co_await serve_one(c)) {
      if (c.buffer.size() == 0 && c.buffer.capacity() > 4 * head_read_bytes) c.buffer.shrink_to_fit();
    }
  }
  closed_one();
}

void HttpServer::Impl::closed_one() {
  auto before = open_.fetch_sub(1);
  if (before == options_.limits.connections) {
    net::post(lanes_[0]->io, [this] { pause_->cancel(); });
  }
  if (before == 1) {
    std::lock_guard lock(mutex_);
    emptied_.notify_all();
  }
}

/// False: the connection is finished.
Co<bool> HttpServer::Impl::serve_one(Connection& c) {
  const auto& limits = options_.limits;
  if (stopping_ || c.killed) co_return false;
  if (c.buffer.size() == 0) {
    c.enter(Phase::idle, ms(c.fresh ? limits.header_timeout_ms : limits.idle_timeout_ms));
    if (!co_await fill(c, head_read_bytes)) co_return false;
  }
  c.enter(Phase::reading, ms(limits.header_timeout_ms));
  c.fresh = false;
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser.body_limit(limits.body_bytes);
  auto wrong = co_await read_head(c, parser, limits);
  auto request = request_of(parser, c.peer);
  if (wrong) co_return co_await refuse(c, *wrong, request);
  auto minor = static_cast<int>(parser.get().version() % 10);
  if (auto head = check_head(request, minor)) {
    co_return co_await refuse(c, {head->status, std::string(head->detail)}, request);
  }
  if (!parser.is_done()) {
    if (minor >= 1 && c.buffer.size() == 0 && !request.header("Expect").empty()) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      if (!co_await write(c, net::buffer(go_on), limits)) co_return false;
    }
    wrong = co_await read_body(c, parser, limits);
    if (wrong) co_return co_await refuse(c, *wrong, request);
    request.body = std::move(parser.get().body());
  }
  Exchange x{minor, parser.keep_alive(), request.method == "HEAD"};
  co_return co_await answer(c, std::move(request), x);
}

Co<bool> HttpServer::Impl::refuse(Connection& c, const Refusal& why, const HttpRequest& request) {
  if (why.status == 0) co_return false;
  auto a = error_answer(why.status, why.detail, request);
  a.stream = nullptr;
  c.timed_out = false;
  bool sent = co_await send(c, a, {.minor = 1, .keep = false, .head_only = request.method == "HEAD"});
  if (sent || !c.killed) co_await linger(c);
  co_return false;
}

Co<bool> HttpServer::Impl::answer(Connection& c, HttpRequest request, Exchange x) {
  auto ticket = std::make_shared<Ticket>();
  ticket->home = c.lane.mailbox;
  ticket->answer.status = 0;
  HttpRequest asked{request.method, request.target, {}, {}, c.peer};  // for an error's rendering
  try {
    handler_(std::move(request), Completion(ticket));
  } catch (...) {
    // The completion died with the call: status 0, answered below.
  }
  if (!co_await arrival(c, ticket, options_.limits)) {
    if (!c.timed_out || c.killed) co_return false;
    co_return co_await refuse(c, {503, "no answer was ready in time"}, asked);
  }
  auto& a = ticket->answer;
  if (a.status == 0 && !a.drop) a = error_answer(500, "the request was not answered", asked);
  if (a.delay_ms > 0) co_await pause(c, ms(a.delay_ms));
  if (a.drop || c.killed) co_return false;
  if (a.stream) co_return co_await send_stream(c, a, x);
  co_return co_await send(c, a, x);
}

Co<bool> HttpServer::Impl::send(Connection& c, HttpResponse& a, Exchange x) {
  bool keep = x.keep && !stopping_;
  HeadFraming framing{.minor = x.minor, .close = !keep, .length = {}};
  if (has_body(a.status)) framing.length = a.body.size();
  auto head = render_head(a, framing, c.lane.date_now());
  bool with_body = has_body(a.status) && !x.head_only && !a.body.empty();
  bool ok = false;
  if (with_body && a.body.size() > join_body_bytes) {
    std::array<net::const_buffer, 2> both{net::buffer(head), net::buffer(a.body)};
    ok = co_await write(c, both, options_.limits);
  } else {
    if (with_body) head += a.body;
    ok = co_await write(c, net::buffer(head), options_.limits);
  }
  co_return ok&& keep;
}

Co<bool> HttpServer::Impl::send_stream(Connection& c, HttpResponse& a, Exchange x) {
  bool chunked = x.minor >= 1 && has_body(a.status);
  bool keep = x.keep && !stopping_ && (chunked || x.head_only || !has_body(a.status));
  HeadFraming framing{.minor = x.minor, .close = !keep, .chunked = chunked, .length = {}};
  auto head = render_head(a, framing, c.lane.date_now());
  if (!co_await write(c, net::buffer(head), options_.limits)) co_return false;
  if (x.head_only || !has_body(a.status)) co_return keep;
  auto stream = std::make_shared<std::function<bool(std::string&)>>(std::move(a.stream));
  for (bool more = true; more;) {
    auto ticket = std::make_shared<Ticket>();
    ticket->home = c.lane.mailbox;
    next_chunk(stream, ticket);
    if (!co_await arrival(c, ticket, options_.limits) || ticket->broken) co_return false;
    more = ticket->more;
    auto& bytes = ticket->chunk;
    if (bytes.empty() && more) {
      if (peer_gone(c)) co_return false;
      if (stopping_)
        more = false;
      else
        co_await pause(c, live_stream_pause);
      if (c.killed) co_return false;
      if (more) continue;
    }
    std::string before = chunked && !bytes.empty() ? chunk_line(bytes.size()) : "";
    std::string after = !chunked ? "" : more ? "\r\n" : bytes.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
    std::array<net::const_buffer, 3> all{net::buffer(before), net::buffer(bytes), net::buffer(after)};
    if (!co_await write(c, all, options_.limits)) co_return false;
  }
  co_return keep && !stopping_;
}

void HttpServer::Impl::next_chunk(const std::shared_ptr<std::function<bool(std::string&)>>& stream,
                                  const std::shared_ptr<Ticket>& ticket) {
  ticket->broken = true;  // until the stream has been called: a dropped task breaks the answer off
  auto task = [stream, done = Completion(ticket)]() mutable {
    auto& t = *done.ticket();
    try {
      t.more = (*stream)(t.chunk);
      t.broken = false;
    } catch (...) {
      t.broken = true;
    }
    done.finish();
  };
  if (options_.workers)
    options_.workers->post(std::move(task));
  else
    task();
}

HttpResponse HttpServer::Impl::error_answer(int status, std::string_view detail, const HttpRequest& request) {
  try {
    if (options_.on_error) return options_.on_error(status, detail, request);
  } catch (...) {
    // Falls through to the plain text below.
  }
  HttpResponse plain{.status = status, .headers = {{"Content-Type", "text/plain"}}};
  plain.body = std::string(detail) + '\n';
  return plain;
}

bool HttpServer::Impl::await_empty(int deadline_ms) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, ms(deadline_ms), [this] { return open_ == 0; });
}

void HttpServer::Impl::stop(int deadline_ms) {
  if (!running_) return;
  running_ = false;
  stopping_ = true;
  net::post(lanes_[0]->io, [this] {
    ErrorCode ec;
    acceptor_->close(ec);
    pause_->cancel();
  });
  auto each = [this](auto what) {
    for (auto& lane : lanes_) {
      net::post(lane->io, [&connections = lane->connections, what] {
        auto copy = std::vector<Connection*>(connections.begin(), connections.end());
        for (auto* c : copy) what(*c);
      });
    }
  };
  each([](Connection& c) {
    ErrorCode ec;
    if (c.phase == Phase::idle) c.socket.cancel(ec);
  });
  if (!await_empty(deadline_ms)) {
    do each([](Connection& c) { c.kill(); });
    while (!await_empty(50));
  }
  for (auto& lane : lanes_) {
    lane->mailbox->close();
    lane->io.stop();
  }
  for (auto& lane : lanes_) lane->thread.join();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const { return impl_->port(); }
std::size_t HttpServer::connections() const { return impl_->open(); }
void HttpServer::stop(int deadline_ms) { impl_->stop(deadline_ms); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpHandler handler) {
  const auto& l = options.limits;
  bool sound = options.threads >= 1 && handler && l.connections >= 1 && l.header_bytes >= 64 &&
               l.header_bytes <= 1u << 20 && l.body_min_bytes_per_s >= 1 && l.body_grace_ms > 0 &&
               std::min({l.header_timeout_ms, l.body_timeout_ms, l.idle_timeout_ms, l.write_timeout_ms,
                         l.answer_timeout_ms}) > 0;
  if (!sound) return fail(Code::validation_failed, "http server: a thread, limit or timeout is not positive");
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
  if (auto listening = impl->listen(); !listening) return std::unexpected(listening.error());
  impl->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace ringledger
