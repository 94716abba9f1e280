// The http server over real sockets: serving, streaming, stopping.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/api/support/http_fixture.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE("a kept connection answers one request after another, with body and headers") {
  auto server = serve([](HttpRequest r, HttpAnswerTo to) {
    to(text(r.body + '|' + std::string(r.header("x-kind")) + '|' + r.peer));
  });
  RawClient c(server->port());
  c.send(post("X-KIND: a\r\nContent-Length: 3\r\n", "abc"));
  auto first = c.read();
  CHECK(first.status == 200);
  CHECK(first.body.starts_with("abc|a|127.0.0.1:"));
  CHECK(first.says("\r\nDate: "));
  CHECK_FALSE(first.says("Connection"));
  c.send(post("Transfer-Encoding: chunked\r\n", "2\r\nde\r\n1;x=y\r\nf\r\n0\r\nX-Kind: trailer\r\n\r\n"));
  CHECK(c.read().body.starts_with("def||"));
  CHECK(c.get("http://other/p?q").status == 200);
  CHECK(server->connections() == 1);
}

TEST_CASE("an absolute target is cut to its path") {
  auto server = serve(echo);
  RawClient c(server->port());
  CHECK(c.get("http://host:80/p?q=1").body == "GET /p?q=1 ");
  CHECK(c.get("http://host").body == "GET / ");
  CHECK(c.get("/p").body == "GET /p ");
}

TEST_CASE("pipelined requests are answered in order, each after the one before") {
  std::atomic<int> at_once = 0, most = 0;
  Worker worker;
  auto server = serve([&](HttpRequest r, HttpAnswerTo to) {
    most = std::max(most.load(), ++at_once);
    worker.post([&at_once, r = std::move(r), to = std::move(to)]() mutable {
      --at_once;
      to(text(r.target));
    });
  });
  RawClient c(server->port());
  std::string all;
  for (int i = 0; i < 200; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  c.send(all);
  for (int i = 0; i < 200; ++i) CHECK(c.read().body == "/" + std::to_string(i));
  CHECK(most == 1);
}

TEST_CASE("HEAD, 204 and 304 carry no body") {
  auto server = serve([](HttpRequest r, HttpAnswerTo to) {
    auto status = r.target == "/204" ? 204 : r.target == "/304" ? 304 : 200;
    to(text("12345", status));
  });
  RawClient c(server->port());
  c.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(c.read(true).says("Content-Length: 5"));
  auto none = c.get("/204");
  CHECK(none.status == 204);
  CHECK_FALSE(none.says("Content-Length"));
  CHECK(c.get("/304").status == 304);
  CHECK(c.get("/").body == "12345");
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer") {
  auto server = serve(echo);
  RawClient old(server->port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(old.read().says("Connection: close"));
  CHECK(old.closed_within(5000));
  RawClient kept(server->port());
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.read().says("Connection: keep-alive"));
  RawClient once(server->port());
  once.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  CHECK(once.read().says("Connection: close"));
  CHECK(once.closed_within(5000));
}

TEST_CASE("a stream arrives in chunks, and is asked on only as the peer takes it") {
  Worker worker;
  std::atomic<int> calls = 0;
  auto server = serve(
      [&](HttpRequest r, HttpAnswerTo to) {
        HttpResponse a;
        int most = r.target == "/long" ? 100'000 : 20;
        a.stream = [&calls, n = 0, most](std::string& chunk) mutable {
          ++calls;
          chunk = most == 20 ? "row " + std::to_string(n) + '\n' : std::string(64 * 1024, 'x');
          return ++n < most;
        };
        to(std::move(a));
      },
      {}, &worker);
  RawClient c(server->port());
  for (int round = 0; round < 2; ++round) {
    auto a = c.get("/");
    CHECK(a.says("Transfer-Encoding: chunked"));
    CHECK(a.body.starts_with("row 0\nrow 1\n"));
    CHECK(a.body.ends_with("row 19\n"));
  }
  c.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(c.read(true).status == 200);
  RawClient old(server->port());
  old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto plain = old.read();
  CHECK(plain.body.ends_with("row 19\n"));
  CHECK(plain.says("Connection: close"));

  calls = 0;
  RawClient slow(server->port(), 4096);
  slow.send("GET /long HTTP/1.1\r\nHost: t\r\n\r\n");
  for (int last = -1; last != calls || calls == 0;) {
    last = calls;
    CHECK(c.get("/").status == 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    last += 20;
  }
  CHECK(calls < 1000);  // 64 KiB each: what sockets buffer, not 6 GiB
}

TEST_CASE("a stream that throws, or whose task is dropped, breaks the answer off visibly") {
  class Dropper : public Executor {
    void post(Task) override {}
    void post_after(std::int64_t, Task) override {}
  } dropper;
  auto throwing = [](HttpRequest, HttpAnswerTo to) {
    HttpResponse a;
    a.stream = [n = 0](std::string& chunk) mutable {
      chunk = "first";
      if (n++ == 1) throw std::runtime_error("disk");
      return true;
    };
    to(std::move(a));
  };
  auto server = serve(throwing);
  RawClient c(server->port());
  CHECK(c.get("/").status == 0);
  CHECK(c.closed_within(5000));
  auto dropped = serve(throwing, {}, &dropper);
  CHECK(RawClient(dropped->port()).get("/").status == 0);
}

TEST_CASE("a live stream waits for news, notices a peer that left, and ends when the server stops") {
  Worker worker;
  std::atomic<bool> event = false;
  std::atomic<int> streams = 0;
  auto server = serve(
      [&](HttpRequest, HttpAnswerTo to) {
        HttpResponse a;
        ++streams;
        auto alive = std::shared_ptr<int>(new int(0), [&](int* p) {
          delete p;
          --streams;
        });
        a.stream = [&event, alive](std::string& chunk) {
          if (event.exchange(false)) chunk = "data: 1\n\n";
          return true;
        };
        to(std::move(a));
      },
      {}, &worker);
  RawClient c(server->port());
  c.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  while (!c.pending().contains("\r\n\r\n")) REQUIRE(c.more());
  CHECK(c.silent_for(120));
  event = true;
  while (!c.pending().contains("data: 1")) REQUIRE(c.more());
  {
    RawClient leaver(server->port());
    leaver.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    REQUIRE(leaver.more());
    CHECK(streams == 2);
  }
  auto left = [&](int count) {  // a worker may hold it for a moment yet
    for (int i = 0; i < 500 && streams > count; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return streams == count;
  };
  CHECK(left(1));
  server->stop(5000);
  CHECK(c.closed_within(1000));
  CHECK(c.pending().empty());
  CHECK(left(0));
}

TEST_CASE("a handler that throws, forgets its answer or is late does not leave the peer waiting") {
  std::vector<HttpAnswerTo> kept;
  auto server = serve(
      [&](HttpRequest r, HttpAnswerTo to) {
        if (r.target == "/throw") throw std::runtime_error("bug");
        if (r.target == "/late") kept.push_back(std::move(to));
        if (r.target == "/twice") {
          to(text("one"));
          to(text("two"));
        }
      },
      {.answer_timeout_ms = 100});
  RawClient c(server->port());
  CHECK(c.get("/throw").status == 500);
  CHECK(c.get("/forget").status == 500);
  CHECK(c.get("/twice").body == "one");
  CHECK(c.get("/late").status == 503);
  CHECK(c.closed_within(5000));
  REQUIRE(kept.size() == 1);
  kept[0](text("too late"));
  CHECK(RawClient(server->port()).get("/forget").status == 500);
}

TEST_CASE("the simulator's delay and drop are obeyed") {
  auto server = serve([](HttpRequest r, HttpAnswerTo to) {
    auto a = text("ok");
    a.delay_ms = r.target == "/slow" ? 150 : 0;
    a.drop = r.target == "/drop";
    to(std::move(a));
  });
  RawClient c(server->port());
  auto start = std::chrono::steady_clock::now();
  CHECK(c.get("/slow").body == "ok");
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(150));
  CHECK(c.get("/drop").status == 0);
  CHECK(c.closed_within(1000));
}

TEST_CASE("500 kept connections are all served, also when answers come together from one thread") {
  std::mutex mutex;
  std::vector<HttpAnswerTo> group;
  auto server = serve(
      [&](HttpRequest, HttpAnswerTo to) {
        std::vector<HttpAnswerTo> full;
        {
          std::lock_guard lock(mutex);
          group.push_back(std::move(to));
          if (group.size() == 500) full.swap(group);
        }
        for (auto& answer : full) answer(text("committed"));
      },
      {}, nullptr, 2);
  std::vector<RawClient> clients;
  for (int i = 0; i < 500; ++i) clients.emplace_back(server->port());
  int served = 0;
  for (int round = 0; round < 3; ++round) {
    for (auto& c : clients) c.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    for (auto& c : clients) served += c.read().body == "committed";
  }
  CHECK(served == 1500);
  CHECK(server->connections() == 500);
}

TEST_CASE("a graceful stop finishes answers in progress, closes idle connections and accepts no more") {
  std::mutex mutex;
  std::vector<HttpAnswerTo> open;
  auto server = serve([&](HttpRequest r, HttpAnswerTo to) {
    if (r.target != "/slow") return to(text("ok"));
    std::lock_guard lock(mutex);
    open.push_back(std::move(to));
  });
  RawClient idle(server->port()), busy(server->port());
  CHECK(idle.get("/").status == 200);
  busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  auto arrived = [&] {
    std::lock_guard lock(mutex);
    return open.size() == 1;
  };
  while (!arrived()) std::this_thread::yield();
  auto port = server->port();
  std::thread stopper([&] { server->stop(10'000); });
  CHECK(idle.closed_within(5000));
  while (RawClient(port).connected()) std::this_thread::yield();
  {
    std::lock_guard lock(mutex);
    open[0](text("finished"));
  }
  auto a = busy.read();
  CHECK(a.body == "finished");
  CHECK(a.says("Connection: close"));
  stopper.join();
  CHECK(server->connections() == 0);
}

TEST_CASE("a stop whose deadline passes closes what is left, and later answers are dropped without harm") {
  std::mutex mutex;
  std::vector<HttpAnswerTo> open;
  auto server = serve([&](HttpRequest r, HttpAnswerTo to) {
    if (r.target == "/delay") {
      auto a = text("ok");
      a.delay_ms = 60'000;
      return to(std::move(a));
    }
    std::lock_guard lock(mutex);
    open.push_back(std::move(to));
  });
  RawClient a(server->port()), b(server->port()), half(server->port());
  a.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  b.send("GET /delay HTTP/1.1\r\nHost: t\r\n\r\n");
  half.send("GET / HT");
  auto arrived = [&] {
    std::lock_guard lock(mutex);
    return open.size() == 1;
  };
  while (!arrived()) std::this_thread::yield();
  auto start = std::chrono::steady_clock::now();
  server->stop(100);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(a.closed_within(1000));
  CHECK(b.closed_within(1000));
  server.reset();
  open[0](text("to nobody"));
  open.clear();
}

TEST_CASE("a port that is taken and an address that is none are errors that say so") {
  auto server = serve(echo);
  HttpServerOptions o;
  o.port = server->port();
  auto taken = HttpServer::start(o, echo);
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().detail.contains(std::to_string(server->port())));
  CHECK(taken.error().detail.contains("in use"));
  o.address = "localhost";
  CHECK(HttpServer::start(o, echo).error().code == Code::validation_failed);
  o.address = "127.0.0.1";
  o.threads = 0;
  CHECK(HttpServer::start(o, echo).error().code == Code::validation_failed);
}
