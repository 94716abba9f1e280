// The reconciler against a scripted provider, in virtual time; the last cases against the simulator.
#include "adapters/twilio/reconciler.hpp"

#include "adapters/twilio/twilio_carrier.hpp"
#include "support/simulated.hpp"
// reconciled.hpp comes last: its `account` would be shadowed by simulated.hpp's.
#include "support/reconciled.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using numbers::CnamState;
using numbers::ProviderState;
using Kind = CarrierFailure::Kind;

TEST_CASE("IMP-06 ASG-11 an import that keeps the webhooks makes no call; the first assignment does") {
  Reconciled world;
  world.start();
  world.run_for(5'000);
  CHECK(world.carrier.calls.empty());
  world.assign(0);
  REQUIRE(world.run_until_idle());
  REQUIRE(world.carrier.calls.size() == 1);
  CHECK(world.scheduler.now_ms() == 5'001);  // at once, not at the next look
  CHECK(world.at_provider().hooks.voice_url == our_hooks(dental_twilio, public_url, {}).voice_url);
  auto n = world.number();
  CHECK(n.provider_state == ProviderState::synced);
  CHECK(n.synced_revision == n.wanted_revision);
  CHECK(n.actual == world.at_provider());
  CHECK(world.counted == std::map<std::string, int>{{"synced", 1}});
}

TEST_CASE("ASG-02 what was there before is recorded with what replaced it") {
  Reconciled world;
  auto before = world.at_provider();
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(before.hooks.voice_url == "https://theirs.example/voice");
  CHECK(world.ledger.replaced == std::vector<numbers::ProviderSettings>{before});
  CHECK(world.ledger.recorded == std::vector<std::string>{"reconcile/" + n1.to_string() + "/1/synced"});
}

TEST_CASE("WHK-01 ten quick changes cost one call") {
  Reconciled world;
  world.carrier.latency_ms = 50;
  for (int i = 0; i < 10; ++i) world.rename(0, "Desk " + std::to_string(i));
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 1);
  CHECK(world.at_provider().friendly_name == "Desk 9");
}

TEST_CASE("WHK-01 a wish made while a call is out is brought there by the next call") {
  Reconciled world;
  world.carrier.latency_ms = 100;
  world.rename(0, "First");
  world.start();
  world.later(50, [&] {
    CHECK(world.carrier.calls.size() == 1);
    CHECK(world.at_provider().friendly_name == "(415) 555-0100");  // not yet
    for (int i = 0; i < 10; ++i) world.rename(0, "Later " + std::to_string(i));
  });
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 2);
  CHECK_FALSE(world.carrier.twice_at_once);
  CHECK(world.at_provider().friendly_name == "Later 9");
  CHECK(world.number().provider_state == ProviderState::synced);
}

TEST_CASE("what came of a call continues the latest wish that it served") {
  Reconciled world;
  world.carrier.latency_ms = 100;
  world.rename(0, "First");
  auto served = world.rename(0, "Second");
  Wish later;
  world.start();
  world.later(50, [&] { later = world.rename(0, "Third"); });
  REQUIRE(world.run_until_idle());
  auto wishes = world.ledger.wishes;
  wishes.erase(std::ranges::unique(wishes).begin(), wishes.end());  // the first call also told of health
  CHECK((wishes == std::vector<Wish>{served, later}));
}

TEST_CASE("delays and what is told of the connection continue the wish that met them") {
  Reconciled world;
  auto wish = world.rename(0, "Desk");
  SUBCASE("delays") {
    world.carrier.refuse = [](const auto&) { return failing(Kind::unavailable); };
  }
  SUBCASE("health") {
    world.carrier.refuse = [](const auto&) { return failing(Kind::invalid_credentials); };
  }
  world.start();
  world.run_for(60'000);
  REQUIRE_FALSE(world.ledger.told.empty());
  for (const auto& w : world.ledger.wishes) CHECK(w == wish);
}

TEST_CASE("WHK-01 a wish that sets nothing is recorded without a call") {
  Reconciled world(1, 0);
  auto e = imported(n1, 100);
  e.actual.hooks.status_callback = "https://theirs.example/status";
  e.wanted.shadow = true;
  world.carrier.numbers[e.sid] = e.actual;
  world.ledger.commit({e});
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.empty());
  CHECK(world.counted["unchanged"] == 1);
  CHECK(world.number().provider_state == ProviderState::synced);
}

TEST_CASE("LBL-02 while the provider is away all stays pending, and syncs by itself when it is back") {
  Reconciled world(1, 10);
  bool away = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (away) return failing(Kind::unavailable);
    return {};
  };
  for (unsigned i = 0; i < 10; ++i) world.rename(i, "Desk");
  world.start();
  world.run_for(600'000);
  CHECK(world.ledger.work() == 10);
  CHECK(world.number().provider_state == ProviderState::pending);
  // Doubling from 100 ms to 30 s with full jitter: ten minutes hold some tens of tries, not thousands.
  CHECK(world.carrier.calls.size() > 20);
  CHECK(world.carrier.calls.size() < 100);
  CHECK(world.ledger.recorded.empty());
  away = false;
  world.run_for(31'000);
  CHECK(world.ledger.work() == 0);
  CHECK(world.number(9).provider_state == ProviderState::synced);
  CHECK(world.counted["synced"] == 10);
}

TEST_CASE("LBL-02 Retry-After is obeyed") {
  Reconciled world(1, 2);
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (world.scheduler.now_ms() < 1'000) return failing(Kind::unavailable, 20429, 90);
    return {};
  };
  world.rename(0, "Desk");
  world.rename(1, "Desk");
  world.start();
  world.run_for(89'000);
  CHECK(world.carrier.calls.size() == 2);
  world.run_for(2'000);
  CHECK(world.ledger.work() == 0);
}

TEST_CASE("LBL-02 a number that always fails holds up no other") {
  Reconciled world(1, 20);
  world.carrier.refuse = [](const auto& call) -> std::optional<CarrierFailure> {
    if (call.sid == pn(0)) return failing(Kind::unavailable, 20500);
    return {};
  };
  for (unsigned i = 0; i < 20; ++i) world.rename(i, "Desk");
  world.start();
  world.run_for(30'000);
  CHECK(world.ledger.work() == 1);
  CHECK(world.number(0).provider_state == ProviderState::pending);
}

TEST_CASE("IMP-11 wrong credentials pause the connection for 30 s; every number stays pending") {
  Reconciled world(1, 4);
  bool wrong = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (wrong) return failing(Kind::invalid_credentials, 20003);
    return {};
  };
  for (unsigned i = 0; i < 4; ++i) world.assign(i);
  world.start();
  world.run_for(29'000);
  CHECK(world.carrier.calls.size() == 4);
  world.run_for(60'000);
  CHECK(world.carrier.calls.size() == 6);  // then one probe each 30 s
  CHECK(world.counted["invalid_credentials"] == 6);
  CHECK(world.ledger.work() == 4);
  wrong = false;
  world.run_for(31'000);
  CHECK(world.ledger.work() == 0);
}

TEST_CASE("IMP-11 a suspended account or missing credentials blame no number") {
  Reconciled world;
  world.carrier.refuse = [](const auto&) { return std::optional(failing(Kind::refused, 20005)); };
  world.assign(0);
  world.start();
  world.run_for(29'000);
  CHECK(world.counted["suspended"] == 1);
  world.credentials = [](ConnectionId) { return std::nullopt; };
  world.run_for(30'000);
  CHECK(world.counted["no_credentials"] == 1);
  CHECK(world.number().provider_state == ProviderState::pending);
}

TEST_CASE("CNA-08 a lookup refused for good is told; hooks and label are set all the same") {
  Reconciled world;
  world.carrier.refuse = [](const auto& call) -> std::optional<CarrierFailure> {
    if (call.update->voice_caller_id_lookup) return failing(Kind::refused, 21409);
    return {};
  };
  world.assign(0);
  world.rename(0, "Desk");
  world.toggle_cnam(0, true);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 4);  // all, hooks, label, CNAM
  auto n = world.number();
  CHECK(n.provider_state == ProviderState::synced);
  CHECK(n.cnam_state == CnamState::refused);
  CHECK_FALSE(n.cnam_enabled);
  CHECK(n.cnam_error_code == 21409);
  CHECK(n.actual == world.at_provider());
  CHECK(n.actual.friendly_name == "Desk");
  world.toggle_cnam(0, true);  // asked again: tried again, alone
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 5);
  CHECK(world.number().cnam_state == CnamState::refused);
}

TEST_CASE("LBL-02 a label refused for good is failed with the provider's reason, until the next wish") {
  Reconciled world;
  world.carrier.refuse = [](const auto& call) -> std::optional<CarrierFailure> {
    if (call.update->friendly_name == "Bad") return failing(Kind::refused, 21400);
    return {};
  };
  world.assign(0);
  world.rename(0, "Bad");
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.number().provider_state == ProviderState::failed);
  CHECK(world.number().provider_error_code == 21400);
  world.run_for(60'000);
  CHECK(world.carrier.calls.size() == 3);  // no repeating of what is pointless
  world.rename(0, "Good");
  REQUIRE(world.run_until_idle());
  CHECK(world.number().provider_state == ProviderState::synced);
  CHECK(world.number().actual == world.at_provider());
}

TEST_CASE("WHK-01 a number the provider has no more is gone") {
  Reconciled world;
  world.carrier.refuse = [](const auto&) { return std::optional(failing(Kind::gone, 20404)); };
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.number().provider_state == ProviderState::gone);
  CHECK(world.number().provider_error_code == 20404);
}

TEST_CASE("WHK-01 a wish taken back after an answer was lost is sent, though it looks like nothing to do") {
  Reconciled world;
  int lost = 1;
  world.carrier.lose = [&](const auto&) -> std::optional<CarrierFailure> {
    if (lost-- > 0) return failing(Kind::unavailable);
    return {};
  };
  auto before = world.number().actual.friendly_name;
  world.start();
  world.rename(0, "Sent, never told");
  REQUIRE(world.scheduler.run_until([&] { return world.carrier.calls.size() == 1; }, 10'000));
  world.restart_without();
  world.rename(0, before);  // equal to the last known actual, not to what Twilio has
  REQUIRE(world.at_provider().friendly_name == "Sent, never told");
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.at_provider().friendly_name == before);
}

TEST_CASE("DEL-03 a release is done once the provider has the number no more") {
  Reconciled world;
  world.ledger.commit({numbers::Deleted{n1, dental, {}, true, {}}});
  CHECK(world.number().provider_state == ProviderState::release_pending);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.numbers.empty());
  CHECK_FALSE(world.number().release_pending);
  CHECK(world.counted["released"] == 1);
}

TEST_CASE("DEL-07 a release is retried while the provider is away, and refused only once for each asking") {
  Reconciled world;
  auto kind = Kind::unavailable;
  world.carrier.refuse = [&](const auto&) { return std::optional(failing(kind, 0)); };
  world.ledger.commit({numbers::Deleted{n1, dental, {}, true, {}}});
  world.start();
  world.run_for(300'000);
  CHECK(world.counted["unavailable"] > 10);
  CHECK(world.number().release_pending);
  kind = Kind::refused;
  world.run_for(300'000);
  CHECK(world.counted["release_refused"] == 1);
  CHECK(world.number().release_pending);
  CHECK_FALSE(world.number().provider_error_message.empty());
  world.ledger.commit({numbers::Deleted{n1, dental, {}, true, {}}});  // asked again
  world.run_for(60'000);
  CHECK(world.counted["release_refused"] == 2);
  kind = Kind::gone;
  world.ledger.commit({numbers::Deleted{n1, dental, {}, true, {}}});
  REQUIRE(world.run_until_idle());
  CHECK_FALSE(world.number().release_pending);
}

TEST_CASE("XFR-05 after a transfer the hooks are those of the destination's connection") {
  Reconciled world;
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  auto n = world.number();
  world.transfer(0);
  REQUIRE(world.run_until_idle());
  CHECK(world.at_provider().hooks == our_hooks(vision_twilio, public_url, n.capabilities));
}

TEST_CASE("WHK-01 an outcome that was not committed is brought about and recorded again, not at full speed") {
  Reconciled world;
  world.ledger.lost_records = 5;
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.counted["not_recorded"] == 5);
  CHECK(world.carrier.calls.size() == 6);
  CHECK(world.number().provider_state == ProviderState::synced);
}

TEST_CASE("WHK-01 a record that changes nothing does not spin") {
  Reconciled world;
  world.assign(0);
  world.ledger.keys.insert("reconcile/" + n1.to_string() + "/1/synced");  // taken: nothing will come of it
  world.start();
  world.run_for(300'000);
  CHECK(world.carrier.calls.size() < 60);
  CHECK(world.counted["not_recorded"] > 5);
}

TEST_CASE("CNA-08 DEL-07 ASG-02 against the simulated Twilio: sync, refusal, lost answers, release") {
  World twilio;
  ToSimulator http;
  http.simulator = twilio.simulator.get();
  TwilioCarrier carrier(http, "http://twilio.test");
  Reconciled world(1, 0);
  world.wrapped = &carrier;
  world.credentials = [&](ConnectionId) -> std::optional<CarrierCredentials> {
    return CarrierCredentials{twilio.sid, twilio.token};
  };
  twilio.add_number("+442079460100", R"(,"voice_url":"https://theirs.example/voice")");
  auto found = carrier.find_number({twilio.sid, twilio.token}, E164{"+442079460100"});
  REQUIRE(found);
  auto e = imported(n1, 100);
  e.e164 = (*found)->e164;
  e.sid = (*found)->sid;
  e.actual = (*found)->settings;
  e.capabilities = (*found)->capabilities;
  world.ledger.commit({e});
  world.start();

  twilio.control("POST", "faults", R"({"resource":"IncomingPhoneNumbers","times":2,"drop_answer":true})");
  world.assign(0);
  REQUIRE(world.run_until_idle());
  auto now = carrier.fetch_number({twilio.sid, twilio.token}, e.sid);
  REQUIRE(now);
  CHECK(now->settings.hooks == our_hooks(dental_twilio, public_url, e.capabilities));
  CHECK(world.number().actual == now->settings);
  CHECK(world.counted["unavailable"] == 2);

  world.toggle_cnam(0, true);  // no caller names outside the US: 21409
  world.rename(0, "London");
  REQUIRE(world.run_until_idle());
  CHECK(world.number().cnam_state == CnamState::refused);
  CHECK(world.number().cnam_error_code == 21409);
  CHECK(world.number().actual.friendly_name == "London");
  world.rename(0, std::nullopt);
  REQUIRE(world.run_until_idle());
  CHECK(world.number().actual.friendly_name == "+442079460100");

  twilio.control("POST", "faults", R"({"resource":"IncomingPhoneNumbers","times":1,"drop_answer":true})");
  world.ledger.commit({numbers::Deleted{n1, dental, spring, true, {}}});
  REQUIRE(world.run_until_idle());
  CHECK_FALSE(world.number().release_pending);
  CHECK(carrier.fetch_number({twilio.sid, twilio.token}, e.sid).error().kind == Kind::gone);
}
