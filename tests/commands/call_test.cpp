// Calls: what a webhook makes happen.
#include "commands/call.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

const E164 desk{"+12125550199"};

CallReport ringing(const std::string& to = phone(1).text) {
  CallReport r;
  r.provider_sid = "CA1";
  r.from = "+12125550100";
  r.to = to;
  r.status = "ringing";
  r.form = "CallSid=CA1&From=%2B12125550100";
  return r;
}
CallReport told(const std::string& status, std::optional<std::int64_t> sequence = {},
                std::optional<std::int64_t> duration_s = {}) {
  auto r = ringing();
  r.status = status;
  r.source = sequence ? "call-progress-events" : "";
  r.sequence = sequence;
  r.duration_s = duration_s;
  return r;
}
ReceiveCall asks(CallReport report = ringing(), ConnectionId con = dental_twilio) {
  return {con, std::move(report)};
}
ReportCallStatus tells(CallReport report, std::optional<ForwardReport> forward = {}) {
  return {dental_twilio, std::move(report), std::move(forward)};
}

/// Number 1 in the static campaign Spring, which forwards to the desk.
World forwarding() {
  auto w = given(acme() + imported(n1, 1) + assigned(n1, spring));
  campaigns::Updated to{spring, dental, {}, {}, desk, false};
  w.happened({to});
  return w;
}
calls::Received received_in(const std::vector<Event>& events) { return one<calls::Received>(events); }
calls::RouteKind route_in(const World& w, const ReceiveCall& c = asks()) {
  return w.when(c).decision()->result.route.kind;
}

}  // namespace

TEST_CASE(
    "WHK-03 a call to a campaign's number goes where the campaign forwards, recorded with its attribution") {
  auto w = forwarding();
  auto outcome = w.when(asks());
  outcome.then_answer([](const ReceiveCall::Answer& a) {
    CHECK(a.route.kind == calls::RouteKind::forward);
    CHECK(a.route.forward_to == desk);
  });
  auto events = outcome.events();
  REQUIRE(events.size() == 3);
  const auto& e = received_in(events);
  CHECK(e.workspace == dental);
  CHECK(e.number == n1);
  CHECK(e.source == calls::Source::voice);
  CHECK(e.started_at == w.now);
  CHECK(e.caller_country == "US");
  CHECK(e.from.clear() == "+12125550100");
  CHECK(e.form.clear() == "CallSid=CA1&From=%2B12125550100");
  CHECK_FALSE(e.caller_name.clear());
  CHECK_FALSE(e.cnam_cost);
  const auto& a = one<calls::Attributed>(events).attribution;
  CHECK(a.campaign == spring);
  CHECK(a.source == "Spring");
  CHECK(a.confidence == Share{10'000});
  REQUIRE(a.evidence.size() == 1);
  CHECK(a.evidence[0] == id<CommitId>(w.commits - 1).to_string() + "/0");  // the assignment
}

TEST_CASE("WHK-08 a parked, an inactive and an unforwarded number reject; each says why") {
  auto w = given(acme() + imported(n1, 1) + assigned(n1, spring));
  CHECK(route_in(w) == calls::RouteKind::no_target);
  w.happened({unassigned(n1, spring)});
  CHECK(route_in(w) == calls::RouteKind::parking);
  w.happened({numbers::Deactivated{n1, dental}});
  CHECK(route_in(w) == calls::RouteKind::inactive);
}

TEST_CASE("WHK-04 a number's routing gap is what its next call meets, and none where that is put through") {
  auto agrees = [](const World& w) {
    const auto& n = *w.row<numbers::Number>(n1);
    auto gap = routing_gap(n, n.campaign ? w.row<campaigns::Campaign>(*n.campaign) : nullptr);
    CHECK(gap.value_or(calls::RouteKind::forward) == route_in(w));
    return gap;
  };
  auto w = forwarding();
  CHECK_FALSE(agrees(w));
  w.happened({numbers::InboundCountriesSet{n1, dental, {"GB"}, true}});  // some callers still get through
  CHECK_FALSE(routing_gap(*w.row<numbers::Number>(n1), w.row<campaigns::Campaign>(spring)));
  w.happened({numbers::InboundCountriesSet{n1, dental, {}, true}, campaigns::Archived{spring, dental}});
  CHECK(agrees(w) == calls::RouteKind::parking);
  auto unforwarded = given(acme() + imported(n1, 1) + assigned(n1, spring));
  CHECK(agrees(unforwarded) == calls::RouteKind::no_target);
  unforwarded.happened({unassigned(n1, spring)});
  CHECK(agrees(unforwarded) == calls::RouteKind::parking);
  unforwarded.happened({numbers::Deactivated{n1, dental}});
  CHECK(agrees(unforwarded) == calls::RouteKind::inactive);
  unforwarded.happened({numbers::Deleted{n1, dental, {}, true, {}}});
  CHECK(agrees(unforwarded) == calls::RouteKind::unknown_number);
  CHECK_FALSE(agrees(given(acme() + imported(n1, 1))));  // external: theirs put it through
}

TEST_CASE("a number whose hooks are theirs is put through by them: its calls are logged as they went") {
  auto w = given(acme() + imported(n1, 1));
  w.does(tells(told("completed", 0, 60)));
  const auto first = w.when(asks()).decision()->result;
  CHECK(first.route == calls::Route{calls::RouteKind::forward, {}});
  CHECK(calls::outcome_of(*w.row<calls::Call>(first.call)) == calls::Outcome::answered);
}

TEST_CASE("a number that is in no inventory is answered and recorded in the connection's workspace") {
  auto w = given(acme());
  auto unknown = w.when(asks(ringing("+14155559999")));
  unknown.then_answer([](const auto& a) { CHECK(a.route.kind == calls::RouteKind::unknown_number); });
  CHECK_FALSE(received_in(unknown.events()).number);
  CHECK(received_in(unknown.events()).workspace == dental);
  CHECK(route_in(w, asks(ringing("not a number"))) == calls::RouteKind::unknown_number);
  auto deleted = given(acme() + imported(n1, 1) + numbers::Deleted{n1, dental, {}, false, {}});
  CHECK(route_in(deleted) == calls::RouteKind::unknown_number);
}

TEST_CASE("WHK-07 a call belongs to the workspace that owns the number, whichever connection told of it") {
  auto w = forwarding();
  CHECK(received_in(w.when(asks(ringing(), vision_twilio)).events()).workspace == dental);
}

TEST_CASE("whoever holds another provider account's token tells nothing about this one's numbers") {
  auto other = id<ConnectionId>(99);
  auto w = forwarding();
  w.happened({connection_added(other, vision, "AC" + std::string(32, 'b'))});
  auto events = w.when(asks(ringing(), other)).events();
  CHECK(received_in(events).workspace == vision);
  CHECK_FALSE(received_in(events).number);
  w.does(asks());
  w.when(asks(ringing(), other)).then_answer([](const auto& a) {  // nor does it learn of a call by its SID
    CHECK(a.route.kind == calls::RouteKind::unknown_number);
  });
}

TEST_CASE("asked again, however late, the first answer stands and nothing happens") {
  auto w = forwarding();
  auto first = w.when(asks()).decision()->result;
  w.does(asks());
  w.happened({numbers::Unassigned{n1, dental, spring, {}}});
  w.when(asks()).then_nothing().then_answer([&](const auto& a) { CHECK(a == first); });
}

TEST_CASE("CNA-03 a look-up of the caller's name costs its cent on a number with CNAM, and only there") {
  auto w = forwarding();
  auto named = ringing();
  named.caller_name = "ANN CALLER";
  CHECK_FALSE(received_in(w.when(asks(named)).events()).cnam_cost);
  w.happened({numbers::CnamToggled{n1, dental, true}});
  const auto events = w.when(asks(named)).events();
  CHECK(received_in(events).cnam_cost == Money{100, "USD"});
  CHECK(received_in(events).caller_name.clear() == "ANN CALLER");
}

TEST_CASE("a status callback is recorded once, whatever is doubled, under other keys too") {
  auto w = forwarding();
  w.does(asks());
  auto done = tells(told("completed", 3, 42));
  auto events = w.when(done).events();
  REQUIRE(events.size() == 1);
  CHECK(std::get<calls::StatusReported>(events[0]).duration_s == 42);
  w.does(done);
  w.when(done).then_nothing();
  CHECK(w.when(tells(told("completed"))).events().size() == 1);  // the number's own, another source
}

TEST_CASE("the first that is heard of a call may be its end: it is received, attributed and ended at once") {
  auto w = forwarding();
  auto events = w.when(tells(told("completed", 0, 60))).events();
  REQUIRE(events.size() == 4);
  CHECK(received_in(events).source == calls::Source::status);
  CHECK(received_in(events).started_at == Timestamp{w.now.ms - 60'000});
  CHECK(one<calls::Attributed>(events).attribution.campaign == spring);
  w.does(tells(told("completed", 0, 60)));
  w.when(asks()).then_nothing();
}

TEST_CASE("the end of a forwarded leg is a fact of its call") {
  auto w = forwarding();
  w.does(asks());
  auto report = tells(told("in-progress"), ForwardReport{"CA2", "no-answer", {}});
  auto events = w.when(report).events();
  REQUIRE(events.size() == 1);
  CHECK(std::get<calls::ForwardEnded>(events[0]).status == "no-answer");
  w.does(report);
  w.when(report).then_nothing();
}

TEST_CASE("LOG-08 XFR-07 a call that ends after its number moved ends where it began") {
  auto w = forwarding();
  w.does(asks());
  w.happened({numbers::TransferredOut{n1, dental, spring, {}}});
  auto events = w.when(tells(told("completed", 0, 5))).events();
  CHECK(workspace_of(events.at(0)) == dental);
}

TEST_CASE("no more than 64 reports of one call are recorded") {
  auto w = forwarding();
  w.does(asks());
  for (int n = 0; n < 64; ++n) w.does(tells(told("ringing", n)));
  w.when(tells(told("ringing", 64))).then_nothing();
}

TEST_CASE("natural keys name the provider account, the call and the report") {
  CHECK(asks().natural_key("AC1") == "twilio/AC1/CA1/voice");
  CHECK(tells(told("busy")).natural_key("AC1") == "twilio/AC1/CA1/status/busy");
  CHECK(tells(told("busy", 2)).natural_key("AC1") == "twilio/AC1/CA1/call-progress-events/2/busy");
  CHECK(tells(told("x"), ForwardReport{"CA2", "busy", {}}).natural_key("AC1") ==
        "twilio/AC1/CA1/forward/CA2/busy");
}

TEST_CASE("a call of an unknown connection is nobody's") {
  given(acme()).when(asks(ringing(), id<ConnectionId>(77))).then_refused(Code::not_found);
}

TEST_CASE("a replaced token is kept, for a day, so that what Twilio still signs with it is accepted") {
  auto w = given(acme());
  auto at = w.now;
  w.happened(
      {connections::Updated{dental_twilio, dental, {}, Secret<std::string>("new token 12"), "n 12", {}, {}}});
  const auto& c = *w.row<connections::Connection>(dental_twilio);
  CHECK(c.auth_token.reveal() == "new token 12");
  CHECK(c.previous_auth_token.reveal() == "token-1234567890");
  CHECK(c.previous_token_until == Timestamp{at.ms + connections::rotation_grace_ms});
}

namespace {

/// What the provider's list says of the call that `ringing` tells of.
ReconcileCall found(const World& w, std::int64_t began_ms_ago = 60'000,
                    const std::string& status = "completed") {
  auto r = ringing();
  r.status = status;
  r.duration_s = 42;
  r.started_at = Timestamp{w.now.ms - began_ms_ago};
  r.told_at = Timestamp{r.started_at->ms + 42'000};
  r.form = R"({"sid":"CA1"})";
  return {dental_twilio, std::move(r)};
}

}  // namespace

TEST_CASE("a call whose end was never told ends as the provider answers when it is asked, once") {
  auto w = forwarding();
  auto call = w.when(asks()).decision()->result.call;
  w.does(asks());
  call = *w.when(found(w)).decision()->result.call;
  w.when(found(w, 60'000, "in-progress")).then_nothing();
  auto events = w.when(found(w)).events();
  REQUIRE(events.size() == 1);
  const auto end = found(w);
  w.does(end);
  const auto& c = *w.row<calls::Call>(call);
  CHECK(c.status == "completed");
  CHECK(c.duration_s == 42);
  CHECK(c.ended_at == end.report.told_at);
  w.when(found(w, 60'000, "failed")).then_nothing();                    // final is final
  CHECK(w.when(tells(told("completed", 0, 42))).events().size() == 1);  // the callback comes at last
}

TEST_CASE("the end of a call with as many reports as are recorded is recorded all the same when asked for") {
  auto w = forwarding();
  w.does(asks());
  for (int n = 0; n < 64; ++n) w.does(tells(told("ringing", n)));
  CHECK(w.when(found(w)).events().size() == 1);
}

TEST_CASE("a call that nobody told of is received from the provider's list, as of when it began") {
  auto w = forwarding();
  w.now.ms += 3'600'000;
  auto events = w.when(found(w)).events();
  REQUIRE(events.size() == 4);
  const auto& e = received_in(events);
  CHECK(e.source == calls::Source::reconcile);
  CHECK(e.started_at == Timestamp{w.now.ms - 60'000});
  CHECK(e.route == calls::Route{calls::RouteKind::forward, desk});
  CHECK(e.contact);
  CHECK(one<calls::Attributed>(events).attribution.campaign == spring);
  const auto end = one<calls::StatusReported>(events);
  CHECK(end.status == "completed");
  CHECK(end.contact == e.contact);
  const auto list = found(w);
  w.does(list);
  w.when(list).then_nothing();
  w.when(asks()).then_nothing();
}

TEST_CASE(
    "calls from before a number's hooks were ours, to no number of ours, or not over are not received") {
  auto w = forwarding();
  w.when(found(w, 365LL * 24 * 3'600'000)).then_nothing().then_answer([](const auto& a) {
    CHECK_FALSE(a.call);
  });
  w.now.ms += 3'600'000;
  w.when(found(w, 60'000, "in-progress")).then_nothing();
  auto outgoing = found(w);
  outgoing.report.outbound = true;
  std::swap(outgoing.report.from, outgoing.report.to);
  w.when(outgoing).then_nothing();
  auto unknown = found(w);
  unknown.report.to = "+14155559999";
  w.when(unknown).then_nothing();
  auto external = given(acme() + imported(n1, 1));
  external.now.ms += 3'600'000;
  external.when(found(external)).then_nothing();
}

TEST_CASE("XFR-07 a call from before its number came here is no call of the destination") {
  auto w = forwarding();
  w.now.ms += 3'600'000;
  w.happened({numbers::TransferredOut{n1, dental, spring, {}}});
  numbers::TransferredIn in;
  in.number = n1;
  in.workspace = vision;
  in.connection = vision_twilio;
  in.e164 = phone(1);
  in.wanted.hooks = true;
  w.happened({in});
  w.when(found(w)).then_nothing();
}
