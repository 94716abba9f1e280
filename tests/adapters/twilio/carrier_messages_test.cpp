// Messages as Twilio's list tells them, and as the simulator lists them.
#include "support/linked.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

/// One message as REST tells it.
std::string message_json(const std::string& sid, const std::string& direction, const std::string& dates) {
  return R"({"sid":")" + sid + R"(","direction":")" + direction +
         R"(","from":"+12125550100","to":"+14155550100","body":"STOP","num_media":"2","num_segments":"1",)" +
         dates + "}";
}
const std::string came = R"("date_created":"Tue, 31 Aug 2010 20:36:28 +0000")";

struct Texted : Linked {
  Texted() { add_number("+14155550100"); }
  void text(const std::string& from) {
    control("POST", "messages", R"({"from":")" + from + R"(","to":"+14155550100","body":"hi"})");
    REQUIRE(last.status == 201);
    clock.at.ms += 60'000;
  }
  boost::json::object listed(const std::string& query) { return rest("GET", "/Messages.json?" + query); }
  std::size_t count(const std::string& query) { return listed(query).at("messages").as_array().size(); }
};

}  // namespace

TEST_CASE("MSG-01 a message of Twilio's list is told with its text, counts, time and the whole") {
  const auto both = came + R"(,"date_sent":"Tue, 31 Aug 2010 20:36:29 +0000")";
  const auto json = R"({"messages":[)" + message_json("SM1", "inbound", both) + R"(],"next_page_uri":null})";
  Canned canned({.status = 200, .headers = {}, .body = json}, "/Messages.json");
  const auto page = canned.carrier.list_messages({"AC1", "t"}, Timestamp{1283286988123}, "");
  REQUIRE(page);
  REQUIRE(page->reports.size() == 1);
  const auto& m = page->reports[0];
  CHECK(m.provider_sid == "SM1");
  CHECK(m.from == "+12125550100");
  CHECK(m.to == "+14155550100");
  CHECK(m.body == "STOP");
  CHECK(m.media == 2);
  CHECK(m.segments == 1);
  CHECK(m.opt_out.empty());
  CHECK(m.received_at == Timestamp{1283286988000});
  CHECK(boost::json::parse(m.form).at("sid") == "SM1");
  CHECK(page->next.empty());
  CHECK(
      canned.http.seen[0].url.ends_with("/Messages.json?PageSize=1000&DateSent%3E=2010-08-31T20%3A36%3A28Z"));
}

TEST_CASE(
    "MSG-01 a message's time is when it was sent when Twilio does not tell when it was made, or unknown") {
  const auto sent = message_json("SM1", "inbound", R"("date_sent":"Tue, 31 Aug 2010 20:36:29 +0000")");
  const auto undated = message_json("SM2", "inbound", R"("date_created":null)");
  const auto json = R"({"messages":[)" + sent + "," + undated + R"(],"next_page_uri":null})";
  Canned canned({.status = 200, .headers = {}, .body = json}, "/Messages.json");
  const auto page = canned.carrier.list_messages({"AC1", "t"}, Timestamp{0}, "");
  REQUIRE(page);
  REQUIRE(page->reports.size() == 2);
  CHECK(page->reports[0].received_at == Timestamp{1283286989000});
  CHECK_FALSE(page->reports[1].received_at);
}

TEST_CASE(
    "MSG-01 of a list of messages only inbound ones with a SID count; its next page stays at the host") {
  const auto page = [&](const std::string& next) {
    return R"({"messages":[)" + message_json("SM1", "inbound", came) + "," +
           message_json("SM2", "outbound-api", came) + "," + message_json("SM3", "outbound-reply", came) +
           "," + message_json("", "inbound", came) + R"(],"next_page_uri":)" + next + "}";
  };
  Canned canned({.status = 200, .headers = {}, .body = page(R"("/2010-04-01/x?Page=1")")}, "/Messages.json");
  const auto first = canned.carrier.list_messages({"AC1", "t"}, Timestamp{0}, "");
  REQUIRE(first);
  REQUIRE(first->reports.size() == 1);
  CHECK(first->reports[0].provider_sid == "SM1");
  CHECK(first->next == "/2010-04-01/x?Page=1");
  CHECK_FALSE(canned.carrier.list_messages({"AC1", "t"}, Timestamp{0}, first->next));  // nobody answers there
  CHECK(canned.http.seen.back().url == "https://api.twilio.com/2010-04-01/x?Page=1");
  for (const char* elsewhere : {R"("https://elsewhere.example/")", R"("//elsewhere.example/")"}) {
    CAPTURE(elsewhere);
    canned.http.answers.begin()->second.body = page(elsewhere);
    CHECK_FALSE(canned.carrier.list_messages({"AC1", "t"}, Timestamp{0}, ""));
  }
  canned.http.answers.begin()->second.body = R"({"calls":[]})";
  CHECK_FALSE(canned.carrier.list_messages({"AC1", "t"}, Timestamp{0}, ""));
}

TEST_CASE("MSG-01 the simulator lists messages by party and time, the newest first, page after page") {
  Texted world;  // from Tue, 14 Nov 2023 22:13:20 on, one a minute
  for (const char* from : {"+12125550001", "+12125550002", "+12125550003"}) world.text(from);
  CHECK(world.count("") == 3);
  CHECK(world.count("To=%2B14155550100") == 3);
  CHECK(world.count("To=%2B14155550101") == 0);
  CHECK(world.count("From=%2B12125550002") == 1);
  CHECK(world.count("DateSent%3E=2023-11-14T22:14:20Z") == 2);
  CHECK(world.count("DateSent%3E=2023-11-14T22:14:21Z") == 1);
  CHECK(world.count("DateSent%3C=2023-11-14T22:14:20Z") == 2);
  CHECK(world.count("DateSent=2023-11-14") == 3);
  CHECK(world.count("DateSent%3E=2023-11-15") == 0);
  const auto first = world.listed("PageSize=2");
  const auto& newest = first.at("messages").at(0).as_object();
  CHECK(newest.at("from") == "+12125550003");
  CHECK(newest.at("direction") == "inbound");
  CHECK(newest.at("status") == "received");
  CHECK(newest.at("date_sent") == "Tue, 14 Nov 2023 22:15:20 +0000");
  const auto next =
      world.raw("GET", World::text(first.at("next_page_uri")), {}, world.sid + ":" + world.token);
  REQUIRE(next.at("messages").as_array().size() == 1);
  CHECK(next.at("messages").at(0).at("from") == "+12125550001");
  CHECK(next.at("next_page_uri").is_null());
}

TEST_CASE("MSG-01 messages that came since are listed by the simulator as by Twilio") {
  Texted world;
  for (int i = 0; i < 3; ++i) world.text("+12125550001");
  const auto all = world.carrier.list_messages(world.who(), Timestamp{0}, "");
  REQUIRE(all);
  REQUIRE(all->reports.size() == 3);
  CHECK(all->reports[0].received_at > all->reports[1].received_at);
  const auto newer = world.carrier.list_messages(world.who(), *all->reports[1].received_at, "");
  REQUIRE(newer);
  CHECK(newer->reports.size() == 2);
  world.fault(R"({"resource":"Messages","status":500,"times":3})");
  CHECK_FALSE(world.carrier.list_messages(world.who(), Timestamp{0}, ""));
}
