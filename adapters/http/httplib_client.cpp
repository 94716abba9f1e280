// HttpClient over cpp-httplib 0.11: a pool of connections and a watchdog that ends what is too slow.
#include "adapters/http/httplib_client.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "adapters/http/url.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <httplib.h>
#pragma clang diagnostic pop

namespace ringledger {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr int min_timeout_ms = 1, max_timeout_ms = 600'000;

std::unexpected<Error> unavailable(const HttpCall& call, const std::string& server, std::string_view why) {
  return fail(Code::provider_unavailable, call.method + " " + server + ": " + std::string(why));
}

std::string_view cause_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "could not connect";
    case httplib::Error::ConnectionTimeout:
      return "no connection in time";
    case httplib::Error::Read:
      return "the connection ended before the answer was complete";
    case httplib::Error::Write:
      return "the request could not be sent";
    case httplib::Error::SSLConnection:
      return "the TLS handshake failed";
    case httplib::Error::SSLLoadingCerts:
      return "the system's certificate authorities could not be read";
    case httplib::Error::SSLServerVerification:
      return "the server's certificate is not trusted";
    case httplib::Error::Canceled:
      return "the answer was given up";
    case httplib::Error::Compression:
      return "the body could not be compressed";
    case httplib::Error::Success:
    case httplib::Error::Unknown:
    case httplib::Error::BindIPAddress:
    case httplib::Error::ExceedRedirectCount:
    case httplib::Error::UnsupportedMultipartBoundaryChars:
      break;
  }
  return "the request failed";
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && !std::string_view("\"(),/:;<=>?@[\\]{}").contains(c);
  });
}

bool can_be_sent(const HttpCall& call) {
  return is_token(call.method) && std::ranges::all_of(call.headers, [](const auto& header) {
           return is_token(header.first) && std::ranges::none_of(header.second, [](char c) {
                    return c == '\r' || c == '\n' || c == '\0';
                  });
         });
}

}  // namespace

/// Ends calls past their deadline from a thread of its own: cpp-httplib's timeouts are per read.
class HttplibClient::Watchdog {
 public:
  Watchdog() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  using Clients = std::multimap<SteadyClock::time_point, std::shared_ptr<httplib::Client>>;

  /// Watches one call from construction to destruction.
  class Guard {
   public:
    Guard(Watchdog& dog, std::shared_ptr<httplib::Client> client, SteadyClock::time_point deadline)
        : dog_(dog), place_(dog.add(std::move(client), deadline)) {}
    ~Guard() { dog_.remove(place_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    /// The watchdog has ended the call, or is about to: the connection must not be used again.
    [[nodiscard]] bool barked() const {
      std::lock_guard lock(dog_.mutex_);
      return place_->second == nullptr;
    }

   private:
    Watchdog& dog_;
    Clients::iterator place_;
  };

 private:
  Clients::iterator add(std::shared_ptr<httplib::Client> client, SteadyClock::time_point deadline) {
    std::lock_guard lock(mutex_);
    const auto place = watched_.emplace(deadline, std::move(client));
    changed_.notify_one();
    return place;
  }

  void remove(Clients::iterator place) {
    std::lock_guard lock(mutex_);
    watched_.erase(place);
  }

  /// `stop` waits while the client is connecting (that has its own timeout), so it is called without
  /// our lock: other calls go on.
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const auto next = first_live();
      if (next == SteadyClock::time_point::max()) {
        changed_.wait(lock, stop, [&] { return first_live() != next; });
      } else if (next > SteadyClock::now()) {
        changed_.wait_until(lock, stop, next, [&] { return first_live() < next; });
      } else {
        const auto late = take_late();
        lock.unlock();
        for (const auto& client : late) client->stop();
        lock.lock();
      }
    }
  }

  std::vector<std::shared_ptr<httplib::Client>> take_late() {
    std::vector<std::shared_ptr<httplib::Client>> late;
    const auto now = SteadyClock::now();
    for (auto& [deadline, client] : watched_)
      if (deadline <= now && client) late.push_back(std::move(client));
    return late;
  }

  [[nodiscard]] SteadyClock::time_point first_live() const {
    for (const auto& [deadline, client] : watched_)
      if (client) return deadline;
    return SteadyClock::time_point::max();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  Clients watched_;
  std::jthread thread_;
};

/// Connections that wait for their next call, newest used first.
class HttplibClient::Pool {
 public:
  explicit Pool(const HttplibLimits& limits) : limits_(limits) {}

  std::shared_ptr<httplib::Client> take(const std::string& origin) {
    {
      std::lock_guard lock(mutex_);
      drop_stale();
      if (auto& idle = idle_[origin]; !idle.empty()) {
        auto client = std::move(idle.back().client);
        idle.pop_back();
        --count_;
        return client;
      }
      std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
    }
    auto client = std::make_shared<httplib::Client>(origin);
    client->set_keep_alive(true);
    client->set_tcp_nodelay(true);
    client->set_follow_location(false);
    client->set_url_encode(false);
    return client;
  }

  void give_back(const std::string& origin, std::shared_ptr<httplib::Client> client) {
    std::lock_guard lock(mutex_);
    auto& idle = idle_[origin];
    if (idle.size() >= limits_.max_idle_per_origin || count_ >= limits_.max_idle) return;
    idle.push_back({std::move(client), SteadyClock::now()});
    ++count_;
  }

 private:
  struct Idle {
    std::shared_ptr<httplib::Client> client;
    SteadyClock::time_point since;
  };

  void drop_stale() {
    const auto oldest = SteadyClock::now() - std::chrono::milliseconds(limits_.idle_ms);
    for (auto& [origin, idle] : idle_)
      count_ -= std::erase_if(idle, [&](const Idle& one) { return one.since < oldest; });
  }

  const HttplibLimits& limits_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Idle>> idle_;
  std::size_t count_ = 0;
};

namespace {

httplib::Request request_of(const HttpCall& call, const Url& url) {
  httplib::Request request;
  request.method = call.method;
  request.path = url.target();
  request.body = call.body;
  for (const auto& [name, value] : call.headers) request.headers.emplace(name, value);
  return request;
}

HttpAnswer answer_of(httplib::Response&& response, std::string&& body) {
  HttpAnswer answer{.status = response.status, .headers = {}, .body = std::move(body)};
  for (auto& [name, value] : response.headers) answer.headers.emplace_back(name, value);
  return answer;
}

void set_timeouts(httplib::Client& client, int timeout_ms) {
  const std::chrono::milliseconds timeout(timeout_ms);
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  client.set_write_timeout(timeout);
}

}  // namespace

HttplibClient::HttplibClient(HttplibLimits limits)
    : limits_(limits), watchdog_(std::make_unique<Watchdog>()), pool_(std::make_unique<Pool>(limits_)) {}
HttplibClient::~HttplibClient() = default;

Result<HttpAnswer> HttplibClient::stream(const HttpCall& call, const TakePiece& take) {
  const auto url = parse_url(call.url);
  if (!url) return unavailable(call, "(no server)", url.error().detail);
  const auto origin = url->origin();
  if (!can_be_sent(call)) return unavailable(call, origin, "the method or a header cannot be sent");
  httplib::Client client(origin);
  client.set_url_encode(false);
  set_timeouts(client, std::clamp(call.timeout_ms, min_timeout_ms, max_timeout_ms));
  auto request = request_of(call, *url);
  int status = 0;
  request.response_handler = [&](const httplib::Response& response) {
    status = response.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    return take(status, {data, size});
  };
  httplib::Response response;
  auto error = httplib::Error::Success;
  try {
    if (!client.send(request, response, error)) return unavailable(call, origin, cause_of(error));
  } catch (const std::exception& thrown) {
    return unavailable(call, origin, thrown.what());
  }
  return answer_of(std::move(response), {});
}

Result<HttpAnswer> HttplibClient::call(const HttpCall& call) {
  const auto url = parse_url(call.url);
  if (!url) return unavailable(call, "(no server)", url.error().detail);
  const auto origin = url->origin();
  if (!can_be_sent(call)) return unavailable(call, origin, "the method or a header cannot be sent");
  const int timeout_ms = std::clamp(call.timeout_ms, min_timeout_ms, max_timeout_ms);
  const auto deadline = SteadyClock::now() + std::chrono::milliseconds(timeout_ms);
  auto client = pool_->take(origin);
  set_timeouts(*client, timeout_ms);

  auto request = request_of(call, *url);
  std::string body;
  bool too_large = false;
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    too_large = body.size() + size > limits_.max_answer_bytes;
    if (!too_large) body.append(data, size);
    return !too_large && SteadyClock::now() < deadline;
  };
  httplib::Response response;
  auto error = httplib::Error::Success;
  bool complete = false, timed_out = false;
  try {
    const Watchdog::Guard guard(*watchdog_, client, deadline);
    complete = client->send(request, response, error);
    timed_out = guard.barked() || SteadyClock::now() >= deadline;
  } catch (const std::exception& thrown) {
    return unavailable(call, origin, thrown.what());
  }
  if (too_large) return unavailable(call, origin, "the answer is larger than allowed");
  if (!complete && timed_out) return unavailable(call, origin, "no complete answer in time");
  if (!complete) return unavailable(call, origin, cause_of(error));
  auto answer = answer_of(std::move(response), std::move(body));
  if (!timed_out) pool_->give_back(origin, std::move(client));
  return answer;
}

void HttplibClient::pause(std::int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace ringledger
