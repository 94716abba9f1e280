// Server-sent events, read from pieces cut anywhere.
#include "api/event_stream.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace ringledger;

TEST_CASE("messages come out whole and once, wherever the pieces are cut; comments are skipped") {
  const std::string text =
      ": hello\n\nid: e.0.1/0\nevent: a.v1\ndata: {\"x\":1}\n\n: still here\n\nid: e.0.2/0\r\ndata: "
      "a\r\ndata:b\r\n\r\n"
      "id: e.0.3/0\ndata: cut";
  for (std::size_t size = 1; size < text.size(); ++size) {
    std::vector<std::string> seen;
    EventStream stream([&](const EventStream::Message& m) {
      seen.push_back(m.id + " " + m.data);
      return true;
    });
    for (std::size_t at = 0; at < text.size(); at += size)
      CHECK(stream.feed(std::string_view(text).substr(at, size)));
    CHECK(seen == std::vector<std::string>{"e.0.1/0 {\"x\":1}", "e.0.2/0 a\nb"});
  }
}

TEST_CASE("who takes the messages may give the stream up") {
  int taken = 0;
  EventStream stream([&](const EventStream::Message&) { return ++taken < 2; });
  CHECK_FALSE(stream.feed("data: 1\n\ndata: 2\n\ndata: 3\n\n"));
  CHECK(taken == 2);
}
