// A server on a free port, a worker for its streams, and what the http tests ask of them.
#pragma once

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "api/http_server.hpp"
#include "tests/api/support/raw_client.hpp"

namespace ringledger::testing {

/// One thread that runs what is posted.
class Worker : public Executor {
 public:
  ~Worker() override {
    {
      std::lock_guard lock(mutex_);
      end_ = true;
    }
    come_.notify_all();
    thread_.join();
  }
  void post(Task task) override {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    come_.notify_one();
  }
  void post_after(std::int64_t, Task task) override { post(std::move(task)); }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      come_.wait(lock, [this] { return end_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }
  std::mutex mutex_;
  std::condition_variable come_;
  std::deque<Task> tasks_;
  bool end_ = false;
  std::thread thread_{[this] { run(); }};
};

inline HttpResponse text(std::string body, int status = 200) {
  HttpResponse r;
  r.status = status;
  r.headers = {{"Content-Type", "text/plain"}};
  r.body = std::move(body);
  return r;
}

/// Answers "<method> <target> <body>".
inline void echo(HttpRequest r, HttpAnswerTo to) { to(text(r.method + ' ' + r.target + ' ' + r.body)); }

inline std::unique_ptr<HttpServer> serve(HttpHandler handler, HttpLimits limits = {},
                                         Executor* workers = nullptr, int threads = 1) {
  HttpServerOptions o;
  o.threads = threads;
  o.limits = limits;
  o.workers = workers;
  o.on_error = [](int status, std::string_view detail, const HttpRequest&) {
    return text("problem: " + std::string(detail), status);
  };
  auto server = HttpServer::start(std::move(o), std::move(handler));
  REQUIRE(server.has_value());
  return std::move(*server);
}

/// The status of the answer to these bytes; afterwards the connection must be closed.
inline int refused(HttpServer& server, std::string_view bytes) {
  RawClient c(server.port());
  c.send(bytes);
  auto a = c.read();
  CHECK(a.says("Connection: close"));
  CHECK(a.body.starts_with("problem: "));
  CHECK(c.closed_within(5000));
  return a.status;
}

inline std::string post(std::string_view headers, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: t\r\n" + std::string(headers) + "\r\n" + std::string(body);
}
}  // namespace ringledger::testing
