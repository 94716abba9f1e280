// HttplibClient against a small server on a free port.
#include "adapters/http/httplib_client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <httplib.h>
#pragma clang diagnostic pop

using namespace ringledger;

namespace {

struct Server {
  httplib::Server http;
  int port = 0;
  std::mutex mutex;
  std::set<int> client_ports;
  std::promise<void> release, slow_asked;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<bool> was_asked = false;
  std::thread thread;

  Server() {
    http.set_tcp_nodelay(true);
    http.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      std::lock_guard lock(mutex);
      client_ports.insert(request.remote_port);
      return httplib::Server::HandlerResponse::Unhandled;
    });
    http.Get("/hello", [](const httplib::Request& request, httplib::Response& response) {
      response.set_header("X-Seen", request.get_header_value("X-Ask"));
      response.set_content("hello " + request.get_param_value("who"), "text/plain");
    });
    http.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
      response.status = 201;
      response.set_content(request.get_header_value("Content-Type") + "|" + request.body, "text/plain");
    });
    http.Delete("/gone", [](const httplib::Request&, httplib::Response& response) { response.status = 204; });
    http.Get("/moved",
             [](const httplib::Request&, httplib::Response& response) { response.set_redirect("/hello"); });
    http.Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(2'000'000, 'x'), "text/plain");
    });
    http.Get("/slow", [this](const httplib::Request&, httplib::Response&) {
      if (!was_asked.exchange(true)) slow_asked.set_value();
      released.wait();
    });
    http.Get("/drip", [this](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain", [this](std::size_t, httplib::DataSink& sink) {
        if (released.wait_for(std::chrono::milliseconds(20)) == std::future_status::ready)
          sink.done();
        else
          sink.write(".", 1);
        return true;
      });
    });
    port = http.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { http.listen_after_bind(); });
    while (!http.is_running()) std::this_thread::yield();  // stop() before that would be lost
  }
  ~Server() {
    release.set_value();
    http.stop();
    thread.join();
  }
  [[nodiscard]] std::string url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port) + target;
  }
};

HttpCall get(const std::string& url, int timeout_ms = 10'000) {
  return {.method = "GET", .url = url, .headers = {}, .body = {}, .timeout_ms = timeout_ms};
}

bool unavailable(const Result<HttpAnswer>& answer) {
  return !answer && answer.error().code == Code::provider_unavailable;
}

}  // namespace

TEST_CASE("HTTP-03 query, headers and body arrive as given, and so does the answer") {
  Server server;
  HttplibClient client;
  auto call = get(server.url("/hello?who=a%20b%2Bc"));
  call.headers.emplace_back("X-Ask", "yes");
  const auto hello = client.call(call);
  REQUIRE(hello);
  CHECK(hello->status == 200);
  CHECK(hello->body == "hello a b+c");
  bool seen = false;
  for (const auto& [name, value] : hello->headers) seen |= name == "X-Seen" && value == "yes";
  CHECK(seen);
  const auto echo = client.call({.method = "POST",
                                 .url = server.url("/echo"),
                                 .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                 .body = "a=1&b=2",
                                 .timeout_ms = 10'000});
  REQUIRE(echo);
  CHECK(echo->status == 201);
  CHECK(echo->body == "application/x-www-form-urlencoded|a=1&b=2");
  CHECK(client
            .call({.method = "DELETE",
                   .url = server.url("/gone"),
                   .headers = {},
                   .body = {},
                   .timeout_ms = 10'000})
            ->status == 204);
  CHECK(client.call(get(server.url("/moved")))->status == 302);
  CHECK(client.call(get(server.url("/nothing")))->status == 404);
}

TEST_CASE("HTTP-03 calls one after another share a connection; calls at once do not wait for each other") {
  Server server;
  HttplibClient client;
  for (int i = 0; i < 3; ++i) REQUIRE(client.call(get(server.url("/hello"))));
  CHECK(server.client_ports.size() == 1);
  std::thread slow([&] { CHECK(unavailable(client.call(get(server.url("/slow"), 1'500)))); });
  server.slow_asked.get_future().wait();
  CHECK(client.call(get(server.url("/hello"))));
  CHECK(server.client_ports.size() == 2);
  slow.join();
}

TEST_CASE("HTTP-04 no answer in time, a dripping one or one that is too large is unavailable") {
  Server server;
  HttplibClient client(
      {.max_answer_bytes = 1'000'000, .max_idle_per_origin = 2, .max_idle = 4, .idle_ms = 1000});
  const auto started = std::chrono::steady_clock::now();
  CHECK(unavailable(client.call(get(server.url("/slow"), 200))));
  const auto drip = client.call(get(server.url("/drip"), 300));
  CHECK(unavailable(drip));
  CHECK(drip.error().detail.ends_with("no complete answer in time"));
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(8));
  const auto large = client.call(get(server.url("/large")));
  CHECK(unavailable(large));
  CHECK(large.error().detail.ends_with("the answer is larger than allowed"));
  CHECK(client.call(get(server.url("/hello"))));
}

TEST_CASE("HTTP-04 a refused connection and what cannot be sent are unavailable, without leaking the query") {
  std::string url;
  {
    Server server;
    url = server.url("/x?secret=1");
  }
  HttplibClient client;
  const auto refused = client.call(get(url, 2'000));
  CHECK(unavailable(refused));
  CHECK_FALSE(refused.error().detail.contains("secret"));
  CHECK(unavailable(client.call(get("gopher://h/"))));
  CHECK(unavailable(client.call(get("https://name.invalid/", 2'000))));
  auto injected = get("http://127.0.0.1:1/");
  injected.headers.emplace_back("X", "a\r\nEvil: 1");
  CHECK(client.call(injected).error().detail.ends_with("cannot be sent"));
}
