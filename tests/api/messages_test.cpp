// Messages to a number at the whole server under a seed, and the contacts that they and calls make.
#include <doctest/doctest.h>

#include "support/phone.hpp"
#include "support/sim_checks.hpp"

using namespace ringledger;
using namespace ringledger::sim;

TEST_CASE("MSG-01 MSG-02 a message is answered with an empty Response, recorded once and listed") {
  Phone p;
  auto body = p.message("SM1", "Are you open on \xC3\xA9t\xC3\xA9?");
  auto a = p.post("sms", body);
  CHECK(a.response.status == 200);
  CHECK(a.response.body == R"(<?xml version="1.0" encoding="UTF-8"?><Response></Response>)");
  CHECK(a.header("Content-Type") == "text/xml; charset=utf-8");
  auto end = p.end();
  CHECK(p.post("sms", body).response.body == a.response.body);
  CHECK(p.end() == end);
  auto messages = p.listed("/messages");
  REQUIRE(messages.size() == 1);
  const auto& m = messages[0].as_object();
  CHECK(text_at(m, "provider_sid") == "SM1");
  CHECK(text_at(m, "body") == "Are you open on \xC3\xA9t\xC3\xA9?");
  CHECK(text_at(m, "from") == "+12125550100");
  CHECK(text_at(m.at("campaign").as_object(), "name") == "Alpha");
  CHECK(json_of(p.w.ask("GET", "/v1/workspaces/" + p.demo.ws[0] + "/messages/" + text_at(m, "id"), {}, {},
                        p.demo.key)) == m);
  CHECK(p.got("/contacts").at("total") == 1);
}

TEST_CASE("MSG-01 messages over the rate are refused so that Twilio asks again, and are recorded then") {
  Phone p;
  p.restart({{"limits.requests_per_second", "1"}, {"limits.request_burst", "2"}});
  auto sent = [&](int n) {
    return p.post("sms", p.message("SM" + std::to_string(n), "STOP")).response.status;
  };
  CHECK(sent(1) == 200);
  CHECK(sent(2) == 200);
  CHECK(sent(3) == 503);  // 429 is not asked again after
  p.settle();
  CHECK(sent(3) == 200);
  CHECK(p.listed("/messages").size() == 3);
}

TEST_CASE("NUM-04 a message to an inactive number is answered and shown as such, for no campaign") {
  Phone p;
  REQUIRE(p.post("sms", p.message("SM1", "hi")).response.status == 200);
  CHECK(text_at(p.listed("/messages")[0].as_object(), "outcome") == "received");
  auto status = "/v1/workspaces/" + p.demo.ws[0] + "/numbers/" + p.demo.numbers[0] + "/status";
  REQUIRE(p.w.ask("PUT", status, R"({"status":"inactive"})", "off", p.demo.key).response.status == 200);
  REQUIRE(p.post("sms", p.message("SM2", "STOP")).response.status == 200);
  auto m = p.listed("/messages")[0].as_object();
  CHECK(text_at(m, "provider_sid") == "SM2");
  CHECK(text_at(m, "outcome") == "inactive");
  CHECK(m.at("campaign").is_null());
  CHECK(text_at(p.listed("/contacts")[0].as_object(), "consent") == "opted_out");
}

TEST_CASE("killed at any step between a message and its answer, Twilio's retry records it once") {
  for (int steps = 0; steps < 60; steps += 6) {
    CAPTURE(steps);
    Phone p;
    auto cut = p.send("sms", p.message("SM1", "STOP"));
    int done = 0;
    p.w.scheduler.run_until([&] { return ++done > steps || cut->there; }, 1'000'000);
    p.w.kill();
    REQUIRE(p.w.start());
    CHECK(p.post("sms", p.message("SM1", "STOP")).response.status == 200);
    CHECK(p.listed("/messages").size() == 1);
    REQUIRE(p.listed("/contacts").size() == 1);
    CHECK(text_at(p.listed("/contacts")[0].as_object(), "consent") == "opted_out");
    if (cut->there) break;
  }
}

TEST_CASE("a message without its proof is 403, one without a name 400, and neither leaves a trace") {
  Phone p;
  auto end = p.end();
  auto forged = p.post("sms", p.message("SM1", "hi"), "wrong");
  CHECK(forged.response.status == 403);
  CHECK(code_of(forged) == "bad_signature");
  auto twice = p.message("SM1", "hi");
  twice.emplace_back("MessageSid", "SM2");
  CHECK(p.post("sms", twice).response.status == 403);
  CHECK(p.post("sms", p.message("", "hi")).response.status == 400);
  CHECK(p.end() == end);
}

TEST_CASE("CMP-04 STOP and START of a sender are shown on the contact, with their evidence") {
  Phone p;
  p.post("voice", p.form("CA1"));
  CHECK(text_at(p.listed("/contacts")[0].as_object(), "consent") == "unknown");
  p.post("sms", p.message("SM1", "Stop"));
  auto contact = p.listed("/contacts")[0].as_object();
  CHECK(text_at(contact, "consent") == "opted_out");
  CHECK(contact.at("consent_message") == p.listed("/messages")[0].at("id"));
  CHECK(p.listed("/contacts?consent=opted_out").size() == 1);
  p.post("sms", p.message("SM2", "START"));
  CHECK(text_at(p.listed("/contacts")[0].as_object(), "consent") == "opted_in");
  CHECK(p.listed("/contacts?consent=opted_out").empty());
}

TEST_CASE(
    "CON-01 two calls, or a call and a message, of one unknown caller in flight at once make one contact") {
  for (const char* second : {"voice", "sms"}) {
    CAPTURE(second);
    Phone p;
    p.w.scheduler.stall("log", true);  // neither is committed when the other one is decided
    bool call = std::string(second) == "voice";
    auto one = p.send("voice", p.form("CA1"));
    auto two = p.send(second, call ? p.form("CA2") : p.message("SM2", "hi"));
    p.w.scheduler.run_for(50, 100'000);
    CHECK_FALSE(one->there);
    CHECK_FALSE(two->there);
    p.w.scheduler.stall("log", false);
    REQUIRE(p.w.scheduler.run_until([&] { return one->there && two->there; }, 1'000'000));
    auto contacts = p.listed("/contacts");
    REQUIRE(contacts.size() == 1);
    CHECK(contacts[0].at("calls") == (call ? 2 : 1));
    CHECK(contacts[0].at("messages") == (call ? 0 : 1));
    auto events = json_of(p.w.ask("GET", "/v1/events?type=contact.created.v1", {}, {}, p.demo.key))
                      .at("items")
                      .as_array();
    CHECK(events.size() == 1);
    check_book(p.w);
  }
}

TEST_CASE(
    "CON-01 CON-11 calls and messages name their contact, which counts them; talked are answered ones") {
  Phone p;
  for (int n = 1; n <= 3; ++n) {
    auto sid = "CA" + std::to_string(n);
    p.post("voice", p.form(sid));
    auto done = p.form(sid, n == 3 ? "no-answer" : "completed");
    done.emplace_back("CallDuration", n == 3 ? "0" : std::to_string(10 * n));
    p.post("status", done);
  }
  p.post("sms", p.message("SM1", "hi"));
  auto contacts = p.listed("/contacts?search=555-0100");
  REQUIRE(contacts.size() == 1);
  const auto& c = contacts[0].as_object();
  CHECK(c.at("calls") == 3);
  CHECK(c.at("answered_calls") == 2);
  CHECK(c.at("average_duration_s") == 15);
  CHECK(c.at("messages") == 1);
  CHECK(text_at(c, "phone") == "+12125550100");
  CHECK(text_at(c, "source") == "call");
  auto id = text_at(c, "id");
  CHECK(p.listed("/calls?contact=" + id).size() == 3);
  CHECK(p.listed("/messages?contact=" + id).size() == 1);
  CHECK(p.got("/contacts/" + id) == c);
}
