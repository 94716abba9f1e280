// Messages whose webhooks never came, at the whole server under a seed: they stand in Twilio's list.
#include <doctest/doctest.h>

#include "support/lost_phone.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

boost::json::object contact(LostPhone& p) {
  auto contacts = p.listed("/contacts");
  REQUIRE(contacts.size() == 1);
  return contacts[0].as_object();
}
std::int64_t seconds(const boost::json::object& o, const std::string& name) {
  auto at = parse_rfc3339(text_at(o, name));
  REQUIRE(at);
  return at->ms / 1000;
}

}  // namespace

TEST_CASE("MSG-01 MSG-02 a message whose webhook was lost is found in Twilio's list, once, with its time") {
  LostPhone p;
  auto came = p.w.clock.now();
  auto sid = p.text("Are you open?");
  p.run(280);  // so long its webhook may still come
  CHECK_FALSE(p.asked("/Messages.json").empty());
  CHECK(p.listed("/messages").empty());
  p.run(420);
  auto messages = p.listed("/messages");
  REQUIRE(messages.size() == 1);
  const auto m = messages[0].as_object();
  CHECK(text_at(m, "provider_sid") == sid);
  CHECK(text_at(m, "body") == "Are you open?");
  CHECK(text_at(m, "from") == "+12125550100");
  CHECK(text_at(m, "outcome") == "received");
  CHECK(text_at(m.at("campaign").as_object(), "name") == "Alpha");
  CHECK(seconds(m, "received_at") == came.ms / 1000);
  CHECK(seconds(p.event("message.received.v1"), "received_at") == came.ms / 1000);
  CHECK(seconds(contact(p), "last_contact_at") == came.ms / 1000);
  auto end = p.end();
  p.run(24 * 3600);
  CHECK(p.end() == end);
  CHECK(p.post("sms", p.message(sid, "Are you open?")).response.status == 200);  // the webhook at last
  CHECK(p.told("message.received.v1").size() == 1);
  CHECK(p.listed("/messages").size() == 1);
}

TEST_CASE("MSG-01 a message that its webhook told of makes no event when it stands in the list, too") {
  LostPhone p;
  auto sid = p.text("STOP");
  REQUIRE(p.post("sms", p.message(sid, "STOP")).response.status == 200);
  auto end = p.end();
  p.run(1'000);
  CHECK(p.asked("/Messages.json").size() >= 3);
  CHECK(p.end() == end);
  const auto told = p.event("message.received.v1");
  const auto* at = told.if_contains("received_at");
  CHECK((!at || at->is_null()));
}

TEST_CASE("MSG-01 what came while the server was down is recorded after its start") {
  LostPhone p;
  p.w.kill();
  auto sid = p.text("STOP");
  REQUIRE(p.w.start());
  p.run(700);
  REQUIRE(p.listed("/messages").size() == 1);
  CHECK(text_at(p.listed("/messages")[0].as_object(), "provider_sid") == sid);
  CHECK(text_at(contact(p), "consent") == "opted_out");
}

TEST_CASE("MSG-01 how long a webhook is waited for, and how often the list is read, is a setting") {
  LostPhone p;
  p.restart({{"twilio.message_list_every_s", "20"}});
  p.text("hi");
  p.run(100);
  CHECK(p.listed("/messages").size() == 1);
  CHECK(p.asked("/Calls.json").size() <= 3);
}

TEST_CASE("CMP-04 a STOP that is found late counts, with the message as evidence and its time") {
  LostPhone p;
  REQUIRE(p.post("sms", p.message("SM1", "START")).response.status == 200);
  p.run(60);
  auto said = p.w.clock.now();
  p.text(" Stop");
  p.run(700);
  const auto c = contact(p);
  CHECK(text_at(c, "consent") == "opted_out");
  CHECK(seconds(c, "consent_at") == said.ms / 1000);
  CHECK(c.at("consent_message") == p.listed("/messages")[0].at("id"));
}

TEST_CASE("CMP-04 a STOP that is found late undoes no START that was said after it") {
  for (bool opted_in_before : {false, true}) {
    CAPTURE(opted_in_before);
    LostPhone p;
    if (opted_in_before) p.post("sms", p.message("SM1", "START"));
    p.run(60);
    p.text("STOP");
    p.run(60);
    REQUIRE(p.post("sms", p.message("SM2", "START")).response.status == 200);
    p.run(900);
    CHECK(p.listed("/messages").size() == (opted_in_before ? 3 : 2));
    CHECK(text_at(contact(p), "consent") == "opted_in");
  }
}

TEST_CASE("CMP-04 a START that is found late lifts no STOP that was repeated after it") {
  LostPhone p;
  p.post("sms", p.message("SM1", "STOP"));
  p.run(60);
  p.text("START");
  p.run(60);
  p.post("sms", p.message("SM2", "STOP"));
  p.run(900);
  CHECK(p.listed("/messages").size() == 3);
  CHECK(text_at(contact(p), "consent") == "opted_out");
}

TEST_CASE("MSG-02 messages to a number whose hooks are not ours, or that is not here, are left alone") {
  LostPhone external(false);
  external.text("hi");
  auto made = external.w.simulator().handle(
      {"POST",
       "/_sim/numbers",
       {},
       R"({"account_sid":")" + external.demo.sid + R"(","phone_number":"+14155550999","type":"local"})"});
  REQUIRE(made.status == 201);
  external.text("hi", "+14155550999");
  external.run(700);
  CHECK(external.asked("/Messages.json").size() >= 2);
  CHECK(external.listed("/messages").empty());
  CHECK(external.told("message.received.v1").empty());
}

TEST_CASE("MSG-02 what was found of a message from before a number moved is not the new campaign's") {
  LostPhone p;
  p.text("hi");
  p.run(100);
  p.moves();
  p.run(700);
  REQUIRE(p.listed("/messages").size() == 1);
  CHECK(p.listed("/messages")[0].at("campaign").is_null());
}

TEST_CASE("MSG-01 a long list of messages is read over all its pages; a failing Twilio only delays it") {
  LostPhone p;
  constexpr int lost = 1'100;  // 1,000 on a page
  for (int i = 0; i < lost; ++i) p.text("hi");
  p.fault(R"({"resource":"Messages","status":503,"times":7})");
  p.run(1'500);
  CHECK(p.got("/messages?limit=1").at("total") == lost);
  CHECK(p.asked("/Messages.json").size() > 7);
  CHECK_FALSE(p.asked("PageToken=").empty());
  CHECK(p.listed("/contacts").size() == 1);
}
