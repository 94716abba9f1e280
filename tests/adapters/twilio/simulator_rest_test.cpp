// The simulator's REST side: Twilio's shapes, rules, paging and errors (twilio.md B.1 to B.4, B.7).
#include <doctest/doctest.h>

#include <set>

#include "support/simulated.hpp"

using namespace ringledger;
using namespace ringledger::testing;
namespace json = boost::json;

namespace {

std::string text(const json::object& object, std::string_view name) { return World::text(object.at(name)); }

std::vector<std::string> phones(const json::object& page) {
  std::vector<std::string> out;
  for (const auto& item : page.at("incoming_phone_numbers").as_array())
    out.push_back(text(item.as_object(), "phone_number"));
  return out;
}

void add_numbers(World& world, int count) {
  for (int i = 0; i < count; ++i) world.add_number("+1415555" + std::to_string(1000 + i));
}

json::object follow(World& world, const json::value& uri) {
  return world.raw("GET", World::text(uri), {}, world.sid + ":" + world.token);
}

}  // namespace

TEST_CASE("SIM-01 a number has every field that Twilio answers") {
  World world;
  const auto sid = world.add_number("+14155550100", R"(,"voice_url":"https://a.example/v")");
  const auto number = world.rest("GET", "/IncomingPhoneNumbers/" + sid + ".json");
  CHECK(world.last.status == 200);
  for (const auto* field : {"account_sid",
                            "address_sid",
                            "address_requirements",
                            "api_version",
                            "beta",
                            "capabilities",
                            "date_created",
                            "date_updated",
                            "friendly_name",
                            "identity_sid",
                            "phone_number",
                            "origin",
                            "sid",
                            "sms_application_sid",
                            "sms_fallback_method",
                            "sms_fallback_url",
                            "sms_method",
                            "sms_url",
                            "status_callback",
                            "status_callback_method",
                            "trunk_sid",
                            "uri",
                            "voice_receive_mode",
                            "voice_application_sid",
                            "voice_caller_id_lookup",
                            "voice_fallback_method",
                            "voice_fallback_url",
                            "voice_method",
                            "voice_url",
                            "emergency_status",
                            "emergency_address_sid",
                            "emergency_address_status",
                            "bundle_sid",
                            "status",
                            "type",
                            "subresource_uris"})
    CHECK_MESSAGE(number.contains(field), field);
  CHECK(number.size() == 36);
  CHECK(text(number, "friendly_name") == "(415) 555-0100");
  CHECK(text(number, "date_created") == "Tue, 14 Nov 2023 22:13:20 +0000");
  CHECK(text(number, "uri") ==
        "/2010-04-01/Accounts/" + world.sid + "/IncomingPhoneNumbers/" + sid + ".json");
  CHECK(number.at("trunk_sid").is_null());
  CHECK(sid.size() == 34);
  CHECK(sid.starts_with("PN"));
}

TEST_CASE("SIM-02 lists are paged like Twilio's, newest first, to the end and back") {
  World world;
  add_numbers(world, 7);
  auto page = world.rest("GET", "/IncomingPhoneNumbers.json?PageSize=3");
  CHECK(phones(page) == std::vector<std::string>{"+14155551006", "+14155551005", "+14155551004"});
  CHECK(page.at("page") == 0);
  CHECK(page.at("page_size") == 3);
  CHECK(page.at("start") == 0);
  CHECK(page.at("end") == 2);
  CHECK(page.at("previous_page_uri").is_null());
  CHECK(text(page, "next_page_uri")
            .starts_with("/2010-04-01/Accounts/" + world.sid +
                         "/IncomingPhoneNumbers.json?PageSize=3&Page=1&PageToken=PAPN"));
  page = follow(world, page.at("next_page_uri"));
  CHECK(phones(page) == std::vector<std::string>{"+14155551003", "+14155551002", "+14155551001"});
  CHECK(page.at("start") == 3);
  CHECK(page.at("end") == 5);
  const auto second = page;
  page = follow(world, page.at("next_page_uri"));
  CHECK(phones(page) == std::vector<std::string>{"+14155551000"});
  CHECK(page.at("next_page_uri").is_null());
  page = follow(world, page.at("previous_page_uri"));
  CHECK(phones(page) == phones(second));
  page = follow(world, page.at("previous_page_uri"));
  CHECK(phones(page).front() == "+14155551006");
  page = world.rest("GET", "/IncomingPhoneNumbers.json?PageSize=3&Page=2");
  CHECK(phones(page) == std::vector<std::string>{"+14155551000"});
}

TEST_CASE("SIM-02 a page that is exactly full is the last one") {
  World world;
  add_numbers(world, 3);
  CHECK(world.rest("GET", "/IncomingPhoneNumbers.json?PageSize=3").at("next_page_uri").is_null());
  CHECK(world.rest("GET", "/IncomingPhoneNumbers.json").at("page_size") == 50);
  CHECK(world.rest("GET", "/IncomingPhoneNumbers.json?PageSize=5000").at("page_size") == 1000);
  world.rest("GET", "/IncomingPhoneNumbers.json?PageSize=x");
  CHECK(world.last.status == 400);
  world.rest("GET", "/IncomingPhoneNumbers.json?PageToken=PAforged");
  CHECK(world.last.status == 400);
}

TEST_CASE("SIM-02 what comes and goes between two pages neither repeats nor hides a number") {
  World world;
  add_numbers(world, 6);
  const auto first = world.rest("GET", "/IncomingPhoneNumbers.json?PageSize=2");
  world.add_number("+14155552000");
  for (const auto& item : first.at("incoming_phone_numbers").as_array())
    world.rest("DELETE", "/IncomingPhoneNumbers/" + text(item.as_object(), "sid") + ".json");
  const auto second = follow(world, first.at("next_page_uri"));
  CHECK(phones(second) == std::vector<std::string>{"+14155551003", "+14155551002"});
}

TEST_CASE("SIM-03 the list's filters: parts with *, name, origin, kind") {
  World world;
  world.add_number("+14155550100", R"(,"friendly_name":"Front desk")");
  world.add_number("+14155560100");
  world.add_number("+18885550100");
  world.add_number("+447700900001", R"(,"type":"mobile")");
  const auto list = [&](const std::string& target) {
    return phones(world.rest("GET", "/IncomingPhoneNumbers" + target));
  };
  CHECK(list(".json?PhoneNumber=%2B1415555").size() == 1);
  CHECK(list(".json?PhoneNumber=555*100") == std::vector<std::string>{"+18885550100", "+14155550100"});
  CHECK(list(".json?PhoneNumber=0100").size() == 3);
  CHECK(list(".json?PhoneNumber=%2B14155550100").size() == 1);
  CHECK(list(".json?PhoneNumber=%2B14155550199").empty());
  CHECK(list(".json?FriendlyName=Front+desk").size() == 1);
  CHECK(list(".json?Origin=hosted").empty());
  CHECK(list(".json?Origin=twilio").size() == 4);
  CHECK(list("/Local.json").size() == 2);
  CHECK(list("/TollFree.json") == std::vector<std::string>{"+18885550100"});
  CHECK(list("/Mobile.json") == std::vector<std::string>{"+447700900001"});
  CHECK(text(world.rest("GET", "/IncomingPhoneNumbers.json?FriendlyName=x+y&PageSize=1"), "first_page_uri")
            .ends_with("?FriendlyName=x+y&PageSize=1&Page=0"));
}

TEST_CASE("SIM-04 buying: exact numbers, area codes, and Twilio's magic refusals") {
  World world;
  const auto buy = [&](const FormFields& form) {
    return world.rest("POST", "/IncomingPhoneNumbers.json", form);
  };
  CHECK(text(buy({{"PhoneNumber", "+15005550006"}}), "friendly_name") == "(500) 555-0006");
  CHECK(world.last.status == 201);
  CHECK(buy({{"PhoneNumber", "+15005550006"}}).at("code") == 21422);
  CHECK(buy({{"PhoneNumber", "+15005550000"}}).at("code") == 21422);
  CHECK(buy({{"PhoneNumber", "+15005550001"}}).at("code") == 21421);
  CHECK(buy({{"PhoneNumber", "hello"}}).at("code") == 21421);
  CHECK(buy({{"AreaCode", "533"}}).at("code") == 21452);
  CHECK(buy({{"AreaCode", "12"}}).at("code") == 21451);
  CHECK(buy({}).at("code") == 21451);
  CHECK(text(buy({{"AreaCode", "500"}}), "phone_number") == "+15005550000");
  CHECK(text(buy({{"AreaCode", "212"}, {"FriendlyName", "N"}}), "friendly_name") == "N");
}

TEST_CASE(
    "SIM-05 an update sets what is named and keeps the rest; application and trunk exclude each other") {
  World world;
  const auto sid = world.add_number("+14155550100", R"(,"voice_url":"https://a.example/v")");
  const auto update = [&](const FormFields& form) {
    return world.rest("POST", "/IncomingPhoneNumbers/" + sid + ".json", form);
  };
  auto number = update({{"TrunkSid", "TK1"}, {"Unknown", "ignored"}});
  CHECK(text(number, "trunk_sid") == "TK1");
  CHECK(text(number, "voice_url") == "https://a.example/v");
  number = update({{"VoiceApplicationSid", "AP1"}});
  CHECK(text(number, "voice_application_sid") == "AP1");
  CHECK(number.at("trunk_sid").is_null());
  number = update({{"TrunkSid", "TK2"}, {"VoiceApplicationSid", ""}});
  CHECK(text(number, "trunk_sid") == "TK2");
  CHECK(number.at("voice_application_sid").is_null());
  number = update({{"VoiceUrl", ""}});
  CHECK(text(number, "voice_url").empty());
  CHECK(text(update({{"FriendlyName", ""}}), "friendly_name") == "(415) 555-0100");
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "ä";
  CHECK(text(update({{"FriendlyName", longest}}), "friendly_name") == longest);
  CHECK(update({{"FriendlyName", longest + "x"}, {"VoiceMethod", "GET"}}).at("code") == 20002);
  CHECK(update({{"VoiceUrl", "not a url"}}).at("code") == 21402);
  CHECK(update({{"VoiceMethod", "PUT"}}).at("code") == 21403);
  CHECK(update({{"AccountSid", "AC0"}}).at("code") == 21474);
  number = world.rest("GET", "/IncomingPhoneNumbers/" + sid + ".json");
  CHECK(text(number, "friendly_name") == longest);
  CHECK(text(number, "voice_method") == "POST");
}

TEST_CASE("CNA-08 the lookup of names is refused for toll-free and non-US numbers") {
  World world;
  for (const auto* phone : {"+18885550100", "+447700900001", "+16045550100", "+18095550100"}) {
    const auto sid = world.add_number(phone);
    const auto target = "/IncomingPhoneNumbers/" + sid + ".json";
    CHECK(world.rest("POST", target, {{"VoiceCallerIdLookup", "true"}, {"FriendlyName", "n"}}).at("code") ==
          21409);
    CHECK(world.last.status == 400);
    CHECK_FALSE(text(world.rest("GET", target), "friendly_name") == "n");
    world.rest("POST", target, {{"VoiceCallerIdLookup", "false"}});
    CHECK(world.last.status == 200);
  }
  const auto us = world.add_number("+14155550100");
  CHECK(world.rest("POST", "/IncomingPhoneNumbers/" + us + ".json", {{"VoiceCallerIdLookup", "true"}})
            .at("voice_caller_id_lookup") == true);
}

TEST_CASE("DEL-03 a released number is gone, and may be bought again") {
  World world;
  const auto sid = world.add_number("+14155550100");
  world.rest("DELETE", "/IncomingPhoneNumbers/" + sid + ".json");
  CHECK(world.last.status == 204);
  CHECK(world.last.body.empty());
  CHECK(world.rest("GET", "/IncomingPhoneNumbers/" + sid + ".json").at("code") == 20404);
  CHECK(world.rest("DELETE", "/IncomingPhoneNumbers/" + sid + ".json").at("code") == 20404);
  world.rest("POST", "/IncomingPhoneNumbers.json", {{"PhoneNumber", "+14155550100"}});
  CHECK(world.last.status == 201);
}

TEST_CASE("IMP-11 only the account's own credentials open it") {
  World world;
  const auto account = "/2010-04-01/Accounts/" + world.sid;
  const auto wrong = world.raw("GET", account + ".json", {}, world.sid + ":nope");
  CHECK(world.last.status == 401);
  CHECK(wrong.at("code") == 20003);
  CHECK(wrong.at("status") == 401);
  CHECK(text(wrong, "more_info") == "https://www.twilio.com/docs/errors/20003");
  world.simulator->handle({"GET", account + ".json", {}, ""});
  const auto none = world.simulator->handle({"GET", account + ".json", {}, ""});
  CHECK(none.status == 401);
  const auto other = world.control("POST", "accounts", "{}");
  world.raw("GET", account + ".json", {}, text(other, "account_sid") + ":" + text(other, "auth_token"));
  CHECK(world.last.status == 401);
  CHECK(world.raw("GET", "/2010-04-01/Accounts/SK123.json", {}, world.sid + ":" + world.token).at("code") ==
        20404);
  CHECK(text(world.rest("GET", ".json"), "status") == "active");
}

TEST_CASE("DIAL-08 trial, suspended and closed accounts answer like such") {
  World world;
  world.control("POST", "accounts/" + world.sid, R"({"type":"Trial","status":"suspended"})");
  const auto account = world.rest("GET", ".json");
  CHECK(text(account, "type") == "Trial");
  CHECK(text(account, "status") == "suspended");
  CHECK(world.rest("GET", "/IncomingPhoneNumbers.json").at("code") == 20005);
  world.control("POST", "accounts/" + world.sid, R"({"status":"closed"})");
  CHECK(world.rest("GET", ".json").at("code") == 20003);
}

TEST_CASE("DIAL-05 a key's secret is shown once; a standard key opens all but Accounts and Keys") {
  World world;
  const auto key = world.rest("POST", "/Keys.json", {{"FriendlyName", "dialer"}});
  CHECK(world.last.status == 201);
  const auto shown = world.rest("GET", "/Keys/" + text(key, "sid") + ".json");
  CHECK_FALSE(shown.contains("secret"));
  CHECK(text(shown, "friendly_name") == "dialer");
  const auto credentials = text(key, "sid") + ":" + text(key, "secret");
  const auto account = "/2010-04-01/Accounts/" + world.sid;
  world.raw("GET", account + "/IncomingPhoneNumbers.json", {}, credentials);
  CHECK(world.last.status == 200);
  world.raw("GET", account + ".json", {}, credentials);
  CHECK(world.last.status == 403);
  world.raw("GET", account + "/Keys.json", {}, credentials);
  CHECK(world.last.status == 403);
  world.rest("DELETE", "/Keys/" + text(key, "sid") + ".json");
  world.raw("GET", account + "/IncomingPhoneNumbers.json", {}, credentials);
  CHECK(world.last.status == 401);
}

TEST_CASE("DIAL-03 an application is found by its exact name, changed and removed") {
  World world;
  const auto made = world.rest("POST", "/Applications.json",
                               {{"FriendlyName", "dialer-1"}, {"VoiceUrl", "https://a.example/v"}});
  CHECK(world.last.status == 201);
  CHECK(text(made, "sid").starts_with("AP"));
  world.rest("POST", "/Applications.json", {{"FriendlyName", "dialer-12"}});
  CHECK(world.rest("GET", "/Applications.json?FriendlyName=dialer-1").at("applications").as_array().size() ==
        1);
  const auto target = "/Applications/" + text(made, "sid") + ".json";
  CHECK(text(world.rest("POST", target, {{"VoiceMethod", "GET"}}), "voice_url") == "https://a.example/v");
  world.rest("DELETE", target);
  CHECK(world.last.status == 204);
  CHECK(world.rest("GET", target).at("code") == 20404);
}

TEST_CASE("PUR-02 offers follow the filters, are not owned, and are the same for a seed") {
  World world, same, other({.seed = 2, .folder = ""});
  const std::string target = "/AvailablePhoneNumbers/US/Local.json?AreaCode=415&Contains=555*1&PageSize=5";
  const auto offered = world.rest("GET", target).at("available_phone_numbers").as_array();
  REQUIRE(offered.size() == 5);
  CHECK(json::serialize(same.rest("GET", target).at("available_phone_numbers")) == json::serialize(offered));
  CHECK(json::serialize(other.rest("GET", target).at("available_phone_numbers")) != json::serialize(offered));
  std::set<std::string> distinct;
  for (const auto& item : offered) {
    const auto phone = text(item.as_object(), "phone_number");
    CHECK(phone.starts_with("+1415555"));
    distinct.insert(phone);
  }
  CHECK(distinct.size() == 5);
  world.rest("POST", "/IncomingPhoneNumbers.json", {{"PhoneNumber", *distinct.begin()}});
  CHECK_FALSE(world.rest("GET", target).at("uri").is_null());
  CHECK_FALSE(world.last.body.contains("\"" + *distinct.begin() + "\""));
  CHECK(text(world.rest("GET", "/AvailablePhoneNumbers/GB.json"), "country_code") == "GB");
  CHECK(world.rest("GET", "/AvailablePhoneNumbers.json").at("countries").as_array().size() == 6);
  world.rest("GET", "/AvailablePhoneNumbers/ZZ/Local.json");
  CHECK(world.last.status == 404);
}

TEST_CASE("SIM-06 what is not there is 20404, what cannot be done 405, and nothing crashes") {
  World world;
  for (const auto* target :
       {"/Nothing.json", "/IncomingPhoneNumbers/PN0.json", "/IncomingPhoneNumbers/a/b/c.json",
        "/Calls/CA0.json", "/Messages/SM0.json", "/Keys/SK0.json"}) {
    CHECK(world.rest("GET", target).at("code") == 20404);
    CHECK(world.last.status == 404);
  }
  for (const auto* target :
       {"/Calls.json", "/Messages.json", "/IncomingPhoneNumbers.json", "/Balance.json"}) {
    world.rest("PUT", target);
    CHECK(world.last.status == 405);
  }
  CHECK(text(world.rest("GET", "/Balance.json"), "currency") == "USD");
  for (const auto* target :
       {"", "/", "?", "%zz", "/2010-04-01", "/_sim/", "/_sim/nope", "/2010-04-01/Accounts/%00.json"})
    CHECK(world.simulator->handle({"GET", target, {}, ""}).status >= 400);
}
