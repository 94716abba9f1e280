// A small HTTP load client for durable commands, signed webhooks and reads: N keep-alive connections on one
// epoll thread, every command with its own Idempotency-Key. Closed loop (as fast as answers come) or, with
// --rate, open loop: requests are due at fixed times and latency counts from when a request was due, not from
// when it could be sent.
// bench_load --port P --targets F --connections N --seconds S [--warmup S] [--rate R] [--requests N]
// F: a target a line (load_targets.hpp), asked for in turn, with the other body in every second pass. A look
// that follows an answer is timed from that answer on (`look_…`). Prints one line of JSON.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load_targets.hpp"

namespace {

using bench::die;
using bench::Target;

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
constexpr std::size_t max_answer_bytes = 1024 * 1024;
constexpr double grace_s = 10;  // how long the last answers are waited for

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  std::size_t requests = 0;  // 0: until the time is over
  double seconds = 5, warmup = 0, rate = 0;
  std::vector<Target> targets;
};

struct Connection {
  int fd = -1;
  bool busy = false;
  std::size_t sent = 0;
  std::string request, answer;
  Clock::time_point due;
  const Target* target = nullptr;  // that was asked for
  bool looking = false;            // its answer was there at `due`, and its look is on its way
  std::size_t served = 0;
};

Options read_options(int argc, char** argv) {
  Options o;
  std::string targets;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--port")
      o.port = static_cast<std::uint16_t>(std::strtoul(value, nullptr, 10));
    else if (name == "--connections")
      o.connections = std::strtoul(value, nullptr, 10);
    else if (name == "--requests")
      o.requests = std::strtoul(value, nullptr, 10);
    else if (name == "--seconds")
      o.seconds = std::strtod(value, nullptr);
    else if (name == "--warmup")
      o.warmup = std::strtod(value, nullptr);
    else if (name == "--rate")
      o.rate = std::strtod(value, nullptr);
    else if (name == "--targets")
      targets = value;
    else
      die("unknown option " + std::string(name));
  }
  if (o.port == 0 || targets.empty() || o.connections == 0 || o.connections > 10'000) {
    die("--port, --targets and --connections 1..10000 are needed");
  }
  o.targets = bench::read_targets(targets, o.port);
  return o;
}

class Load {
 public:
  explicit Load(Options options) : o_(std::move(options)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    run_ = std::to_string(getpid()) + "-" + std::to_string(Clock::now().time_since_epoch().count());
    connections_.resize(o_.connections);
    for (std::size_t i = 0; i < connections_.size(); ++i) connect(i);
  }

  void run() {
    start_ = Clock::now();
    measure_from_ = start_ + std::chrono::duration_cast<Clock::duration>(Seconds(o_.warmup));
    stop_ = measure_from_ + std::chrono::duration_cast<Clock::duration>(Seconds(o_.seconds));
    const auto give_up = stop_ + std::chrono::duration_cast<Clock::duration>(Seconds(grace_s));
    for (std::size_t i = 0; i < connections_.size(); ++i) idle_.push_back(i);
    while (Clock::now() < give_up) {
      send_due();
      if (finished() && in_flight_ == 0) break;
      poll();
    }
  }

  void print() {
    std::ranges::sort(millis_);
    std::ranges::sort(looks_);
    const auto at = [](const std::vector<double>& sorted, double q) {
      return sorted.empty() ? 0.0
                            : sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
    };
    const double seconds = std::min(Seconds(last_answer_ - measure_from_).count(), o_.seconds + grace_s);
    const auto served = std::ranges::count_if(connections_, [](const Connection& c) { return c.served > 0; });
    std::string statuses;
    for (const auto& [status, count] : statuses_) {
      statuses += (statuses.empty() ? "\"" : ",\"") + std::to_string(status) + "\":" + std::to_string(count);
    }
    std::printf(
        "{\"rate\":%.1f,\"ok\":%zu,\"failed\":%zu,\"unanswered\":%zu,\"connections\":%zu,\"served\":%td,"
        "\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
        "\"look_p50_ms\":%.3f,\"look_p99_ms\":%.3f,\"statuses\":{%s}}\n",
        seconds > 0 ? static_cast<double>(millis_.size()) / seconds : 0.0, millis_.size(), failed_,
        in_flight_, connections_.size(), served, seconds, at(millis_, 0.5), at(millis_, 0.99), at(millis_, 1),
        at(looks_, 0.5), at(looks_, 0.99), statuses.c_str());
  }

 private:
  void connect(std::size_t i) {
    auto& c = connections_[i];
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(o_.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (c.fd < 0 || ::connect(c.fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      die("connection " + std::to_string(i) + " refused");
    }
    const int one = 1;
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c.fd, F_SETFL, fcntl(c.fd, F_GETFL) | O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
  }

  bool finished() const { return (o_.requests != 0 && issued_ >= o_.requests) || Clock::now() >= stop_; }

  /// When request number `n` is due in an open loop.
  Clock::time_point due(std::size_t n) const {
    return start_ + std::chrono::duration_cast<Clock::duration>(Seconds(static_cast<double>(n) / o_.rate));
  }

  void send_due() {
    while (!idle_.empty() && !finished()) {
      const auto now = Clock::now();
      const auto when = o_.rate > 0 ? due(issued_) : now;
      if (when > now) return;
      const auto i = idle_.front();
      idle_.pop_front();
      begin(i, when);
    }
  }

  void begin(std::size_t i, Clock::time_point when) {
    auto& c = connections_[i];
    const auto n = issued_++;
    c.target = &o_.targets[n % o_.targets.size()];
    c.request = c.target->request(n, n / o_.targets.size(), run_ + "-" + std::to_string(n));
    c.sent = 0;
    c.answer.clear();
    c.due = when;
    c.busy = true;
    ++in_flight_;
    flush(c);
  }

  /// Requests are far smaller than a socket buffer; what does not fit is sent after the next event.
  void flush(Connection& c) {
    while (c.sent < c.request.size()) {
      const auto n = ::send(c.fd, c.request.data() + c.sent, c.request.size() - c.sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      c.sent += static_cast<std::size_t>(n);
    }
  }

  /// Until the next request is due, finer than a millisecond: who spins takes a core from what it measures.
  timespec patience() const {
    constexpr std::chrono::nanoseconds most = std::chrono::milliseconds(100);
    std::chrono::nanoseconds left = most;
    if (o_.rate > 0 && !idle_.empty() && !finished())
      left = std::clamp<std::chrono::nanoseconds>(due(issued_) - Clock::now(), std::chrono::nanoseconds(0),
                                                  most);
    return {0, left.count()};
  }

  void poll() {
    epoll_event events[256];
    const auto wait = patience();
    const int n = epoll_pwait2(epoll_, events, 256, &wait, nullptr);
    for (int e = 0; e < n; ++e) {
      auto& c = connections_[events[e].data.u64];
      flush(c);
      receive(c, events[e].data.u64);
    }
  }

  void receive(Connection& c, std::size_t i) {
    char buffer[16 * 1024];
    for (;;) {
      const auto n = recv(c.fd, buffer, sizeof buffer, 0);
      if (n > 0) {
        c.answer.append(buffer, static_cast<std::size_t>(n));
        if (c.answer.size() > max_answer_bytes) die("an answer is larger than 1 MiB");
        if (static_cast<std::size_t>(n) == sizeof buffer) continue;
      } else if (n == 0 || errno != EAGAIN) {
        return reconnect(c, i);
      }
      break;
    }
    if (c.busy) answered(c, i);
  }

  void reconnect(Connection& c, std::size_t i) {
    close(c.fd);
    connect(i);
    if (c.busy) complete(c, i, 0);
  }

  /// When the whole answer is there.
  void answered(Connection& c, std::size_t i) {
    const auto head = c.answer.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const auto length = content_length(std::string_view(c.answer).substr(0, head));
    if (c.answer.size() < head + 4 + length) return;
    complete(c, i, std::atoi(c.answer.c_str() + 9));
  }

  void complete(Connection& c, std::size_t i, int status) {
    const auto now = Clock::now();
    const bool measured = now >= measure_from_, good = status >= 200 && status <= 299;
    if (measured) {
      ++statuses_[status];
      auto& times = c.looking ? looks_ : millis_;
      if (good) {
        times.push_back(std::chrono::duration<double, std::milli>(now - c.due).count());
        last_answer_ = now;
      } else {
        ++failed_;
      }
    }
    if (good && !c.looking && !c.target->look.empty()) return look(c, now);
    if (measured && good) ++c.served;
    c.looking = c.busy = false;
    --in_flight_;
    idle_.push_back(i);
  }

  void look(Connection& c, Clock::time_point now) {
    c.request = c.target->look;
    c.sent = 0;
    c.answer.clear();
    c.due = now;
    c.looking = true;
    flush(c);
  }

  static std::size_t content_length(std::string_view head) {
    std::string lower(head);
    std::ranges::transform(lower, lower.begin(),
                           [](char x) { return x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x; });
    const auto at = lower.find("\r\ncontent-length:");
    if (at == std::string::npos) die("an answer has no Content-Length: " + std::string(head));
    return std::strtoul(lower.c_str() + at + 17, nullptr, 10);
  }

  Options o_;
  int epoll_;
  std::string run_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;  // longest idle first, so that all are used
  std::vector<double> millis_, looks_;
  std::map<int, std::size_t> statuses_;
  std::size_t issued_ = 0, in_flight_ = 0, failed_ = 0;
  Clock::time_point start_, measure_from_, stop_, last_answer_{};
};

}  // namespace

int main(int argc, char** argv) {
  Load load(read_options(argc, argv));
  load.run();
  load.print();
}
