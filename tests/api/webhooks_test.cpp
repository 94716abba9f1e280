// Twilio's posts at the whole server under a seed: proven or refused, answered in time, single.
#include <doctest/doctest.h>

#include "support/phone.hpp"

using namespace ringledger;
using namespace ringledger::sim;

TEST_CASE("WHK-03 a proven voice post is answered with the TwiML of its route, committed before") {
  Phone p;
  auto a = p.post("voice", p.form("CA1"));
  CHECK_MESSAGE(dials(a), a.response.body);
  CHECK(a.header("Content-Type") == "text/xml; charset=utf-8");
  auto calls = p.listed();
  REQUIRE(calls.size() == 1);
  const auto& c = calls[0].as_object();
  CHECK(text_at(c, "provider_sid") == "CA1");
  CHECK(text_at(c, "from") == "+12125550100");
  CHECK(text_at(c, "status") == "ringing");
  CHECK(c.at("outcome").is_null());
  CHECK(text_at(c.at("contact").as_object(), "id").starts_with("ctc_"));
  const auto& attribution = c.at("attribution").as_object();
  CHECK(attribution.at("confidence").to_number<double>() == 1.0);
  CHECK(text_at(attribution.at("campaign").as_object(), "name") == "Alpha");
  CHECK(attribution.at("evidence").as_array().size() == 1);
}

TEST_CASE(
    "asked again it gives the same answer, also after its number was unassigned and the process killed") {
  Phone p;
  auto first = p.post("voice", p.form("CA1"));
  auto path = "/v1/workspaces/" + p.demo.ws[0] + "/numbers/" + p.demo.numbers[0] + "/assignment";
  auto gone = p.w.ask(
      "PUT", path, R"({"campaign":null,"acknowledged":["moving_between_campaigns","campaign_left_empty"]})",
      "un", p.demo.key);
  REQUIRE_MESSAGE(gone.response.status == 200, gone.response.body);
  CHECK(p.post("voice", p.form("CA1")).response.body == first.response.body);
  p.w.kill();
  REQUIRE(p.w.start());
  CHECK(p.post("voice", p.form("CA1")).response.body == first.response.body);
  CHECK(p.listed().size() == 1);
  CHECK_FALSE(dials(p.post("voice", p.form("CA2"))));
}

TEST_CASE(
    "killed at any step between the post and its answer, Twilio's retry gets the TwiML and no second call") {
  for (int steps = 0; steps < 60; steps += 3) {
    CAPTURE(steps);
    Phone p;
    auto cut = p.send("voice", p.form("CA1"));
    int done = 0;
    p.w.scheduler.run_until([&] { return ++done > steps || cut->there; }, 1'000'000);
    p.w.kill();
    REQUIRE(p.w.start());
    CHECK(dials(p.post("voice", p.form("CA1"))));
    REQUIRE(p.listed().size() == 1);
    if (cut->there) break;
  }
}

TEST_CASE("a post without, with a wrong or with another account's proof is 403 and leaves no trace") {
  Phone p;
  auto before = p.end();
  auto path = "/twilio/" + p.demo.con[0] + "/voice";
  auto foreign = p.form("CA1");
  foreign[1].second = "AC" + std::string(32, 'f');
  auto unsigned_post = p.send_signed(path, p.form("CA1"), "");
  auto unknown = p.send_signed("/twilio/con_" + std::string(26, '0') + "/voice", p.form("CA1"), "x");
  auto no_id = p.send_signed("/twilio/nothing/voice", p.form("CA1"), "x");
  p.settle();
  for (const auto& a : {*unsigned_post, *unknown, *no_id, p.post("voice", p.form("CA1"), "wrong"),
                        p.post("voice", foreign), p.post("status", p.form("CA1"), "wrong")}) {
    REQUIRE(a.there);
    CHECK(a.response.status == 403);
    CHECK(code_of(a) == "bad_signature");
  }
  CHECK(json_of(*unsigned_post).at("detail") == json_of(*unknown).at("detail"));
  CHECK(p.end() == before);
}

TEST_CASE("a new token proves from its answer on, though the connection in memory is the old one") {
  Phone p;
  CHECK(dials(p.post("voice", p.form("CA1"))));
  p.w.scheduler.stall("fold", true);
  auto path = "/v1/workspaces/" + p.demo.ws[0] + "/connections/" + p.demo.con[0];
  auto set = p.w.ask("PATCH", path, R"({"auth_token":"a new token 0001"})", "rotate", p.demo.key);
  REQUIRE_MESSAGE(set.response.status == 200, set.response.body);
  auto rung = p.send("voice", p.form("CA2"), "a new token 0001");
  REQUIRE(p.w.scheduler.run_for(100, 1'000'000));
  CHECK_FALSE(rung->there);
  p.w.scheduler.stall("fold", false);
  p.settle();
  REQUIRE(rung->there);
  CHECK(dials(*rung));
}

TEST_CASE(
    "after the public URL changed, the one before proves until the last number of the connection is "
    "rewritten") {
  Phone p;
  p.w.kill();
  p.w.public_url = "https://moved.example/";
  p.w.http.lose_requests_percent = 100;  // no number can be rewritten
  REQUIRE(p.w.start());
  CHECK(dials(p.post("voice", p.form("CA1"))));
  p.public_url = "https://moved.example";
  CHECK(dials(p.post("voice", p.form("CA2"))));
  p.public_url = "https://never.example";
  CHECK(p.post("voice", p.form("CA3")).response.status == 403);
  p.w.kill();  // nor are the read models needed from before
  for (const auto& family : p.w.rows.families()) REQUIRE(p.w.rows.drop_family(family));
  REQUIRE(p.w.start());
  p.public_url = "http://ringledger.sim";
  CHECK(dials(p.post("voice", p.form("CA4"))));
  auto other = "/twilio/" + p.demo.con[1] + "/voice";  // whose numbers never named it
  auto sent =
      p.send_signed(other, p.form("CA5"), twilio::sign(p.demo.token, p.public_url + other, p.form("CA5")));
  p.settle();
  CHECK(sent->response.status == 403);
  p.w.http.lose_requests_percent = 0;
  REQUIRE(p.w.scheduler.run_for(60'000, 10'000'000));
  CHECK(p.post("voice", p.form("CA6")).response.status == 403);
  p.public_url = "https://moved.example";
  CHECK(dials(p.post("voice", p.form("CA7"))));
}

TEST_CASE("while a token is replaced both prove; a day later only the new one does") {
  Phone p;
  auto path = "/v1/workspaces/" + p.demo.ws[0] + "/connections/" + p.demo.con[0];
  CHECK(dials(p.post("voice", p.form("CA1"))));
  auto set = p.w.ask("PATCH", path, R"({"auth_token":"a new token 0001"})", "rotate", p.demo.key);
  REQUIRE_MESSAGE(set.response.status == 200, set.response.body);
  p.settle();
  CHECK(dials(p.post("voice", p.form("CA2"))));
  CHECK(dials(p.post("voice", p.form("CA3"), "a new token 0001")));
  REQUIRE(p.w.scheduler.run_for(24LL * 3600 * 1000, 10'000'000));
  CHECK(p.post("voice", p.form("CA4")).response.status == 403);
  CHECK(dials(p.post("voice", p.form("CA5"), "a new token 0001")));
}

TEST_CASE(
    "a ringing phone waits 800 ms for its commit: then the views answer, and the call is recorded after") {
  Phone p;
  p.w.scheduler.stall("log", true);
  auto asked = p.w.clock.now().ms;
  auto answer = p.send("voice", p.form("CA1"));
  REQUIRE(p.w.scheduler.run_until([&] { return answer->there; }, 1'000'000));
  CHECK(dials(*answer));
  CHECK(p.w.clock.now().ms - asked == 800);
  p.w.scheduler.stall("log", false);
  p.settle();
  CHECK(p.listed().size() == 1);
}

TEST_CASE("a ringing phone waits for no query, neither with its connection in memory nor without") {
  for (bool in_memory : {true, false}) {
    CAPTURE(in_memory);
    Phone p;
    if (in_memory) {
      CHECK(dials(p.post("voice", p.form("CA1"))));
    } else {
      p.w.kill();
      REQUIRE(p.w.start());
    }
    p.w.scheduler.stall("readers", true);
    p.w.scheduler.stall("log", true);
    auto asked = p.w.clock.now().ms;
    auto answer = p.send("voice", p.form("CA2"));
    REQUIRE(p.w.scheduler.run_until([&] { return answer->there; }, 10'000));
    CHECK(dials(*answer));
    CHECK(p.w.clock.now().ms - asked == 800);
  }
}

TEST_CASE(
    "what the server cannot commit at all the views answer at once; the status callback records the call") {
  Phone p;
  p.w.scheduler.stall("log", true);
  auto answer = p.send("voice", p.form("CA1"));
  REQUIRE(p.w.scheduler.run_until([&] { return answer->there; }, 1'000'000));
  p.w.kill();  // nothing of it was written
  REQUIRE(p.w.start());
  CHECK(p.listed().empty());
  auto done = p.form("CA1", "completed");
  done.emplace_back("CallDuration", "30");
  CHECK(p.post("status", done).response.status == 200);
  auto calls = p.listed();
  REQUIRE(calls.size() == 1);
  CHECK(text_at(calls[0].as_object(), "outcome") == "answered");
}

TEST_CASE("status callbacks doubled and shuffled: no extra commit, the same call") {
  Phone p;
  p.post("voice", p.form("CA1"));
  std::vector<FormFields> told;
  int sequence = 0;
  for (const char* word : {"initiated", "ringing", "in-progress", "completed"}) {
    told.push_back(p.form("CA1", word));
    told.back().insert(told.back().end(), {{"CallbackSource", "call-progress-events"},
                                           {"SequenceNumber", std::to_string(sequence++)},
                                           {"Timestamp", "Tue, 14 Nov 2023 22:13:20 +0000"}});
  }
  told.back().emplace_back("CallDuration", "12");
  for (int i : {3, 0, 2, 1})
    CHECK(p.post("status", told[static_cast<std::size_t>(i)]).response.status == 200);
  auto first = p.listed();
  auto end = p.end();
  for (int i : {1, 3, 3, 2, 0, 1})
    CHECK(p.post("status", told[static_cast<std::size_t>(i)]).response.status == 200);
  CHECK(p.end() == end);
  CHECK(p.listed() == first);
  CHECK(text_at(first[0].as_object(), "status") == "completed");
  CHECK(first[0].at("duration_s") == 12);
}

TEST_CASE("the end of the forwarded leg tells that nobody answered, though the call itself was completed") {
  Phone p;
  p.post("voice", p.form("CA1"));
  auto ended = p.form("CA1", "in-progress");
  ended.insert(ended.end(), {{"DialCallStatus", "no-answer"}, {"DialCallSid", "CA2"}});
  auto a = p.post("status", ended);
  CHECK(a.response.body == R"(<?xml version="1.0" encoding="UTF-8"?><Response></Response>)");
  auto done = p.form("CA1", "completed");
  done.emplace_back("CallDuration", "20");
  p.post("status", done);
  CHECK(text_at(p.listed()[0].as_object(), "outcome") == "no_answer");
}

TEST_CASE("a leg's own callback is answered and not recorded") {
  Phone p;
  auto end = p.end();
  auto leg = p.form("CA9", "completed");
  leg.emplace_back("ParentCallSid", "CA1");
  CHECK(p.post("status", leg).response.status == 200);
  CHECK(p.end() == end);
}

TEST_CASE("a webhook has limits: 64 KiB, a form, a call's name") {
  Phone p;
  auto big = p.form("CA1");
  big.emplace_back("More", std::string(64 * 1024, 'x'));
  CHECK(p.post("voice", big).response.status == 413);
  CHECK(p.post("voice", p.form("")).response.status == 400);
  auto json = p.w.ask("POST", "/twilio/" + p.demo.con[0] + "/voice", "{}", {}, {});
  CHECK(json.response.status == 415);
}

TEST_CASE("forged posts cost their address, proven ones do not") {
  Phone p;
  p.restart({{"limits.address_requests_per_second", "1"}, {"limits.address_request_burst", "2"}});
  for (int i = 0; i < 10; ++i) CHECK(dials(p.post("voice", p.form("CA" + std::to_string(i)))));
  int limited = 0;
  for (int i = 0; i < 5; ++i) limited += p.post("voice", p.form("CA1"), "wrong").response.status == 429;
  CHECK(limited == 3);
  CHECK(dials(p.post("voice", p.form("CA99"))));
}
