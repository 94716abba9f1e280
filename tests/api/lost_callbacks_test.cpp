// Callbacks that never came, at the whole server under a seed: Twilio is asked, and tells.
#include <doctest/doctest.h>

#include "support/lost_phone.hpp"

using namespace ringledger;
using namespace ringledger::sim;

TEST_CASE("a call whose end nobody tells is asked for after five minutes, and ends as Twilio says") {
  LostPhone p;
  auto sid = p.ring();
  CHECK(dials(p.post("voice", p.form(sid))));
  p.run(280);
  CHECK(p.asked("/Calls/" + sid).empty());
  CHECK(p.listed()[0].at("outcome").is_null());
  p.run(40);
  CHECK(p.asked("/Calls/" + sid).size() == 1);
  const auto call = p.listed()[0].as_object();
  CHECK(text_at(call, "status") == "failed");
  CHECK(text_at(call, "outcome") == "failed");
  CHECK_FALSE(call.at("ended_at").is_null());
  auto end = p.end();
  p.run(24 * 3600);
  CHECK(p.asked("/Calls/" + sid).size() == 1);
  CHECK(p.end() == end);  // and the lists that were read meanwhile told nothing new
}

TEST_CASE("a call that goes on is asked for at doubling pauses, an hour at most") {
  LostPhone p;
  p.post("voice", p.form("CA1"));
  p.fault(R"({"resource":"Calls","status":500,"times":100000})");  // nobody tells
  p.run(1);
  CHECK(p.asked("/Calls/CA1").empty());
  p.run(6 * 3600);
  auto tries = p.asked("/Calls/CA1").size() / 3;  // the carrier reads again twice by itself
  CHECK(tries >= 6);
  CHECK(tries <= 12);
  CHECK(p.listed()[0].at("outcome").is_null());
}

TEST_CASE("a call that Twilio does not know any more is over") {
  LostPhone p;
  p.post("voice", p.form("CA1"));
  p.run(400);
  CHECK(text_at(p.listed()[0].as_object(), "outcome") == "failed");
}

TEST_CASE("a call that nobody told of is found in Twilio's list, with its time and its attribution") {
  LostPhone p;
  auto began = p.w.clock.now();
  auto sid = p.ring();
  CHECK(p.listed().empty());
  p.run(700);
  auto calls = p.listed();
  REQUIRE(calls.size() == 1);
  const auto& call = calls[0].as_object();
  CHECK(text_at(call, "provider_sid") == sid);
  auto at = parse_rfc3339(text_at(call, "started_at"));
  REQUIRE(at);
  CHECK(at->ms / 1000 == began.ms / 1000);
  CHECK(text_at(call.at("campaign").as_object(), "name") == "Alpha");
  CHECK(text_at(p.event("call.received.v1"), "source") == "reconcile");
  auto end = p.end();
  p.run(24 * 3600);
  CHECK(p.end() == end);
}

TEST_CASE("a call answered by the views alone is found after a crash, though its callback was lost, too") {
  LostPhone p;
  auto sid = p.ring();
  p.w.scheduler.stall("log", true);
  auto answer = p.send("voice", p.form(sid));
  REQUIRE(p.w.scheduler.run_until([&] { return answer->there; }, 1'000'000));
  CHECK(dials(*answer));
  p.w.kill();
  REQUIRE(p.w.start());
  CHECK(p.listed().empty());
  p.run(700);
  REQUIRE(p.listed().size() == 1);
  CHECK(text_at(p.listed()[0].as_object(), "provider_sid") == sid);
}

TEST_CASE("what was found of a call from before a number moved is not the new campaign's") {
  LostPhone p;
  p.ring();
  p.run(100);
  p.moves();
  p.run(700);
  REQUIRE(p.listed().size() == 1);
  CHECK(p.listed()[0].at("campaign").is_null());
  CHECK(text_at(p.listed()[0].as_object(), "outcome") == "failed");
}

TEST_CASE("calls to a number whose hooks are not ours are not taken from the list") {
  LostPhone external(false);
  external.ring();
  external.run(700);
  CHECK(external.asked("/Calls.json").size() >= 2);
  CHECK(external.listed().empty());
}

TEST_CASE("a long list is read over all its pages; a failing Twilio only delays it") {
  LostPhone p;
  constexpr int lost = 1'100;  // 1,000 on a page
  for (int i = 0; i < lost; ++i) p.ring();
  p.fault(R"({"resource":"Calls","status":503,"times":7})");
  p.run(1'500);
  auto counted =
      json_of(p.w.ask("GET", "/v1/workspaces/" + p.demo.ws[0] + "/calls?limit=1", {}, {}, p.demo.key));
  CHECK(counted.at("total") == lost);
  CHECK_FALSE(p.asked("PageToken=").empty());
}

TEST_CASE("many calls without an end are asked for a few at a time") {
  LostPhone p;
  for (int i = 0; i < 100; ++i) p.post("voice", p.form("CA" + std::to_string(i)));
  p.run(311);  // one look, at most two, of those that come every ten seconds
  CHECK(p.asked("/Calls/CA").size() >= 20);
  CHECK(p.asked("/Calls/CA").size() <= 40);
  p.run(120);
  CHECK(p.asked("/Calls/CA").size() == 100);
}
