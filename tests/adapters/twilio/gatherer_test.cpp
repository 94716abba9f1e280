// What a command asks a provider, asked of the simulator through the real carrier.
#include "adapters/twilio/gatherer.hpp"

#include <doctest/doctest.h>

#include "adapters/twilio/twilio_carrier.hpp"
#include "support/simulated.hpp"
// samples.hpp comes last: its `account` would be shadowed by simulated.hpp's.
#include "../../support/samples.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using Kind = CarrierFailure::Kind;

namespace {

struct Asked : World {
  ToSimulator http;
  TwilioCarrier carrier{http, "http://twilio.test"};
  CarrierGatherer gatherer{carrier, clock};
  int calls = 0;
  Asked() {
    http.simulator = simulator.get();
    http.before = [this](const HttpCall&) { ++calls; };
  }
  [[nodiscard]] ProviderQuestion question() const {
    ProviderQuestion q;
    q.connection = dental_twilio;
    q.credentials = {sid, token};
    return q;
  }
};

}  // namespace

TEST_CASE("IMP-01 the whole account is listed") {
  Asked world;
  auto first = world.add_number("+14155550100"), second = world.add_number("+14155550101");
  auto q = world.question();
  q.whole_account = true;
  q.numbers = {E164{"+14155550100"}};
  auto facts = world.gatherer.ask(q);
  CHECK_FALSE(facts.failure);
  CHECK(facts.connection == dental_twilio);
  CHECK(facts.gathered_ms == world.clock.monotonic_ms());
  CHECK(facts.numbers.size() == 2);
  CHECK(facts.by_sid(first));
  CHECK(facts.by_sid(second));
}

TEST_CASE("XFR-03 numbers and SIDs are looked up one by one; what is not there is just not among them") {
  Asked world;
  auto first = world.add_number("+14155550100"), second = world.add_number("+14155550101");
  world.add_number("+14155550102");
  auto q = world.question();
  q.numbers = {E164{"+14155550100"}, E164{"+14155559999"}};
  q.sids = {second, "PN00000000000000000000000000000000", first};
  auto facts = world.gatherer.ask(q);
  CHECK_FALSE(facts.failure);
  REQUIRE(facts.numbers.size() == 2);  // `first`, asked twice, once
  CHECK(facts.by_e164(E164{"+14155550100"})->sid == first);
  CHECK(facts.by_sid(second)->e164 == E164{"+14155550101"});
  CHECK(facts.by_e164(E164{"+14155559999"}) == nullptr);
}

TEST_CASE("IMP-04 a question for many numbers is one list, not a call each") {
  Asked world;
  auto wanted = world.add_number("+14155550100");
  auto q = world.question();
  for (unsigned i = 0; i <= CarrierGatherer::max_single_questions; ++i) q.numbers.push_back(phone(i));
  auto facts = world.gatherer.ask(q);
  CHECK(world.calls == 1);
  CHECK(facts.by_sid(wanted));
}

TEST_CASE("IMP-11 a question about nothing else verifies the account") {
  Asked world;
  auto facts = world.gatherer.ask(world.question());
  CHECK_FALSE(facts.failure);
  CHECK(facts.account_type == "Full");
  CHECK(facts.account_status == "active");
  CHECK(facts.numbers.empty());
}

TEST_CASE("IMP-11 wrong credentials are a failure in the facts, for every kind of question") {
  Asked world;
  world.add_number("+14155550100");
  auto q = world.question();
  q.credentials.auth_token = "wrong";
  auto fails = [&] {
    auto facts = world.gatherer.ask(q);
    if (!facts.failure || !facts.numbers.empty() || !facts.account_type.empty()) return false;
    return facts.failure->kind == Kind::invalid_credentials && facts.failure->error.code == 20003;
  };
  CHECK(fails());
  q.numbers = {E164{"+14155550100"}};
  CHECK(fails());
  q.numbers.clear();
  q.sids = {"PN1"};
  CHECK(fails());
  q.whole_account = true;
  CHECK(fails());
}

TEST_CASE("XFR-03 a provider that fails halfway tells no numbers, only the failure") {
  Asked world;
  auto first = world.add_number("+14155550100");
  auto q = world.question();
  q.numbers = {E164{"+14155550100"}};
  q.sids = {first};
  world.http.before = [&](const HttpCall&) {
    if (++world.calls == 2)
      world.control("POST", "faults", R"({"resource":"IncomingPhoneNumbers","times":3,"status":503})");
  };
  auto facts = world.gatherer.ask(q);
  REQUIRE(facts.failure);
  CHECK(world.calls == 4);
  CHECK(facts.failure->kind == Kind::unavailable);
  CHECK(facts.numbers.empty());
}
