// The TwiML writer, read back by the simulator's reader.
#include "adapters/twilio/twiml.hpp"

#include <doctest/doctest.h>

#include "adapters/twilio/simulator_twiml.hpp"

using namespace ringledger;
using namespace ringledger::twiml;

TEST_CASE("ROU-TWIML: a forwarded call dials the number with the caller's own id") {
  Dial dial;
  dial.targets = {Number{.number = "+14155550100",
                         .url = "https://a.example/whisper?x=1&y=2",
                         .status_callback = {},
                         .status_callback_event = {}}};
  dial.caller_id = "+12125550000";
  dial.answer_on_bridge = true;
  dial.timeout_s = 20;
  CHECK(to_xml({{dial}}) ==
        R"(<?xml version="1.0" encoding="UTF-8"?><Response><Dial timeout="20" callerId="+12125550000" )"
        R"(answerOnBridge="true"><Number url="https://a.example/whisper?x=1&amp;y=2">+14155550100</Number>)"
        R"(</Dial></Response>)");
}

TEST_CASE("ROU-TWIML: every verb is written as Twilio names it") {
  const Response all{{Say{.text = "Hi", .voice = "alice", .language = {}}, Pause{3},
                      Record{.action = "/done",
                             .method = {},
                             .finish_on_key = {},
                             .recording_status_callback = {},
                             .max_length_s = 60,
                             .timeout_s = {},
                             .play_beep = false},
                      Redirect{.url = "/next", .method = "GET"}, Reject{"busy"}, Hangup{}}};
  CHECK(to_xml(all) ==
        R"(<?xml version="1.0" encoding="UTF-8"?><Response><Say voice="alice">Hi</Say><Pause length="3"/>)"
        R"(<Record action="/done" maxLength="60" playBeep="false"/><Redirect method="GET">/next</Redirect>)"
        R"(<Reject reason="busy"/><Hangup/></Response>)");
  CHECK(to_xml({}) == R"(<?xml version="1.0" encoding="UTF-8"?><Response></Response>)");
}

TEST_CASE("ROU-TWIML: no text can break out of its element") {
  const std::string hostile = "</Say><Dial>+1900</Dial>&\"'\x01\n";
  Dial dial;
  dial.targets = {Client{.identity = hostile,
                         .parameters = {{"na\"me", hostile}},
                         .url = {},
                         .status_callback = {},
                         .status_callback_event = {}}};
  const auto read =
      simulated::read_twiml(to_xml({{Say{.text = hostile, .voice = {}, .language = {}}, dial}}));
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].text == "</Say><Dial>+1900</Dial>&\"'\n");
  const auto& client = (*read)[1].children.at(0);
  CHECK(client.children.at(0).text == "</Say><Dial>+1900</Dial>&\"'\n");
  CHECK(client.children.at(1).attribute("name") == "na\"me");
  CHECK(client.children.at(1).attribute("value") == "</Say><Dial>+1900</Dial>&\"'\n");
}

TEST_CASE("ROU-TWIML: what is no TwiML document is refused with the reason") {
  CHECK_FALSE(simulated::read_twiml("hello"));
  CHECK_FALSE(simulated::read_twiml("<Other/>"));
  CHECK_FALSE(simulated::read_twiml("<Response>"));
  CHECK_FALSE(simulated::read_twiml(std::string(70'000, ' ') + "<Response/>"));
  std::string deep = "<Response>";
  for (int i = 0; i < 400; ++i) deep += "<a>";
  CHECK_FALSE(simulated::read_twiml(deep));
}
