// The http server over real sockets: what it refuses, and that no peer can hold it up.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/api/support/http_fixture.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using namespace std::literals;

TEST_CASE("limits: header block 431, body 413 by length or by chunks, and no more than the limit is read") {
  auto server = serve(echo, {.header_bytes = 1024, .body_bytes = 1000});
  CHECK(refused(*server, "GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(2000, 'x') + "\r\n\r\n") == 431);
  CHECK(refused(*server, "GET /" + std::string(5000, 'x')) == 431);
  CHECK(refused(*server, post("Content-Length: 1001\r\n", "")) == 413);
  CHECK(refused(*server, post("Content-Length: 99999999999999999999\r\n", "")) == 400);
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\n",
                              "3e8\r\n" + std::string(1000, 'b') + "\r\n1\r\nb\r\n0\r\n\r\n")) == 413);
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n")) == 413);
  RawClient c(server->port());
  c.send(post("Content-Length: 1000\r\n", std::string(1000, 'b')));
  CHECK(c.read().body.size() == 1000 + 7);
}

TEST_CASE("a refusal reaches a peer that is still sending its megabytes") {
  auto server = serve(echo);
  RawClient c(server->port());
  c.send(post("Content-Length: 3000000\r\n", ""));
  CHECK(c.send(std::string(3'000'000, 'b')));
  CHECK(c.read().status == 413);
}

TEST_CASE("what makes a message's length or meaning ambiguous is refused: 400") {
  auto server = serve(echo);
  CHECK(refused(*server, post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n")) == 400);
  CHECK(refused(*server, post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")) == 400);
  CHECK(refused(*server, post("Content-Length: 3, 3\r\n", "abc")) == 400);
  CHECK(refused(*server, post("Content-Length: +3\r\n", "abc")) == 400);
  CHECK(refused(*server, post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd")) == 400);
  CHECK(refused(*server, post("Host: u\r\n", "")) == 400);
  CHECK(refused(*server, post("Authorization: a\r\nauthorization: b\r\n", "")) == 400);
  CHECK(refused(*server, post("Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "")) == 400);
  auto twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
  CHECK(refused(*server, post(twice, "0\r\n\r\n")) == 400);
  CHECK(refused(*server, post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")) == 501);
  CHECK(refused(*server, "GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refused(*server, "GET / HTTP/1.1\r\nHost : t\r\n\r\n") == 400);
  CHECK(refused(*server, "GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n"sv) == 400);
  CHECK(refused(*server, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
  CHECK(refused(*server, "nonsense\r\n\r\n") == 400);
  CHECK(refused(*server, "GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\n", "xyz\r\n\r\n")) == 400);
}

TEST_CASE("chunk bombs: dust, long extensions, endless trailers, a byte at a time") {
  auto server = serve(echo, {.body_bytes = 4096});
  std::string dust;
  for (int i = 0; i < 4000; ++i) dust += "1;" + std::string(40, 'e') + "\r\nb\r\n";  // 4,000 bytes of body
  dust += "0\r\n\r\n";
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\n", dust)) == 413);
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\n", "1;" + std::string(500'000, 'e'))) == 413);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 20'000; ++i) trailers += "A: b\r\n" + std::string(20, 't') + ": c\r\n";
  CHECK(refused(*server, post("Transfer-Encoding: chunked\r\n", trailers)) == 413);
  RawClient c(server->port());
  for (auto part : {post("Transfer-Encoding: chunked\r\n", "0\r\n"), "\r"s, "\n"s}) {
    c.send(part);
    if (part != "\n") CHECK(c.silent_for(30));  // each part is read by itself
  }
  CHECK(c.read().status == 200);
  for (char byte : post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nT: u\r\n\r\n")) c.send({&byte, 1});
  CHECK(c.read().body == "POST / a");
}

TEST_CASE("a slow header, a slow body and a body slower than the least rate are cut off: 408") {
  auto server = serve(echo, {.header_timeout_ms = 150,
                             .body_timeout_ms = 60'000,
                             .body_grace_ms = 100,
                             .body_min_bytes_per_s = 1000});
  auto start = std::chrono::steady_clock::now();
  auto drip = [&](std::string first) {
    RawClient c(server->port());
    c.send(first);
    while (c.silent_for(20) && c.send("x")) {
    }
    return c.read().status;
  };
  CHECK(drip("GET / HTTP/1.1\r\nX: ") == 408);
  CHECK(drip(post("Content-Length: 1000\r\n", "")) == 408);
  RawClient silent(server->port());
  CHECK(silent.closed_within(5000));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));

  auto patient = serve(echo, {.body_timeout_ms = 300, .body_grace_ms = 200, .body_min_bytes_per_s = 1});
  RawClient c(patient->port());
  c.send(post("Content-Length: 1000000\r\n", std::string(100'000, 'x')));  // rate earned for a day
  CHECK(c.read().status == 408);
}

TEST_CASE("an idle kept connection is closed after its time, without a word") {
  auto server = serve(echo, {.idle_timeout_ms = 100});
  RawClient c(server->port());
  CHECK(c.get("/").status == 200);
  CHECK(c.closed_within(5000));
  CHECK(c.pending().empty());
}

TEST_CASE("a peer that does not take its answer is closed, others are served meanwhile") {
  auto server =
      serve([](HttpRequest r,
               HttpAnswerTo to) { to(text(r.target == "/big" ? std::string(32 << 20, 'x') : "small")); },
            {.write_timeout_ms = 200});
  RawClient slow(server->port(), 4096);
  slow.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  RawClient other(server->port());
  for (int i = 0; i < 50; ++i) CHECK(other.get("/").body == "small");
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (server->connections() == 2 && std::chrono::steady_clock::now() < until) {
    REQUIRE(other.get("/").status == 200);
  }
  CHECK(server->connections() == 1);
}

TEST_CASE("Expect: 100-continue is met before the body comes, and not when the head is refused") {
  auto server = serve(echo, {.body_bytes = 1000});
  RawClient c(server->port());
  c.send(post("Expect: 100-continue\r\nContent-Length: 3\r\n", ""));
  CHECK(c.read().status == 100);
  c.send("abc");
  CHECK(c.read().body == "POST / abc");
  CHECK(refused(*server, post("Expect: 100-continue\r\nContent-Length: 1001\r\n", "")) == 413);
  CHECK(refused(*server, post("Expect: tea\r\n", "")) == 417);
}

TEST_CASE("headers made of data cannot end a line or frame the message") {
  auto server = serve([](HttpRequest, HttpAnswerTo to) {
    auto a = text("ok");
    a.headers.emplace_back("X-Name", "a\r\nSet-Cookie: stolen");
    a.headers.emplace_back("Content-Length", "999");
    a.headers.emplace_back("Transfer-Encoding", "chunked");
    to(std::move(a));
  });
  auto a = RawClient(server->port()).get("/");
  CHECK(a.body == "ok");
  CHECK(a.says("X-Name: a  Set-Cookie: stolen\r\n"));
  CHECK_FALSE(a.says("999"));
  CHECK_FALSE(a.says("chunked"));
}

TEST_CASE("past the most connections new ones wait until another leaves") {
  auto server = serve(echo, {.connections = 2});
  RawClient a(server->port()), b(server->port());
  CHECK(a.get("/").status == 200);
  CHECK(b.get("/").status == 200);
  RawClient waiting(server->port());
  waiting.send("GET /w HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(waiting.silent_for(100));
  auto left = std::chrono::steady_clock::now();
  a.close();
  CHECK(waiting.read().body == "GET /w ");
  CHECK(std::chrono::steady_clock::now() - left < std::chrono::seconds(8));  // woken, not polled
}
