// How a number stands, as its row and detail show: whether calls reach anybody, its place in a pool, the URLs
// to copy.
#include <doctest/doctest.h>

#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;

const std::string numbers_path = "/v1/workspaces/" + ws(1).to_string() + "/numbers";

std::string e164(std::uint64_t n) { return "+1415555010" + std::to_string(n); }
boost::json::value detail(QueryWorld& w, std::uint64_t n) {
  return w.get(numbers_path + "/" + num(n).to_string()).json();
}

TEST_CASE("WHK-04 a number whose calls would reach nobody says why, in the list and in its detail") {
  QueryWorld w;
  auto forwards = campaign(1, "Spring");
  forwards.forward_to = E164{"+12125550199"};
  w.given({forwards, campaign(2, "Autumn")});
  for (std::uint64_t n = 1; n <= 5; ++n) w.given({imported(n, e164(n))});
  w.given({assigned(1, 1), assigned(2, 2), assigned(3, 1), assigned(4, 1)});
  w.given({unassigned(3, 1), numbers::Deactivated{num(4), ws()}});
  auto rows = w.get(numbers_path).json().at("items");
  auto gap = [&](std::uint64_t n) {
    auto shown = detail(w, n).at("routing_gap");
    CHECK(shown == rows.at(n - 1).at("routing_gap"));
    return str(shown);
  };
  CHECK(gap(1) == "null");
  CHECK(gap(2) == "no_target");
  CHECK(gap(3) == "parking");
  CHECK(gap(4) == "inactive");
  CHECK(gap(5) == "null");  // external: theirs take its calls
}

TEST_CASE("WHK-06 the webhook URLs to copy are the connection's, under the public URL; no SMS, no SMS URL") {
  QueryWorld w;
  auto no_sms = imported(2, e164(2));
  no_sms.capabilities.sms = false;
  w.given({imported(1, e164(1)), no_sms});
  auto base = "https://rl.example/twilio/" + con(1).to_string();
  auto shown = detail(w, 1).at("webhooks");
  CHECK(str(shown.at("voice_url")) == base + "/voice#rc=3&rp=ct,rt,5xx");
  CHECK(str(shown.at("voice_method")) == "POST");
  CHECK(str(shown.at("status_callback")) == base + "/status");
  CHECK(str(shown.at("sms_url")) == base + "/sms#rc=3&rp=ct,rt,5xx");
  CHECK(detail(w, 2).at("webhooks").at("sms_url").is_null());
}

TEST_CASE("HLT-01 a number's pool status is the state that its pool counts it in") {
  QueryWorld w;
  auto site = campaign(1, "Site", campaigns::Type::website_tracker);
  site.pool = pools::Settings{};
  site.pool->fallback_number = E164{e164(2)};
  w.given({site});
  for (std::uint64_t n = 1; n <= 6; ++n) w.given({imported(n, e164(n)), assigned(n, 1)});
  w.given({numbers::DrainStarted{num(3), ws(), cmp(1), {}}});
  w.given({numbers::ProviderFailed{num(4), ws(), 1, false, 21402, "no such URL"}});
  auto lend = [&](std::uint64_t n) {
    sessions::Started visit;
    visit.session = id_of<SessionId>(n, 12);
    visit.workspace = ws();
    visit.campaign = cmp(1);
    w.given({visit, sessions::NumberLeased{
                        visit.session, ws(), cmp(1), num(n), E164{e164(n)}, sessions::LeaseReason::lru, {}}});
    return visit.session;
  };
  lend(5);
  auto gone = lend(6);
  auto now = w.world.log.now();
  w.given({sessions::LeaseHeld{gone, ws(), cmp(1), num(6), now, now, {now.ms + 1'800'000}}});
  w.clock.wall = now;
  auto status = [&](std::uint64_t n) { return str(detail(w, n).at("health").at(0).at("pool_status")); };
  CHECK(status(1) == "available");
  CHECK(status(2) == "overflow");
  CHECK(status(3) == "disabled");
  CHECK(status(4) == "unhealthy");
  CHECK(status(5) == "leased");
  CHECK(status(6) == "hold");
}

}  // namespace
}  // namespace ringledger
