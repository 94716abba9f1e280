// Calls as Twilio's REST API tells them.
#include "support/linked.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

/// One call as REST tells it.
std::string call_json(const std::string& more) {
  return R"({"sid":"CA1","from":"+12125550100","to":"+14155550100","direction":"inbound",)"
         R"("parent_call_sid":null,)"
         R"("date_created":"Tue, 31 Aug 2010 20:36:20 +0000")" +
         more + "}";
}

}  // namespace

TEST_CASE("a call is told as REST has it: words, seconds, times, and the whole") {
  const auto json =
      call_json(R"(,"status":"completed","duration":"15","start_time":"Tue, 31 Aug 2010 20:36:28 +0000",)"
                R"("end_time":"Tue, 31 Aug 2010 20:36:43 +0000","caller_name":null)");
  Canned canned({.status = 200, .headers = {}, .body = json}, "/Calls/CA1.json");
  const auto call = canned.carrier.fetch_call({"AC1", "t"}, "CA1");
  REQUIRE(call);
  CHECK(call->provider_sid == "CA1");
  CHECK(call->from == "+12125550100");
  CHECK(call->status == "completed");
  CHECK(call->duration_s == 15);
  CHECK(call->started_at == Timestamp{1283286988000});
  CHECK(call->told_at == Timestamp{1283287003000});
  CHECK_FALSE(call->outbound);
  CHECK(boost::json::parse(call->form).at("date_created") == "Tue, 31 Aug 2010 20:36:20 +0000");
}

TEST_CASE("a call that never rang began when it was made; of one that runs no end and no duration is known") {
  const auto json = call_json(R"(,"status":"queued","duration":null,"start_time":null,"end_time":null)");
  Canned canned({.status = 200, .headers = {}, .body = json}, "/Calls/CA1.json");
  const auto call = canned.carrier.fetch_call({"AC1", "t"}, "CA1");
  REQUIRE(call);
  CHECK(call->started_at == Timestamp{1283286980000});
  CHECK_FALSE(call->told_at);
  CHECK_FALSE(call->duration_s);
}

TEST_CASE("of a list of calls only inbound ones count, and its next page must stay at the host") {
  const auto leg = R"({"sid":"CA2","direction":"outbound-dial","parent_call_sid":"CA1"})";
  const auto page = [&](const std::string& next) {
    return R"({"calls":[)" + call_json("") + "," + leg + R"(],"next_page_uri":)" + next + "}";
  };
  Canned canned({.status = 200, .headers = {}, .body = page(R"("/2010-04-01/x?Page=1")")}, "/Calls.json");
  const auto first = canned.carrier.list_calls({"AC1", "t"}, Timestamp{1283286988000}, "");
  REQUIRE(first);
  CHECK(first->reports.size() == 1);
  CHECK(first->next == "/2010-04-01/x?Page=1");
  CHECK(canned.http.seen[0].url.ends_with("/Calls.json?PageSize=1000&EndTime%3E=2010-08-31T20%3A36%3A28Z"));
  canned.http.answers.begin()->second.body = page(R"("https://elsewhere.example/")");
  CHECK_FALSE(canned.carrier.list_calls({"AC1", "t"}, Timestamp{0}, ""));
  CHECK_FALSE(canned.carrier.list_calls({"AC1", "t"}, Timestamp{0}, "/2010-04-01/y"));
  CHECK(canned.http.seen.back().url == "https://api.twilio.com/2010-04-01/y");
}

TEST_CASE("calls that ended since are listed by the simulator as by Twilio, over all pages") {
  Linked world;
  world.add_number("+14155550100");
  for (int i = 0; i < 3; ++i) {
    world.control("POST", "calls", R"({"from":"+12125550000","to":"+14155550100"})");
    world.clock.at.ms += 60'000;
  }
  const auto all = world.carrier.list_calls(world.who(), Timestamp{0}, "");
  REQUIRE(all);
  CHECK(all->reports.size() == 3);
  const auto newer = world.carrier.list_calls(world.who(), *all->reports[1].told_at, "");
  REQUIRE(newer);
  CHECK(newer->reports.size() == 2);
}
