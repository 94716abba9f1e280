// Queries about calls: rows, filters, refusals, who may see them.
#include <doctest/doctest.h>

#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;

const CallId first_call = id_of<CallId>(1, 9);
const SessionId visitor = id_of<SessionId>(1, 8);

calls::Received received(std::uint64_t n) {
  calls::Received e;
  e.call = id_of<CallId>(n, 9);
  e.workspace = ws(1);
  e.number = num(1);
  e.connection = con(1);
  e.account_sid = "AC1";
  e.provider_sid = "CA" + std::to_string(n);
  e.to = "+14155550101";
  e.status = "ringing";
  e.started_at = Timestamp{1'700'000'000'000 + static_cast<std::int64_t>(n) * 1000};
  e.route = {calls::RouteKind::forward, E164{"+12125550199"}};
  e.from = Personal<std::string>("+12125550100");
  return e;
}

/// Two calls to number 1 in campaign 1, the first attributed to a visitor, the second parked.
void two_calls(QueryWorld& q) {
  q.given({campaign(1, "Spring"), imported(1, "+14155550101")});
  calls::Attributed owed{first_call, ws(1), {}};
  owed.attribution.campaign = cmp(1);
  owed.attribution.campaign_name = "Winter";
  owed.attribution.source = "Winter";
  owed.attribution.session = visitor;
  owed.attribution.candidates = {{visitor, Share::of(1, 3)}};
  owed.attribution.model_version = 1;
  owed.attribution.confidence = Share::of(1, 3);
  owed.attribution.evidence = {"cmt_x/0"};
  owed.attribution.flags = {attribution::Flag::ambiguous};
  q.given({received(1), owed});
  auto parked = received(2);
  parked.route = {calls::RouteKind::parking, {}};
  q.given({parked});
}

const std::string path = "/v1/workspaces/" + ws(1).to_string() + "/calls";

}  // namespace

TEST_CASE("a call shows its campaign as it is called today, and its attribution as it was recorded") {
  QueryWorld q;
  two_calls(q);
  auto got = q.get(path + "/" + first_call.to_string());
  REQUIRE_MESSAGE(got.status == 200, got.body);
  auto call = got.json();
  CHECK(str(call.at("campaign").at("name")) == "Spring");
  CHECK(str(call.at("number").at("e164")) == "+14155550101");
  CHECK(str(call.at("from")) == "+12125550100");
  CHECK(call.at("caller_name").is_null());
  CHECK(call.at("outcome").is_null());
  CHECK(got.body.find(
            "\"attribution\":{\"campaign\":{\"id\":\"" + cmp(1).to_string() +
            "\",\"name\":\"Winter\"},\"source\":\"Winter\",\"session\":\"" + visitor.to_string() +
            "\",\"candidates\":[{\"session\":\"" + visitor.to_string() +
            "\",\"confidence\":0.3333}],\"model\":\"last_touch\",\"model_version\":1,\"confidence\":0.3333,"
            "\"evidence\":[\"cmt_x/0\"],\"flags\":[\"ambiguous\"]}") != std::string::npos);
}

TEST_CASE("a call shows what decided its attribution, and the attributions before") {
  QueryWorld q;
  two_calls(q);
  auto call = [&] { return q.get(path + "/" + first_call.to_string()).json(); };
  auto first = call();
  auto by = first.at("attributed_by").as_object();
  CHECK(str(by.at("event")).ends_with("/1"));
  CHECK(str(by.at("at")).starts_with("20"));
  CHECK(first.at("earlier_attributions").as_array().empty());
  calls::AttributionRecomputed again{first_call, ws(1), str(by.at("event")), {}};
  again.attribution.model = attribution::Model::first_touch;
  q.given({again});
  auto now = call();
  CHECK(str(now.at("attribution").at("model")) == "first_touch");
  REQUIRE(now.at("earlier_attributions").as_array().size() == 1);
  const auto& past = now.at("earlier_attributions").as_array()[0].as_object();
  CHECK(past.at("attribution") == first.at("attribution"));
  CHECK(past.at("by") == first.at("attributed_by"));
}

TEST_CASE("calls are filtered, also by a number's E.164") {
  QueryWorld q;
  two_calls(q);
  auto sids = [&](const std::string& query) { return each(q.get(path + query).json(), "provider_sid"); };
  using List = std::vector<std::string>;
  CHECK(sids("") == List{"CA2", "CA1"});
  CHECK(sids("?sort=started_at") == List{"CA1", "CA2"});
  CHECK(sids("?number=%2B14155550101") == List{"CA2", "CA1"});
  CHECK(sids("?number=%2B14155550102").empty());
  CHECK(sids("?campaign=" + cmp(1).to_string()) == List{"CA1"});
  CHECK(sids("?outcome=parked") == List{"CA2"});
  CHECK(sids("?from=+12125550100").size() == 2);
  CHECK(sids("?started_to=2023-11-14T22:13:21Z") == List{"CA1"});
  CHECK(sids("?search=0199").empty());
}

TEST_CASE("what is no filter of calls is refused by its name") {
  QueryWorld q;
  two_calls(q);
  for (const char* bad :
       {"?outcome=won", "?sort=from", "?started_from=today", "?cursor=zz", "?limit=0", "?who=x"}) {
    auto got = q.get(path + bad);
    CHECK_MESSAGE(got.status == 400, bad);
    CHECK(got.code() == "validation_failed");
  }
}

TEST_CASE("a call of another workspace or account answers as one that is not there") {
  QueryWorld q;
  two_calls(q);
  auto elsewhere = "/v1/workspaces/" + ws(2).to_string() + "/calls";
  CHECK(q.get(elsewhere + "/" + first_call.to_string()).status == 404);
  CHECK(q.get(elsewhere).json().at("total") == 0);
  CHECK(q.as(9).get(path).status == 404);
  CHECK(q.as(3).get(path).status == 200);
}

}  // namespace ringledger
