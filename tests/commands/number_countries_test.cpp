// With which countries a number has calls, and what becomes of a call from elsewhere.
#include "commands/number_countries.hpp"

#include "commands/call.hpp"
#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

const E164 desk{"+12125550199"};
const std::string american = "+12125550100", british = "+447700900123", withheld = "anonymous";

std::vector<Event> history() { return acme() + imported(n1, 1); }
SetInboundCountries inbound(std::vector<CountryCode> countries, bool unknown = true) {
  return {dental, n1, std::move(countries), unknown};
}
SetOutboundCountries outbound(std::vector<CountryCode> countries) {
  return {dental, n1, std::move(countries)};
}
const CountryCode us{"US"}, gb{"GB"}, de{"DE"};

/// Number 1 in a campaign that forwards to the desk.
World forwarding() {
  auto w = given(history() + assigned(n1, spring));
  w.happened({campaigns::Updated{spring, dental, {}, {}, desk, false}});
  return w;
}
ReceiveCall call_from(const std::string& from) {
  CallReport r;
  r.provider_sid = "CA" + from;
  r.from = from;
  r.to = phone(1).text;
  r.status = "ringing";
  return {dental_twilio, std::move(r)};
}
calls::RouteKind route_in(const World& w, const std::string& from) {
  return w.when(call_from(from)).decision()->result.route.kind;
}

}  // namespace

TEST_CASE("CTY-01 CTY-03 a number has a list of inbound and one of outbound countries, each set on its own") {
  auto w = given(history());
  w.when(inbound({us, gb, us}))
      .then({numbers::InboundCountriesSet{n1, dental, {"GB", "US"}, true}})
      .then_answer([](const auto& a) { CHECK(a.countries == std::vector<std::string>{"GB", "US"}); });
  CHECK(w.does(inbound({us, gb})));
  w.when(inbound({gb, us})).then_nothing();
  w.when(inbound({gb, us}, false)).then({numbers::InboundCountriesSet{n1, dental, {"GB", "US"}, false}});
  w.when(outbound({de})).then({numbers::OutboundCountriesSet{n1, dental, {"DE"}}});
  CHECK(w.does(outbound({de})));
  w.when(outbound({de})).then_nothing();
  w.when(outbound({})).then({numbers::OutboundCountriesSet{n1, dental, {}}});
  CHECK(w.row<numbers::Number>(n1)->inbound_countries == std::vector<std::string>{"GB", "US"});
}

TEST_CASE("CTY-01 another workspace's number, a stale version and one being released are refused") {
  auto w = given(history());
  w.when(SetInboundCountries{vision, n1, {us}, true}).then_refused(Code::not_found);
  w.when(SetOutboundCountries{vision, n1, {us}}).then_refused(Code::not_found);
  By stale;
  w.when(inbound({us}), stale.if_match(77)).then_refused(Code::version_mismatch);
  w.happened({numbers::Deleted{n1, dental, {}, true, {}}});
  w.when(inbound({us})).then_refused(Code::number_inactive);
}

TEST_CASE("CTY-02 an empty list restricts nothing") {
  auto w = forwarding();
  for (const auto& from : {american, british, withheld})
    CHECK(route_in(w, from) == calls::RouteKind::forward);
  w.does(outbound({de}));
  CHECK(route_in(w, american) == calls::RouteKind::forward);
}

TEST_CASE("CTY-04 a call from a country that is not in the list is blocked, and recorded with that outcome") {
  auto w = forwarding();
  w.does(inbound({us}));
  CHECK(route_in(w, american) == calls::RouteKind::forward);
  CHECK(route_in(w, british) == calls::RouteKind::blocked_country);
  auto call = w.when(call_from(british)).decision()->result.call;
  w.does(call_from(british));
  call = w.when(call_from(british)).decision()->result.call;
  const auto& c = *w.row<calls::Call>(call);
  CHECK(calls::outcome_of(c) == calls::Outcome::blocked_country);
  CHECK(c.caller_country == "GB");
  CHECK(c.attribution.campaign == spring);
}

TEST_CASE("CTY-04 a call that went out is judged by no inbound list, wherever it went") {
  auto w = forwarding();
  w.does(inbound({us}, false));
  auto out = call_from(phone(1).text);
  out.report.outbound = true;
  for (const auto& to : {american, british, withheld}) {
    out.report.to = to;
    CHECK(w.when(out).decision()->result.route.kind == calls::RouteKind::forward);
  }
}

TEST_CASE("CTY-04 who withholds the number is taken unless the flag says no, whatever the list") {
  auto w = forwarding();
  w.does(inbound({us}));
  CHECK(route_in(w, withheld) == calls::RouteKind::forward);
  w.does(inbound({us}, false));
  CHECK(route_in(w, withheld) == calls::RouteKind::blocked_country);
  CHECK(route_in(w, american) == calls::RouteKind::forward);
  w.does(inbound({}, false));
  CHECK(route_in(w, withheld) == calls::RouteKind::blocked_country);
  CHECK(route_in(w, british) == calls::RouteKind::forward);
}

TEST_CASE("CTY-04 an inactive number says so first; one whose hooks are theirs is not ours to block") {
  auto w = forwarding();
  w.does(inbound({us}));
  w.happened({numbers::Deactivated{n1, dental}});
  CHECK(route_in(w, british) == calls::RouteKind::inactive);
  auto external = given(history());
  external.does(inbound({us}));
  CHECK(route_in(external, british) == calls::RouteKind::forward);
}

TEST_CASE("CTY-01 the lists do not go with a number to another workspace") {
  auto w = forwarding();
  w.does(inbound({us}, false));
  numbers::TransferredIn in;
  in.number = n1;
  in.workspace = vision;
  in.connection = vision_twilio;
  in.e164 = phone(1);
  w.happened({numbers::TransferredOut{n1, dental, spring, {}}, in});
  const auto& n = *w.row<numbers::Number>(n1);
  CHECK(n.inbound_countries.empty());
  CHECK(n.allow_unknown_caller);
}
