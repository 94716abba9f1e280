// A campaign's figures per day of the workspace's time zone.
#include <doctest/doctest.h>

#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;
using Texts = std::vector<std::string>;

const std::string path =
    "/v1/workspaces/" + ws(1).to_string() + "/campaigns/" + cmp(1).to_string() + "/figures";

/// A campaign with a call, answered, at each of these times.
struct Ringing {
  QueryWorld q;
  std::uint64_t made = 0;

  explicit Ringing(const Texts& times = {}) {
    q.given({campaign(1, "Spring"), imported(1, "+14155550101")});
    for (const auto& at : times) rings(at);
  }
  void rings(const std::string& at, const std::string& word = "completed") {
    calls::Received e;
    e.call = id_of<CallId>(++made, 9);
    e.workspace = ws(1);
    e.number = num(1);
    e.provider_sid = "CA" + std::to_string(made);
    e.started_at = parse_rfc3339(at).value();
    e.cnam_cost = Money{100, "USD"};
    calls::Attributed owed{e.call, ws(1), {}};
    owed.attribution.campaign = cmp(1);
    calls::StatusReported end;
    end.call = e.call;
    end.workspace = ws(1);
    end.report = end.status = word;
    end.duration_s = word == "completed" ? 60 : 0;
    q.given({e, owed, end});
  }
  void moves_to(const std::string& zone) { q.given({workspaces::Updated{ws(1), {}, {}, zone, {}}}); }
  /// "2026-03-08 2": the days with calls, and how many.
  Texts days(const std::string& query) {
    Texts out;
    const auto answer = q.get(path + query).json();
    for (const auto& day : answer.at("days").as_array()) {
      auto calls = str(day.at("figures").at("calls"));
      if (calls != "0") out.push_back(str(day.at("date")) + " " + calls);
    }
    return out;
  }
};

}  // namespace

TEST_CASE("figures are told for each day that is asked for, and for all of them together") {
  Ringing r({"2026-03-10T00:00:00Z", "2026-03-10T23:59:59.999Z", "2026-03-12T12:00:00Z"});
  r.rings("2026-03-12T13:00:00Z", "busy");
  auto got = r.q.get(path + "?from=2026-03-09&to=2026-03-12");
  REQUIRE_MESSAGE(got.status == 200, got.body);
  auto a = got.json();
  CHECK(str(a.at("time_zone")) == "UTC");
  CHECK(a.at("days").as_array().size() == 4);
  CHECK(r.days("?from=2026-03-09&to=2026-03-12") == Texts{"2026-03-10 2", "2026-03-12 2"});
  const auto& total = a.at("total").as_object();
  CHECK(total.at("calls") == 4);
  CHECK(total.at("answered") == 3);
  CHECK(total.at("missed") == 1);
  CHECK(total.at("in_progress") == 0);
  CHECK(total.at("talk_s") == 180);
  CHECK(total.at("answer_rate").to_number<double>() == 0.75);
  CHECK(str(total.at("cnam_costs").at(0).at("amount")) == "0.0400");
  CHECK(a.at("days").at(0).at("figures").at("answer_rate").is_null());
  CHECK(r.days("?from=2026-03-11&to=2026-03-11").empty());
}

TEST_CASE("days are the zone's, those of 23 and 25 hours included") {
  Ringing spring(
      {"2026-03-08T04:59:59Z", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"});
  spring.moves_to("America/New_York");
  CHECK(spring.days("?from=2026-03-07&to=2026-03-09") ==
        Texts{"2026-03-07 1", "2026-03-08 2", "2026-03-09 1"});
  auto day = spring.q.get(path + "?from=2026-03-08&to=2026-03-08").json().at("days").at(0);
  CHECK(str(day.at("starts_at")) == "2026-03-08T05:00:00.000Z");
  CHECK(str(day.at("ends_at")) == "2026-03-09T04:00:00.000Z");
  Ringing autumn(
      {"2026-11-01T03:59:59Z", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z", "2026-11-02T05:00:00Z"});
  autumn.moves_to("America/New_York");
  CHECK(autumn.days("?from=2026-10-31&to=2026-11-02") ==
        Texts{"2026-10-31 1", "2026-11-01 2", "2026-11-02 1"});
}

TEST_CASE("after the workspace moved to another zone all days, past ones too, are that zone's") {
  Ringing r({"2026-03-10T16:00:00Z"});
  CHECK(r.days("?from=2026-03-09&to=2026-03-12") == Texts{"2026-03-10 1"});
  r.moves_to("Asia/Tokyo");
  CHECK(r.days("?from=2026-03-09&to=2026-03-12") == Texts{"2026-03-11 1"});
  r.moves_to("Asia/Kathmandu");
  r.rings("2026-03-10T18:15:00Z");  // midnight there
  CHECK(r.days("?from=2026-03-09&to=2026-03-12") == Texts{"2026-03-10 1", "2026-03-11 1"});
}

TEST_CASE("without `to` it is until today, without `from` for thirty days") {
  Ringing r;
  r.q.clock.wall = parse_rfc3339("2026-03-31T20:00:00Z").value();
  auto range = [&](const std::string& query) {
    auto a = r.q.get(path + query).json();
    return str(a.at("from")) + ".." + str(a.at("to"));
  };
  CHECK(range("") == "2026-03-02..2026-03-31");
  CHECK(range("?from=2026-03-30") == "2026-03-30..2026-03-31");
  CHECK(range("?from=2026-04-02") == "2026-04-02..2026-04-02");
  CHECK(range("?to=2026-01-30") == "2026-01-01..2026-01-30");
  r.moves_to("Asia/Tokyo");
  CHECK(range("?from=2026-03-30") == "2026-03-30..2026-04-01");
}

TEST_CASE("what is no day, or too many of them, is refused by its name") {
  Ringing r;
  for (const char* bad :
       {"?from=yesterday", "?from=2026-02-30", "?to=2026-3-1", "?from=1969-12-31",
        "?from=2026-03-02&to=2026-03-01", "?from=2025-01-01&to=2026-01-02", "?day=2026-03-01"}) {
    auto got = r.q.get(path + bad);
    CHECK_MESSAGE(got.status == 400, bad);
    CHECK(got.code() == "validation_failed");
  }
  CHECK(r.q.get(path + "?from=2025-01-01&to=2026-01-01").status == 200);
}

TEST_CASE("the figures of another workspace's or account's campaign are not there") {
  Ringing r({"2026-03-10T16:00:00Z"});
  auto of = [](WorkspaceId workspace, CampaignId campaign) {
    return "/v1/workspaces/" + workspace.to_string() + "/campaigns/" + campaign.to_string() + "/figures";
  };
  CHECK(r.q.get(of(ws(2), cmp(1))).status == 404);
  CHECK(r.q.get(of(ws(1), cmp(99))).status == 404);
  CHECK(r.q.as(3).get(path).status == 200);
  CHECK(r.q.as(9).get(path).status == 404);
}

}  // namespace ringledger
