// The simulator's control side: faults, the request log, the clock, and what outlives a crash.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adapters/system/posix_disk.hpp"
#include "support/simulated.hpp"

using namespace ringledger;
using namespace ringledger::testing;
namespace json = boost::json;

namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "ringledger-sim-XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

}  // namespace

TEST_CASE("SIM-10 accounts, tokens and SIDs follow from the seed") {
  World one, same, other({.seed = 7, .folder = ""});
  CHECK(one.sid == same.sid);
  CHECK(one.token == same.token);
  CHECK(one.sid != other.sid);
  CHECK(one.sid.size() == 34);
  CHECK(one.add_number("+14155550100") == same.add_number("+14155550100"));
}

TEST_CASE("SIM-10 numbers go to the account that is named, or to the first") {
  World world;
  const auto second = world.control("POST", "accounts", "{}");
  world.add_number("+14155550100");
  world.add_number("+14155550101", R"(,"account_sid":")" + World::text(second.at("account_sid")) + "\"");
  CHECK(world.rest("GET", "/IncomingPhoneNumbers.json").at("incoming_phone_numbers").as_array().size() == 1);
  world.add_number("+14155550102", R"(,"account_sid":"AC0")");
  CHECK(world.last.status == 404);
  World empty({}, nullptr, false);
  empty.add_number("+14155550100");
  CHECK(empty.last.status == 404);
}

TEST_CASE("SIM-10 an order for a number that makes no sense is refused and stores nothing") {
  World world;
  for (const auto* body :
       {"[]", "{", "{}", R"({"phone_number":"12"})", R"({"phone_number":"+14155550100","nope":1})",
        R"({"phone_number":"+14155550100","type":"moon"})",
        R"({"phone_number":"+14155550100","capabilities":[]})"}) {
    world.control("POST", "numbers", body);
    CHECK(world.last.status == 400);
  }
  CHECK(world.rest("GET", "/IncomingPhoneNumbers.json").at("incoming_phone_numbers").as_array().empty());
  world.add_number("+14155550100");
  world.add_number("+14155550100");
  CHECK(world.last.status == 400);
}

TEST_CASE("SIM-11 a fault answers in the request's place, so many times, only where it fits") {
  World world;
  const auto sid = world.add_number("+14155550100");
  const auto target = "/IncomingPhoneNumbers/" + sid + ".json";
  world.control("POST", "faults",
                R"({"resource":"IncomingPhoneNumbers","method":"POST","times":2,"status":503,"code":20503})");
  CHECK(world.last.status == 201);
  world.rest("GET", target);
  CHECK(world.last.status == 200);
  world.rest("GET", "/Balance.json");
  CHECK(world.last.status == 200);
  for (int i = 0; i < 2; ++i) {
    CHECK(world.rest("POST", target, {{"FriendlyName", "x"}}).at("code") == 20503);
    CHECK(world.last.status == 503);
  }
  CHECK(World::text(world.rest("GET", target).at("friendly_name")) == "(415) 555-0100");
  world.rest("POST", target, {{"FriendlyName", "x"}});
  CHECK(world.last.status == 200);
}

TEST_CASE("SIM-11 drop_answer does the work and then closes; delay_ms only waits") {
  World world;
  const auto sid = world.add_number("+14155550100");
  world.control("POST", "faults", R"({"drop_answer":true,"delay_ms":250})");
  world.rest("POST", "/IncomingPhoneNumbers/" + sid + ".json", {{"FriendlyName", "done"}});
  CHECK(world.last.drop);
  CHECK(world.last.delay_ms == 250);
  CHECK(World::text(world.rest("GET", "/IncomingPhoneNumbers/" + sid + ".json").at("friendly_name")) ==
        "done");
  CHECK_FALSE(world.last.drop);
}

TEST_CASE("SIM-11 faults that make no sense are refused; those waiting can be cleared") {
  World world;
  for (const auto* body :
       {"{}", R"({"status":200})", R"({"status":500,"times":0})", R"({"status":"500"})",
        R"({"status":500,"drop_answer":true})", R"({"nope":1,"status":500})", R"({"delay_ms":-1})"}) {
    world.control("POST", "faults", body);
    CHECK_MESSAGE(world.last.status == 400, body);
  }
  world.control("POST", "faults", R"({"status":500,"times":5})");
  CHECK(world.control("GET", "faults").at("items").as_array().size() == 1);
  world.control("DELETE", "faults");
  world.rest("GET", "/Balance.json");
  CHECK(world.last.status == 200);
}

TEST_CASE("SIM-12 the log tells every request of an account, the faulted ones too") {
  World world;
  const auto sid = world.add_number("+14155550100", R"(,"voice_url":"https://a.example/v")");
  world.web.twiml("https://a.example/v", "<Hangup/>");
  world.control("POST", "faults", R"({"status":429})");
  world.rest("POST", "/IncomingPhoneNumbers/" + sid + ".json",
             {{"FriendlyName", "a"}, {"X", "1"}, {"X", "2"}});
  world.rest("GET", "/IncomingPhoneNumbers/" + sid + ".json?PageSize=3");
  world.control("POST", "calls", R"({"from":"+12125550000","to":"+14155550100"})");
  const auto items = world.control("GET", "requests?account_sid=" + world.sid).at("items").as_array();
  REQUIRE(items.size() == 3);
  const auto& first = items[0].as_object();
  CHECK(World::text(first.at("direction")) == "received");
  CHECK(World::text(first.at("method")) == "POST");
  CHECK(World::text(first.at("url")) ==
        "/2010-04-01/Accounts/" + world.sid + "/IncomingPhoneNumbers/" + sid + ".json");
  CHECK(first.at("status") == 429);
  CHECK(first.at("faulted") == true);
  CHECK(json::serialize(first.at("params")) == R"({"FriendlyName":"a","X":["1","2"]})");
  CHECK(json::serialize(items[1].as_object().at("params")) == R"({"PageSize":"3"})");
  const auto& sent = items[2].as_object();
  CHECK(World::text(sent.at("direction")) == "sent");
  CHECK(World::text(sent.at("url")) == "https://a.example/v");
  CHECK(World::text(sent.at("params").at("From")) == "+12125550000");
  CHECK(sent.at("status") == 200);
  CHECK(world.control("GET", "requests?account_sid=AC0").at("items").as_array().empty());
}

TEST_CASE("SIM-12 the log keeps the newest 10,000 requests") {
  World world;
  for (int i = 0; i < 10'050; ++i) world.rest("GET", "/Balance.json?n=" + std::to_string(i));
  const auto items = world.control("GET", "requests").at("items").as_array();
  REQUIRE(items.size() == 10'000);
  CHECK(World::text(items.back().at("params").at("n")) == "10049");
  CHECK(World::text(items.front().at("params").at("n")) == "50");
}

TEST_CASE("SIM-13 the clock is moved, and dates follow") {
  World world;
  CHECK(World::text(world.control("POST", "clock", R"({"now":"2030-01-01T00:00:00Z"})").at("now")) ==
        "2030-01-01T00:00:00.000Z");
  world.control("POST", "clock", R"({"advance_s":3600})");
  CHECK(World::text(world.control("GET", "clock").at("now")) == "2030-01-01T01:00:00.000Z");
  const auto number = world.control("POST", "numbers", R"({"phone_number":"+14155550100"})");
  CHECK(World::text(number.at("date_created")) == "Tue, 01 Jan 2030 01:00:00 +0000");
  world.control("POST", "clock", R"({"now":"yesterday"})");
  CHECK(world.last.status == 400);
}

TEST_CASE("SIM-14 the journal brings everything back, also after a torn last line") {
  Folder folder;
  PosixDisk disk;
  std::string account, token, kept;
  {
    World world({.seed = 3, .folder = folder.path + "/sim"}, &disk);
    account = world.sid;
    token = world.token;
    const auto gone = world.add_number("+14155550100");
    kept = world.add_number("+14155550101", R"(,"capabilities":{"voice":true})");
    world.rest("DELETE", "/IncomingPhoneNumbers/" + gone + ".json");
    world.rest("POST", "/IncomingPhoneNumbers/" + kept + ".json", {{"FriendlyName", "Kept"}});
    world.rest("POST", "/Applications.json", {{"FriendlyName", "app"}});
    world.control("POST", "clock", R"({"advance_s":100})");
  }
  std::ofstream(folder.path + "/sim/journal.jsonl", std::ios::app) << R"({"k":1,"a":"AC)";
  World again({.seed = 3, .folder = folder.path + "/sim"}, &disk, false);
  again.sid = account;
  again.token = token;
  const auto list = again.rest("GET", "/IncomingPhoneNumbers.json").at("incoming_phone_numbers").as_array();
  REQUIRE(list.size() == 1);
  CHECK(World::text(list[0].at("sid")) == kept);
  CHECK(World::text(list[0].at("friendly_name")) == "Kept");
  CHECK(list[0].at("capabilities").at("mms") == false);
  CHECK(again.rest("GET", "/Applications.json").at("applications").as_array().size() == 1);
  CHECK(again.control("GET", "clock").at("offset_ms") == 100'000);
  CHECK(again.add_number("+14155550101").empty());
  const auto fresh = again.add_number("+14155550100");
  CHECK_FALSE(fresh.empty());
  CHECK(fresh != kept);
  World third({.seed = 3, .folder = folder.path + "/sim"}, &disk, false);
  third.sid = account;
  third.token = token;
  CHECK(third.rest("GET", "/IncomingPhoneNumbers.json").at("incoming_phone_numbers").as_array().size() == 2);
}

TEST_CASE("SIM-14 a journal that grew by changes is rewritten, and SIDs are still never used twice") {
  Folder folder;
  PosixDisk disk;
  std::string account, token, deleted;
  {
    World world({.seed = 3, .folder = folder.path}, &disk);
    account = world.sid;
    token = world.token;
    const auto sid = world.add_number("+14155550100");
    deleted = world.add_number("+14155550101");
    world.rest("DELETE", "/IncomingPhoneNumbers/" + deleted + ".json");
    for (int i = 0; i < 20'100; ++i)
      world.rest("POST", "/IncomingPhoneNumbers/" + sid + ".json",
                 {{"FriendlyName", "n" + std::to_string(i)}});
  }
  CHECK(std::filesystem::file_size(folder.path + "/journal.jsonl") < 200'000);
  World again({.seed = 3, .folder = folder.path}, &disk, false);
  again.sid = account;
  again.token = token;
  const auto list = again.rest("GET", "/IncomingPhoneNumbers.json").at("incoming_phone_numbers").as_array();
  REQUIRE(list.size() == 1);
  CHECK(World::text(list[0].at("friendly_name")) == "n20099");
  CHECK(again.add_number("+14155550101") != deleted);
}

TEST_CASE("SIM-14 a file that is no journal is refused with its line") {
  Folder folder;
  PosixDisk disk;
  std::ofstream(folder.path + "/journal.jsonl") << "{\"o\":0}\nhello\n";
  StoppedClock clock;
  const auto opened = Simulator::open({.seed = 1, .folder = folder.path}, clock, &disk, nullptr);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().detail.ends_with("journal.jsonl line 2 is no journal entry"));
}
