// DiagnoseNumber: each thing that keeps calls from a number is told by its own check, and nothing else is.
#include "api/number_diagnosis.hpp"

#include <doctest/doctest.h>

#include "adapters/twilio/hooks.hpp"
#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;
using Texts = std::vector<std::string>;
using Faults = std::map<std::string, std::string>;  ///< check -> severity

const std::string number_path = "/v1/workspaces/" + ws(1).to_string() + "/numbers/" + num(1).to_string();
const std::string path = number_path + "/diagnosis";
constexpr std::string_view public_url = "https://rl.example/";

/// What the provider tells, once it has our hooks.
numbers::ProviderSynced synced(ConnectionId named = con(1), std::string_view base = public_url) {
  numbers::ProviderSynced e{num(1), ws(), 1, {}, {}, {}};
  e.actual.hooks = our_hooks(named, base, {.voice = true, .sms = true});
  return e;
}
numbers::ProviderSynced seen(auto&& change) {
  auto e = synced();
  change(e.actual.hooks);
  return e;
}
connections::Verified verified(connections::State state) { return {con(1), ws(), state, "Full", 0, "", {}}; }
connections::Added another_connection(std::uint64_t n, WorkspaceId workspace, const std::string& sid) {
  return {con(n), workspace, connections::Provider::twilio, "Another", sid, Secret<std::string>("token"), {},
          {},     "oken"};
}
calls::Received called() {
  calls::Received e;
  e.call = id_of<CallId>(1, 9);
  e.workspace = ws(1);
  e.number = num(1);
  e.connection = con(1);
  e.account_sid = "AC1";
  e.provider_sid = "CA1";
  e.started_at = Timestamp{1'700'000'000'000};
  return e;
}

/// Number 1 rings: its campaign forwards, the provider has our hooks, a call came in.
QueryWorld ringing() {
  QueryWorld w;
  auto spring = campaign(1, "Spring");
  spring.forward_to = E164{"+12125550199"};
  w.given({verified(connections::State::active), spring});
  auto e = imported(1, "+14155550101");
  e.actual.hooks.voice_url = "https://pbx.example/voice";
  w.given({e, assigned(1, 1)}).given({synced()}).given({called()});
  return w;
}
QueryWorld after(std::vector<Event> events) {
  auto w = ringing();
  w.given(std::move(events));
  return w;
}

boost::json::value asked(QueryWorld& w) {
  auto a = w.get(path);
  REQUIRE_MESSAGE(a.status == 200, a.body);
  return a.json();
}
Faults faults_in(const boost::json::value& told) {
  Faults faults;
  for (const auto& check : told.at("checks").as_array()) {
    if (check.at("ok").as_bool()) {
      CHECK(str(check.at("severity")) == "info");
      CHECK(check.at("differences").as_array().empty());
    } else {
      faults[str(check.at("check"))] = str(check.at("severity"));
    }
  }
  return faults;
}
Faults faults(QueryWorld& w) { return faults_in(asked(w)); }
Faults faults_after(std::vector<Event> events) {
  auto w = after(std::move(events));
  return faults(w);
}
boost::json::value check_named(const boost::json::value& told, std::string_view name) {
  for (const auto& check : told.at("checks").as_array()) {
    if (str(check.at("check")) == name) return check;
  }
  FAIL("no check ", std::string(name));
  return {};
}

TEST_CASE("WHK-05 a number that rings passes every check, and the document names each of them") {
  auto w = ringing();
  auto told = asked(w);
  CHECK(told.at("ok").as_bool());
  CHECK(faults_in(told).empty());
  CHECK(str(told.at("number").at("id")) == num(1).to_string());
  CHECK(str(told.at("number").at("e164")) == "+14155550101");
  Texts names;
  for (const auto& check : told.at("checks").as_array()) names.push_back(str(check.at("check")));
  CHECK(names == Texts{"connection", "provider", "webhooks", "voice", "status", "assignment",
                       "forward_target", "routing", "countries", "last_call"});
  auto schema = boost::json::value(diagnosis_schema());
  auto& check = schema.at("properties").at("checks").at("items").at("properties").at("check");
  Texts documented;
  for (const auto& name : check.at("enum").as_array()) {
    documented.push_back(str(name));
    CHECK(str(check.at("description")).find(str(name) + ": ") != std::string::npos);
  }
  CHECK(documented == names);
}

TEST_CASE("WHK-05 a connection that is not active, and what the provider lacks, is told with how bad it is") {
  using connections::State;
  CHECK(faults_after({verified(State::unverified)}) == Faults{{"connection", "warning"}});
  CHECK(faults_after({verified(State::invalid_credentials)}) == Faults{{"connection", "critical"}});
  CHECK(faults_after({verified(State::suspended)}) == Faults{{"connection", "critical"}});
  numbers::ProviderFailed failed{num(1), ws(), 1, false, 21402, "no such URL"};
  auto w = after({failed});
  auto told = asked(w);
  CHECK_FALSE(told.at("ok").as_bool());
  CHECK(faults_in(told) == Faults{{"provider", "danger"}});
  CHECK(str(check_named(told, "provider").at("message")).find("21402 no such URL") != std::string::npos);
  failed.gone = true;
  CHECK(faults_after({failed}) == Faults{{"provider", "critical"}});
  CHECK(faults_after({numbers::CnamToggled{num(1), ws(), true}}) == Faults{{"provider", "warning"}});
}

TEST_CASE("WHK-05 hooks at the provider that do not lead here are told, expected beside seen") {
  auto w = after({seen([](auto& hooks) { hooks.voice_url = "https://pbx.example/voice"; })});
  auto told = asked(w);
  CHECK(faults_in(told) == Faults{{"webhooks", "critical"}});
  auto differences = check_named(told, "webhooks").at("differences");
  REQUIRE(differences.as_array().size() == 1);
  CHECK(str(differences.at(0).at("hook")) == "voice_url");
  CHECK(str(differences.at(0).at("expected")) ==
        "https://rl.example/twilio/" + con(1).to_string() + "/voice#rc=3&rp=ct,rt,5xx");
  CHECK(str(differences.at(0).at("seen")) == "https://pbx.example/voice");
  const Faults warning{{"webhooks", "warning"}}, danger{{"webhooks", "danger"}},
      critical{{"webhooks", "critical"}};
  CHECK(faults_after({seen([](auto& hooks) { hooks.voice_application_sid = "AP1"; })}) == critical);
  CHECK(faults_after({seen([](auto& hooks) { hooks.trunk_sid = "TK1"; })}) == critical);
  CHECK(faults_after({seen([](auto& hooks) { hooks.voice_url = ""; })}) == critical);
  CHECK(faults_after({seen([](auto& hooks) { hooks.status_callback = ""; })}) == warning);
  CHECK(faults_after({synced(con(1), "https://old.example")}) == danger);
}

TEST_CASE("WHK-05 hooks that name another connection take calls only when it is to the same account") {
  CHECK(faults_after({synced(con(2))}) == Faults{{"webhooks", "warning"}});
  const Faults refused{{"webhooks", "critical"}};
  CHECK(faults_after({another_connection(3, ws(1), "AC2"), synced(con(3))}) == refused);
  CHECK(faults_after({synced(con(4))}) == refused);  // there is none
  auto w = ringing();
  w.given({another_connection(5, ws(9), "AC1")}, acc(2)).given({synced(con(5))});
  CHECK(faults(w) == refused);  // of another tenant, who has the same account SID
}

TEST_CASE("WHK-05 status, assignment, target: what is missing is told, and what a call meets by it") {
  using Reasons = std::pair<Faults, std::string>;
  auto reasons = [](std::vector<Event> events) {
    auto w = after(std::move(events));
    auto told = asked(w);
    CHECK_FALSE(told.at("ok").as_bool());
    return Reasons{faults_in(told), str(check_named(told, "routing").at("message"))};
  };
  CHECK(reasons({numbers::Deactivated{num(1), ws()}}) ==
        Reasons{{{"status", "danger"}, {"routing", "danger"}}, "A call now would be rejected: inactive."});
  CHECK(reasons({unassigned(1, 1)}) ==
        Reasons{{{"assignment", "danger"}, {"routing", "danger"}}, "A call now would be rejected: parking."});
  CHECK(reasons({campaigns::Archived{cmp(1), ws()}}) ==
        Reasons{{{"assignment", "danger"}, {"routing", "danger"}}, "A call now would be rejected: parking."});
  CHECK(reasons({campaigns::Updated{cmp(1), ws(), {}, {}, {}, true}}) ==
        Reasons{{{"forward_target", "danger"}, {"routing", "danger"}},
                "A call now would be rejected: no_target."});
}

TEST_CASE("WHK-05 country lists and a number that was never called are hints: all can be well with them") {
  auto w = after({numbers::InboundCountriesSet{num(1), ws(), {"CA", "US"}, false}});
  auto told = asked(w);
  CHECK(told.at("ok").as_bool());
  CHECK(faults_in(told) == Faults{{"countries", "info"}});
  auto message = str(check_named(told, "countries").at("message"));
  CHECK(message == "Callers from CA, US are taken; those whose country is not known are rejected.");
  QueryWorld fresh;
  auto e = imported(1, "+14155550101");
  e.actual.hooks.voice_url = "https://pbx.example/voice";
  fresh.given({verified(connections::State::active), e});
  told = asked(fresh);
  CHECK(told.at("ok").as_bool());  // external: theirs take its calls
  CHECK(faults_in(told) == Faults{{"last_call", "info"}});
  CHECK(str(check_named(told, "last_call").at("message")).find("/_sim/calls") != std::string::npos);
}

TEST_CASE("WHK-05 an external number without any hook, and one without voice, take no calls") {
  QueryWorld w;
  auto e = imported(1, "+14155550101");
  e.capabilities.voice = false;
  w.given({verified(connections::State::active), e, called()});
  CHECK(faults(w) == Faults{{"webhooks", "critical"}, {"voice", "critical"}});
}

TEST_CASE("NUM-20 the diagnosis of a number is for those who see the number") {
  auto w = ringing();
  CHECK(w.as(3).get(path).status == 200);
  CHECK(w.as(9).get(path).status == 404);
  w.given({imported(2, "+16505550100", {}, ws(2))});
  auto of_other = "/v1/workspaces/" + ws(1).to_string() + "/numbers/" + num(2).to_string() + "/diagnosis";
  CHECK(w.as(1).get(of_other).status == 404);
}

}  // namespace
}  // namespace ringledger
