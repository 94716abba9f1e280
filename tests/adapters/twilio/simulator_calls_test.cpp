// The callers' side of the simulator: signed webhooks, TwiML followed, callbacks (twilio.md B.10, B.12).
#include <doctest/doctest.h>

#include "adapters/twilio/signature.hpp"
#include "support/simulated.hpp"

using namespace ringledger;
using namespace ringledger::testing;
namespace json = boost::json;

namespace {

const std::string voice = "https://a.example/voice", status = "https://a.example/status";

struct Calling : World {
  std::string number;
  explicit Calling(const std::string& more = "") {
    number = add_number("+14155550100",
                        R"(,"voice_url":")" + voice + R"(","status_callback":")" + status + "\"" + more);
    web.answers[status] = {.status = 204, .headers = {}, .body = ""};
  }
  json::object call(const std::string& more = "") {
    return control("POST", "calls", R"({"from":"+12125550000","to":"+14155550100")" + more + "}");
  }
  [[nodiscard]] FormFields form(std::size_t i) const { return form_decode(web.seen.at(i).body); }
};

std::string header(const HttpCall& call, std::string_view name) {
  for (const auto& [key, value] : call.headers)
    if (key == name) return value;
  return "";
}

std::string call_status(const json::object& answer) { return World::text(answer.at("call").at("status")); }

std::vector<std::string> events(const json::object& answer) {
  std::vector<std::string> out;
  for (const auto& step : answer.at("transcript").as_array()) out.push_back(World::text(step.at("event")));
  return out;
}

}  // namespace

TEST_CASE("RTE-01 a call asks the number's VoiceUrl with a right signature and dials what it says") {
  Calling world;
  world.web.twiml(voice, R"(<Dial callerId="+12125550000"><Number>+13105550199</Number></Dial>)");
  const auto answer = world.call(R"(,"duration_s":42,"answer":"human")");
  CHECK(world.last.status == 201);
  CHECK(call_status(answer) == "completed");
  CHECK(events(answer) == std::vector<std::string>{"voice_webhook", "dial", "dial_ended", "status_callback"});
  REQUIRE(world.web.seen.size() == 2);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(header(world.web.seen[i], "X-Twilio-Signature") ==
          twilio::sign(world.token, world.web.seen[i].url, world.form(i)));
  const auto asked = world.form(0), told = world.form(1);
  CHECK(form_value(asked, "CallStatus") == "ringing");
  CHECK(form_value(asked, "AccountSid") == world.sid);
  CHECK(form_value(asked, "From") == "+12125550000");
  CHECK(form_value(asked, "To") == "+14155550100");
  CHECK(form_value(asked, "Direction") == "inbound");
  CHECK(form_value(told, "CallStatus") == "completed");
  CHECK(form_value(told, "CallDuration") == "47");
  CHECK(form_value(told, "CallSid") == form_value(asked, "CallSid"));
  CHECK(form_value(told, "SequenceNumber") == "0");
  const auto listed = world.rest("GET", "/Calls.json").at("calls").as_array();
  REQUIRE(listed.size() == 2);
  CHECK(World::text(listed[0].at("direction")) == "outbound-dial");
  CHECK(World::text(listed[0].at("duration")) == "42");
  CHECK(World::text(listed[0].at("parent_call_sid")) == World::text(listed[1].at("sid")));
  CHECK(World::text(listed[1].at("phone_number_sid")) == world.number);
}

TEST_CASE("CNA-03 the caller's name is told only while the lookup is on") {
  Calling off, on(R"(,"voice_caller_id_lookup":true)");
  for (auto* world : {&off, &on}) {
    world->web.twiml(voice, "<Hangup/>");
    world->call(R"(,"caller_name":"JANE DOE")");
  }
  CHECK_FALSE(form_has(off.form(0), "CallerName"));
  CHECK(form_value(on.form(0), "CallerName") == "JANE DOE");
}

TEST_CASE("RTE-02 busy, unanswered and failed forwards end the call as such when answered on bridge") {
  for (const std::string outcome : {"busy", "no-answer", "failed"}) {
    Calling world;
    world.web.twiml(voice, R"(<Dial answerOnBridge="true">+13105550199</Dial>)");
    CHECK(call_status(world.call(R"(,"answer":")" + outcome + "\"")) == outcome);
    CHECK(form_value(world.form(1), "CallStatus") == outcome);
    CHECK(form_value(world.form(1), "CallDuration") == "0");
  }
}

TEST_CASE("RTE-02 the dial's action is asked with the outcome and its verbs come next") {
  Calling world;
  world.web.twiml(voice, R"(<Dial action="/after?x=1" timeout="20">+13105550199</Dial><Say>never</Say>)");
  world.web.twiml("https://a.example/after", "<Say>Leave a message</Say><Hangup/>");
  const auto answer = world.call(R"(,"answer":"no-answer")");
  CHECK(events(answer) == std::vector<std::string>{"voice_webhook", "dial", "dial_ended", "voice_webhook",
                                                   "say", "hangup", "status_callback"});
  CHECK(world.web.seen[1].url == "https://a.example/after?x=1");
  CHECK(form_value(world.form(1), "DialCallStatus") == "no-answer");
  CHECK(form_value(world.form(1), "DialBridged") == "false");
  CHECK_FALSE(form_has(world.form(1), "DialCallDuration"));
}

TEST_CASE("WHK-03 an action is tried again as its fragment says, which is neither sent nor signed") {
  const std::vector<std::pair<std::string, int>> policies{{"#rc=3&amp;rp=ct,rt,5xx", 4},
                                                          {"#rc=2&amp;rp=all", 3},
                                                          {"#rc=3&amp;rp=ct,4xx", 1},
                                                          {"#rc=x", 1},
                                                          {"", 1}};
  for (const auto& [fragment, tries] : policies) {
    CAPTURE(fragment);
    Calling world;
    world.web.twiml(voice, R"(<Dial action="/after)" + fragment + R"(">+13105550199</Dial>)");
    world.web.answers["https://a.example/after"] = {.status = 503, .headers = {}, .body = ""};
    world.call(R"(,"answer":"no-answer")");
    REQUIRE(world.web.seen.size() == static_cast<std::size_t>(tries + 2));  // the call's, and its end
    for (int i = 1; i <= tries; ++i) {
      const auto& again = world.web.seen[static_cast<std::size_t>(i)];
      CHECK(again.url == "https://a.example/after");
      CHECK(again.body == world.web.seen[1].body);
      CHECK(header(again, "X-Twilio-Signature") == twilio::sign(world.token, again.url, world.form(1)));
      CHECK(header(again, "I-Twilio-Idempotency-Token") ==
            header(world.web.seen[1], "I-Twilio-Idempotency-Token"));
    }
  }
}

TEST_CASE("PRK-01 a parked number rejects: the call is never answered") {
  Calling world;
  world.web.twiml(voice, R"(<Reject reason="rejected"/>)");
  const auto rejected = world.call();
  CHECK(call_status(rejected) == "no-answer");
  CHECK(World::text(rejected.at("call").at("duration")) == "0");
  world.web.twiml(voice, R"(<Reject reason="busy"/>)");
  CHECK(call_status(world.call()) == "busy");
}

TEST_CASE("RTE-03 redirects are followed, relative ones too, and not for ever") {
  Calling world;
  world.web.twiml(voice, R"(<Redirect method="GET">next?step=2</Redirect>)");
  world.web.twiml("https://a.example/next", "<Say>Hello</Say>");
  const auto answer = world.call();
  CHECK(call_status(answer) == "completed");
  CHECK(world.web.seen[1].method == "GET");
  CHECK(world.web.seen[1].url.starts_with("https://a.example/next?step=2&CallSid="));
  CHECK(header(world.web.seen[1], "X-Twilio-Signature") ==
        twilio::sign(world.token, world.web.seen[1].url, {}));
  world.web.twiml(voice, "<Redirect/>");
  CHECK(call_status(world.call()) == "failed");
}

TEST_CASE("RTE-04 when the VoiceUrl fails the fallback is asked, and told why") {
  Calling world(R"(,"voice_fallback_url":"https://a.example/fallback")");
  world.web.answers[voice] = {.status = 500, .headers = {}, .body = ""};
  world.web.twiml("https://a.example/fallback", "<Say>Sorry</Say>");
  CHECK(call_status(world.call()) == "completed");
  CHECK(form_value(world.form(1), "ErrorUrl") == voice);
  world.web.answers.erase("https://a.example/fallback");
  CHECK(call_status(world.call()) == "failed");
}

TEST_CASE("ASG-02 an application's hooks win over the number's; a trunk hears no webhook") {
  Calling world;
  const auto app = world.rest("POST", "/Applications.json",
                              {{"VoiceUrl", "https://app.example/v"}, {"FriendlyName", "a"}});
  const auto target = "/IncomingPhoneNumbers/" + world.number + ".json";
  world.rest("POST", target, {{"VoiceApplicationSid", World::text(app.at("sid"))}});
  world.web.twiml("https://app.example/v", "<Hangup/>");
  world.call();
  CHECK(world.web.seen.at(0).url == "https://app.example/v");
  world.rest("POST", target, {{"TrunkSid", "TK1"}});
  world.web.seen.clear();
  CHECK(events(world.call()).front() == "trunk");
  CHECK(world.web.seen.size() == 1);
}

TEST_CASE("RNG-01 all agents are rung; legs tell their progress in order, and the first one wins") {
  Calling world;
  world.web.answers["https://a.example/leg"] = {.status = 204, .headers = {}, .body = ""};
  world.web.twiml(voice,
                  R"(<Dial><Client statusCallback="/leg" statusCallbackEvent="initiated answered completed">)"
                  R"(w1_u1</Client>)"
                  R"(<Client><Identity>w1_u2</Identity></Client></Dial>)");
  const auto answer = world.call();
  std::vector<std::string> told;
  for (std::size_t i = 1; i < 4; ++i)
    told.push_back(std::string(form_value(world.form(i), "CallStatus")) +
                   std::string(form_value(world.form(i), "SequenceNumber")));
  CHECK(told == std::vector<std::string>{"initiated0", "in-progress2", "completed3"});
  CHECK(form_value(world.form(1), "To") == "client:w1_u1");
  const auto legs = world.rest("GET", "/Calls.json?ParentCallSid=" + World::text(answer.at("call").at("sid")))
                        .at("calls")
                        .as_array();
  REQUIRE(legs.size() == 2);
  CHECK(World::text(legs[0].at("status")) == "canceled");
  CHECK(World::text(legs[1].at("status")) == "completed");
}

TEST_CASE("RTE-05 voicemail is recorded and told") {
  Calling world;
  world.web.answers["https://a.example/rec"] = {.status = 200, .headers = {}, .body = ""};
  world.web.twiml(voice, R"(<Record maxLength="30" action="/done" recordingStatusCallback="/rec"/>)");
  world.web.twiml("https://a.example/done", "<Hangup/>");
  world.call(R"(,"duration_s":100)");
  CHECK(form_value(world.form(1), "RecordingStatus") == "completed");
  CHECK(form_value(world.form(2), "RecordingDuration") == "30");
  CHECK(form_value(world.form(2), "RecordingSid") == form_value(world.form(1), "RecordingSid"));
}

TEST_CASE("SYN-05 calls are listed by party, status and time") {
  Calling world;
  world.web.twiml(voice, "<Hangup/>");
  world.call();
  world.control("POST", "clock", R"({"advance_s":172800})");
  world.call();
  const auto count = [&](const std::string& query) {
    return world.rest("GET", "/Calls.json?" + query).at("calls").as_array().size();
  };
  CHECK(count("") == 2);
  CHECK(count("To=%2B14155550100") == 2);
  CHECK(count("From=%2B19995550000") == 0);
  CHECK(count("Status=completed") == 2);
  CHECK(count("StartTime%3E=2023-11-15") == 1);
  CHECK(count("StartTime%3C=2023-11-15") == 1);
  CHECK(count("StartTime=2023-11-14") == 1);
  CHECK(count("EndTime%3E=2023-11-16T22:13:20Z") == 1);
  CHECK(count("EndTime%3E=2023-11-16T22:13:21Z") == 0);
}

TEST_CASE("SIM-15 a webhook's receiver may call the simulator while the call is under way") {
  Calling world;
  world.web.twiml(voice, "<Hangup/>");
  world.web.meanwhile = [&] { CHECK(world.simulator->handle({"GET", "/_sim/clock", {}, ""}).status == 200); };
  CHECK(call_status(world.call()) == "completed");
}

TEST_CASE("SIM-15 a call order that makes no sense is refused") {
  Calling world;
  for (const auto* body :
       {"{}", R"({"from":"+1","to":"+14155550100","answer":"maybe"})", R"({"from":1,"to":"+14155550100"})",
        R"({"from":"+1","to":"+14155550100","duration_s":-1})"}) {
    world.control("POST", "calls", body);
    CHECK(world.last.status == 400);
  }
  world.control("POST", "calls", R"({"from":"+12125550000","to":"+19995550100"})");
  CHECK(world.last.status == 404);
  CHECK(world.web.seen.empty());
}

TEST_CASE("CMP-02 an inbound message is told to the SmsUrl and listed") {
  Calling world(R"(,"sms_url":"https://a.example/sms")");
  world.web.twiml("https://a.example/sms", "<Message>Thanks</Message>");
  const auto answer = world.control(
      "POST", "messages", R"({"from":"+12125550000","to":"+14155550100","body":"STOP","num_media":1})");
  CHECK(world.last.status == 201);
  CHECK(World::text(answer.at("message").at("sid")).starts_with("MM"));
  CHECK(events(answer) == std::vector<std::string>{"sms_webhook", "message"});
  CHECK(form_value(world.form(0), "Body") == "STOP");
  CHECK(form_value(world.form(0), "NumMedia") == "1");
  CHECK(form_has(world.form(0), "MediaUrl0"));
  CHECK(header(world.web.seen[0], "X-Twilio-Signature") ==
        twilio::sign(world.token, world.web.seen[0].url, world.form(0)));
  CHECK(world.rest("GET", "/Messages.json?From=%2B12125550000").at("messages").as_array().size() == 1);
}

TEST_CASE("a webhook that a fault drops is never sent; requests to us do not use that fault up") {
  Calling world;
  world.web.twiml(voice, "<Hangup/>");
  world.control("POST", "faults", R"({"resource":"StatusCallback","drop_request":true})");
  CHECK(world.last.status == 201);
  CHECK(world.rest("GET", "/Calls.json").at("calls").as_array().empty());
  const auto dropped = world.call();
  CHECK(call_status(dropped) == "completed");
  CHECK(world.web.seen.size() == 1);
  const auto logged = world.control("GET", "requests").at("items").as_array().back().as_object();
  CHECK(logged.at("dropped") == true);
  world.call();
  CHECK(world.web.seen.size() == 3);
  world.control("POST", "faults", R"({"resource":"VoiceUrl","drop_request":true})");
  CHECK(call_status(world.call()) == "failed");
  world.control("POST", "faults", R"({"drop_request":true,"status":500})");
  CHECK(world.last.status == 400);
}
