// TwilioCarrier against the simulator, and against answers that Twilio could give.
#include "adapters/twilio/twilio_carrier.hpp"

#include <doctest/doctest.h>

#include <set>

#include "adapters/twilio/twilio_json.hpp"
#include "support/linked.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using Kind = CarrierFailure::Kind;

TEST_CASE("IMP-01 all numbers of the account are listed, over all pages") {
  Linked world;
  std::set<std::string> made;
  for (int i = 0; i < 2101; ++i) made.insert(world.add_number("+1415" + std::to_string(5550000 + i)));
  int pages = 0;
  world.http.before = [&](const HttpCall&) { ++pages; };
  const auto listed = world.carrier.list_numbers(world.who());
  REQUIRE(listed);
  std::set<std::string> seen;
  for (const auto& number : *listed) seen.insert(number.sid);
  CHECK(listed->size() == 2101);
  CHECK(seen == made);
  CHECK(pages == 3);
}

TEST_CASE("IMP-11 credentials are checked at the provider") {
  Linked world;
  const auto account = world.carrier.verify(world.who());
  REQUIRE(account);
  CHECK(account->status == "active");
  CHECK(account->type == "Full");
  const auto wrong = world.carrier.verify({world.sid, "wrong"});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == Kind::invalid_credentials);
  CHECK(wrong.error().error.code == 20003);
}

TEST_CASE("XFR-03 a number is looked up by its exact E.164 in one account") {
  Linked world;
  const auto sid = world.add_number("+442079460001", R"(,"type":"local")");
  world.add_number("+4420794600012");
  const auto found = world.carrier.find_number(world.who(), E164{"+442079460001"});
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->sid == sid);
  const auto none = world.carrier.find_number(world.who(), E164{"+44207946000"});
  REQUIRE(none);
  CHECK_FALSE(*none);
}

TEST_CASE("ASG-02 hooks, name and lookup are set in one update, and read back") {
  Linked world;
  const auto sid =
      world.add_number("+14155550100", R"(,"trunk_sid":"TK1","capabilities":{"voice":true,"mms":true})");
  ProviderUpdate update;
  update.friendly_name = "Räder & Söhne";
  update.voice_url = "https://a.example/voice?x=1&y=%20";
  update.voice_method = "GET";
  update.voice_application_sid = "";
  update.trunk_sid = "";
  update.voice_caller_id_lookup = true;
  const auto updated = world.carrier.update_number(world.who(), sid, update);
  REQUIRE(updated);
  const auto fetched = world.carrier.fetch_number(world.who(), sid);
  REQUIRE(fetched);
  CHECK(fetched->settings == updated->settings);
  CHECK(fetched->settings.friendly_name == "Räder & Söhne");
  CHECK(fetched->settings.hooks.voice_url == "https://a.example/voice?x=1&y=%20");
  CHECK(fetched->settings.hooks.voice_method == "GET");
  CHECK(fetched->settings.hooks.trunk_sid.empty());
  CHECK(fetched->settings.voice_caller_id_lookup);
  CHECK(fetched->capabilities ==
        numbers::Capabilities{.voice = true, .sms = false, .mms = true, .fax = false});
  CHECK(fetched->number_type == numbers::NumberType::local);
}

TEST_CASE("IMP-12 every hook is written under Twilio's name for it and read back") {
  Linked world;
  const auto sid = world.add_number("+14155550100");
  ProviderUpdate update;
  each_hook(update, numbers::ProviderHooks{}, [](std::string_view name, auto& value, const auto&) {
    value = name.ends_with("_method") ? "GET" : "https://a.example/" + std::string(name);
  });
  update.trunk_sid.reset();  // excludes the application
  REQUIRE(world.carrier.update_number(world.who(), sid, update));
  const auto fetched = world.carrier.fetch_number(world.who(), sid);
  REQUIRE(fetched);
  each_hook(update, fetched->settings.hooks, [](std::string_view name, const auto& wanted, const auto& is) {
    CAPTURE(name);
    CHECK(is == wanted.value_or(""));
  });
}

TEST_CASE("ASG-02 a field that is absent from an update is left alone") {
  Linked world;
  const auto sid =
      world.add_number("+14155550100", R"(,"voice_url":"https://theirs.example/v","friendly_name":"T")");
  ProviderUpdate update;
  update.status_callback = "https://ours.example/s";
  const auto updated = world.carrier.update_number(world.who(), sid, update);
  REQUIRE(updated);
  CHECK(updated->settings.hooks.voice_url == "https://theirs.example/v");
  CHECK(updated->settings.friendly_name == "T");
  CHECK(updated->settings.hooks.status_callback == "https://ours.example/s");
}

TEST_CASE("CNA-08 a refused lookup is told as refused with Twilio's code") {
  Linked world;
  const auto sid = world.add_number("+18885550100");
  ProviderUpdate update;
  update.voice_caller_id_lookup = true;
  const auto refused = world.carrier.update_number(world.who(), sid, update);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Kind::refused);
  CHECK(refused.error().error.code == 21409);
  CHECK(refused.error().error.more_info == "https://www.twilio.com/docs/errors/21409");
}

TEST_CASE("DEL-03 releasing succeeds also when the number was gone already") {
  Linked world;
  const auto sid = world.add_number("+14155550100");
  CHECK(world.carrier.release_number(world.who(), sid));
  CHECK(world.carrier.release_number(world.who(), sid));
  const auto fetched = world.carrier.fetch_number(world.who(), sid);
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().kind == Kind::gone);
}

TEST_CASE("DEL-07 a lost answer is unavailable, though the work was done") {
  Linked world;
  const auto sid = world.add_number("+14155550100");
  world.fault(R"({"resource":"IncomingPhoneNumbers","method":"DELETE","drop_answer":true})");
  const auto released = world.carrier.release_number(world.who(), sid);
  REQUIRE_FALSE(released);
  CHECK(released.error().kind == Kind::unavailable);
  CHECK(world.carrier.fetch_number(world.who(), sid).error().kind == Kind::gone);
}

TEST_CASE("SYN-04 failures are told apart by status and by Twilio's code") {
  Linked world;
  const auto sid = world.add_number("+14155550100");
  const auto kind = [&](const std::string& fault) {
    world.fault(fault);
    const auto failed = world.carrier.fetch_number(world.who(), sid);
    REQUIRE_FALSE(failed);
    return failed.error();
  };
  CHECK(kind(R"({"status":429,"retry_after_s":7})").kind == Kind::unavailable);
  CHECK(kind(R"({"status":429,"retry_after_s":7})").retry_after_s == 7);
  CHECK(kind(R"({"status":500,"times":3})").kind == Kind::unavailable);
  CHECK(kind(R"({"status":503,"times":3})").kind == Kind::unavailable);
  CHECK(kind(R"({"status":401})").kind == Kind::invalid_credentials);
  CHECK(kind(R"({"status":403,"code":20003})").kind == Kind::invalid_credentials);
  CHECK(kind(R"({"status":404})").kind == Kind::gone);
  CHECK(kind(R"({"status":400,"code":20404})").kind == Kind::gone);
  CHECK(kind(R"({"status":400,"code":21404})").kind == Kind::refused);
  CHECK(kind(R"({"status":409,"times":3})").kind == Kind::unavailable);
  CHECK(world.carrier.fetch_number(world.who(), sid));
}

TEST_CASE("IMP-01 reading is repeated when Twilio is busy, with growing pauses; writing never") {
  Linked world;
  const auto sid = world.add_number("+14155550100");
  int calls = 0;
  world.http.before = [&](const HttpCall&) { ++calls; };
  world.fault(R"({"status":429,"times":2})");
  CHECK(world.carrier.list_numbers(world.who()));
  CHECK(calls == 3);
  REQUIRE(world.http.pauses.size() == 2);
  CHECK(world.http.pauses[0] <= 100);
  CHECK(world.http.pauses[1] <= 200);
  world.fault(R"({"status":429,"times":4})");
  CHECK_FALSE(world.carrier.fetch_number(world.who(), sid));
  CHECK(calls == 6);
  CHECK_FALSE(world.carrier.update_number(world.who(), sid, {}));
  CHECK(calls == 7);
  CHECK(world.carrier.verify(world.who()));
}

TEST_CASE("IMP-01 reading is not repeated when Twilio asks for a long pause, or gives no answer at all") {
  Linked world;
  int calls = 0;
  world.http.before = [&](const HttpCall&) { ++calls; };
  world.fault(R"({"status":429,"retry_after_s":30})");
  CHECK(world.carrier.list_numbers(world.who()).error().retry_after_s == 30);
  world.fault(R"({"drop_answer":true})");
  CHECK_FALSE(world.carrier.list_numbers(world.who()));
  CHECK(calls == 2);
  world.fault(R"({"status":429,"retry_after_s":2})");
  CHECK(world.carrier.list_numbers(world.who()));
  CHECK(world.http.pauses.back() > 2000);
}

TEST_CASE("SYN-04 Twilio's name for the request comes with every outcome") {
  Linked world;
  const auto sid = world.add_number("+14155550100");
  const auto updated = world.carrier.update_number(world.who(), sid, {});
  REQUIRE(updated);
  CHECK_FALSE(updated->request_id.empty());
  CHECK_FALSE(world.carrier.release_number(world.who(), sid)->request_id.empty());
  CHECK_FALSE(world.carrier.release_number(world.who(), sid)->request_id.empty());  // gone already
  CHECK_FALSE(world.carrier.update_number(world.who(), sid, {}).error().request_id.empty());
}

TEST_CASE("SYN-04 an answer that makes no sense never crashes and is unavailable") {
  for (const auto* body : {"", "[]", "{", "null", R"({"sid":5})", R"({"sid":"PN1","phone_number":"nope"})"}) {
    Canned canned({.status = 200, .headers = {}, .body = body});
    const auto got = canned.carrier.fetch_number({"AC1", "t"}, "PN1");
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == Kind::unavailable);
  }
  Canned html(
      {.status = 502, .headers = {{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}}, .body = "<html>"});
  const auto got = html.carrier.fetch_number({"AC1", "t"}, "PN1");
  REQUIRE_FALSE(got);
  CHECK(got.error().error.message == "HTTP status 502");
  CHECK(got.error().retry_after_s == 0);
}

TEST_CASE("SYN-04 Twilio's code decides where it says more than the status, else the status") {
  struct Row {
    int status, code;  ///< 0: none
    Kind kind;
  };
  const Row rows[] = {{400, 20409, Kind::unavailable},
                      {400, 20429, Kind::unavailable},
                      {400, 20500, Kind::unavailable},
                      {400, 20503, Kind::unavailable},
                      {400, 21501, Kind::unavailable},
                      {400, 59004, Kind::unavailable},
                      {403, 20003, Kind::invalid_credentials},
                      {401, 0, Kind::invalid_credentials},
                      {400, 20404, Kind::gone},
                      {302, 0, Kind::unavailable},
                      {408, 0, Kind::unavailable},
                      {429, 0, Kind::unavailable},
                      {429, 99999, Kind::unavailable},
                      {500, 0, Kind::unavailable},
                      {502, 99999, Kind::unavailable},
                      {599, 0, Kind::unavailable},
                      {400, 0, Kind::refused},
                      {400, 21401, Kind::refused},
                      {400, 21211, Kind::refused},
                      {400, 21409, Kind::refused},
                      {403, 0, Kind::refused},
                      {404, 21404, Kind::unavailable},
                      {405, 20004, Kind::refused},
                      {422, 0, Kind::refused}};
  for (const auto& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.code);
    auto body = row.code == 0 ? std::string("no JSON") : R"({"code":)" + std::to_string(row.code) + "}";
    Canned canned({.status = row.status, .headers = {}, .body = body});
    const auto got = canned.carrier.update_number({"AC1", "t"}, "PN1", {});
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == row.kind);
    CHECK(got.error().error.code == row.code);
  }
}

TEST_CASE("SYN-04 a pause that Twilio asks for is at most an hour") {
  for (auto [sent, understood] :
       {std::pair("7", 7), {"3600", 3600}, {"999999", 3600}, {"-5", 0}, {"soon", 0}}) {
    Canned canned({.status = 429, .headers = {{"Retry-After", sent}}, .body = ""});
    CHECK(canned.carrier.update_number({"AC1", "t"}, "PN1", {}).error().retry_after_s == understood);
  }
}

TEST_CASE("DEL-03 a number is gone only when Twilio itself says so: another 404 is tried again") {
  struct Row {
    int status;
    const char* body;
    bool gone;
  };
  for (const auto& row : {Row{404, R"({"code":20404,"message":"not found","status":404})", true},
                          Row{404, R"({"type":"t","title":"Not found","status":404,"code":20404})", true},
                          Row{404, "<html>404 Not Found</html>", false}, Row{404, "", false},
                          Row{404, R"({"message":"no route"})", false}, Row{404, R"({"code":404})", false},
                          Row{200, "<html>Log in to the network</html>", false}}) {
    CAPTURE(row.body);
    Canned canned({.status = row.status, .headers = {}, .body = row.body});
    const auto released = canned.carrier.release_number({"AC1", "t"}, "PN1");
    CHECK(released.has_value() == row.gone);
    if (!released) CHECK(released.error().kind == Kind::unavailable);
    const auto fetched = canned.carrier.fetch_number({"AC1", "t"}, "PN1");
    REQUIRE_FALSE(fetched);
    CHECK(fetched.error().kind == (row.gone ? Kind::gone : Kind::unavailable));
  }
}

TEST_CASE("IMP-12 credentials in a hook's URL are read apart from it") {
  const auto number = twilio::read_number(
      R"({"sid":"PN1","phone_number":"+14155550100","voice_url":"https://u:secret@theirs.example/v"})");
  REQUIRE(number);
  CHECK(number->settings.hooks.voice_url == "https://***@theirs.example/v");
  CHECK(numbers::unmasked(number->settings.hooks).voice_url == "https://u:secret@theirs.example/v");
}

TEST_CASE("IMP-01 null and absent fields, upper-case capabilities and new fields are read") {
  const auto number = twilio::read_number(
      R"({"sid":"PN1","phone_number":"+14155550100","capabilities":{"SMS":true,"Voice":true,"fax":null},)"
      R"("voice_url":null,"type":"TollFree","brand_new":{"x":1},"voice_caller_id_lookup":null})");
  REQUIRE(number);
  CHECK(number->capabilities ==
        numbers::Capabilities{.voice = true, .sms = true, .mms = false, .fax = false});
  CHECK(number->number_type == numbers::NumberType::toll_free);
  CHECK(number->settings.hooks.voice_url.empty());
  CHECK(twilio::read_number_type("martian") == numbers::NumberType::unknown);
  CHECK(twilio::read_number_type("machine_to_machine") == numbers::NumberType::machine_to_machine);
}

TEST_CASE("IMP-01 pages that circle or lead to another host end in a failure, not in a loop") {
  for (const auto* next : {"/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?PageSize=1000",
                           "https://evil.example/x", "//evil.example/x"}) {
    Canned canned({.status = 200,
                   .headers = {},
                   .body = std::string(R"({"incoming_phone_numbers":[],"next_page_uri":")") + next + "\"}"},
                  "/IncomingPhoneNumbers.json");
    const auto listed = canned.carrier.list_numbers({"AC1", "t"});
    REQUIRE_FALSE(listed);
    CHECK(listed.error().kind == Kind::unavailable);
    CHECK(canned.http.seen.size() == 1);
  }
}

TEST_CASE("IMP-01 a list without an end is given up") {
  Canned canned({.status = 200, .headers = {}, .body = ""}, "/IncomingPhoneNumbers.json");
  canned.http.meanwhile = [&] {
    const auto next =
        "/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?Page=" + std::to_string(canned.http.seen.size());
    canned.http.answers.begin()->second.body =
        R"({"incoming_phone_numbers":[],"next_page_uri":")" + next + "\"}";
    REQUIRE(canned.http.seen.size() <= 100'000);
  };
  const auto listed = canned.carrier.list_numbers({"AC1", "t"});
  REQUIRE_FALSE(listed);
  CHECK(listed.error().kind == Kind::unavailable);
  CHECK(canned.http.seen.size() == TwilioCarrier::max_pages);
}

TEST_CASE("IMP-11 credentials are sent as Basic authentication and the account cannot leave its segment") {
  ScriptedHttp http;
  TwilioCarrier carrier(http, "https://api.twilio.com");
  CHECK_FALSE(carrier.verify({"AC1/../x", "se:cret"}));
  REQUIRE(http.seen.size() == 1);
  CHECK(http.seen[0].url == "https://api.twilio.com/2010-04-01/Accounts/AC1%2F..%2Fx.json");
  CHECK(http.seen[0].headers[0].second == "Basic " + base64_encode("AC1/../x:se:cret"));
}
