// Requests between nodes over real sockets: whole answers, and answers that come in chunks.
#include "api/http_peer_client.hpp"

#include <doctest/doctest.h>

#include <future>

#include "tests/api/support/http_fixture.hpp"

namespace ringledger::testing {
namespace {

HttpResponse ask(HttpPeerClient& client, std::uint16_t port, const std::string& target) {
  std::promise<Result<HttpResponse>> told;
  client.send("http://127.0.0.1:" + std::to_string(port), {"GET", target, {{"Host", "t"}}, "", ""}, 10'000,
              [&told](Result<HttpResponse> answer) { told.set_value(std::move(answer)); });
  auto answer = told.get_future().get();
  REQUIRE_MESSAGE(answer.has_value(), answer.error().detail);
  return std::move(*answer);
}

/// Everything a stream gives until it ends; what it threw, in brackets.
std::string drained(HttpResponse& answer) {
  std::string all;
  try {
    for (bool more = true; more;) {
      std::string chunk;
      more = answer.stream(chunk);
      all += chunk;
      if (chunk.empty() && more) std::this_thread::yield();
    }
  } catch (const std::exception& e) {
    all += "[" + std::string(e.what()) + "]";
  }
  return all;
}

constexpr int pieces = 40;  // four times what is read ahead
constexpr std::size_t piece_bytes = 100'000;

/// Whole, or in pieces, "/broken" after two of them.
void serve_pieces(const HttpRequest& request, HttpAnswerTo to) {
  if (request.target == "/whole") return to(text("all of it", 201));
  HttpResponse answer;
  answer.headers = {{"Content-Type", "text/event-stream"}};
  answer.stream = [n = 0, breaks = request.target == "/broken"](std::string& chunk) mutable {
    if (breaks && n == 2) throw std::runtime_error("gone");
    chunk = std::string(piece_bytes, static_cast<char>('a' + n % 26));
    return ++n < pieces;
  };
  to(std::move(answer));
}

}  // namespace

TEST_CASE("an answer between nodes is whole, or comes as it is made and breaks off when it is broken off") {
  Worker worker;
  auto server = serve([](HttpRequest r, HttpAnswerTo to) { serve_pieces(r, std::move(to)); }, {}, &worker);
  HttpPeerClient client;
  auto whole = ask(client, server->port(), "/whole");
  CHECK(whole.status == 201);
  CHECK(whole.body == "all of it");
  CHECK_FALSE(whole.stream);
  auto pieced = ask(client, server->port(), "/pieces");
  CHECK(pieced.status == 200);
  REQUIRE(pieced.stream);
  auto all = drained(pieced);
  CHECK(all.size() == pieces * piece_bytes);
  CHECK(all.starts_with("aaa"));
  CHECK(all.ends_with("nnn"));
  auto broken = ask(client, server->port(), "/broken");
  REQUIRE(broken.stream);
  CHECK(drained(broken).ends_with("[the other node broke its answer off]"));
  auto left = ask(client, server->port(), "/pieces");  // nobody takes it
  left = {};
  CHECK(ask(client, server->port(), "/whole").body == "all of it");
}

}  // namespace ringledger::testing
