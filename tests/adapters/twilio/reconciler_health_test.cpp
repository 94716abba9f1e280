// What the reconciler makes known of a provider that fails: the connection's state, the number that waits.
#include "adapters/twilio/reconciler.hpp"

#include "support/reconciled.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using connections::State;
using numbers::ProviderState;
using Kind = CarrierFailure::Kind;

namespace {

void new_token(Reconciled& world, const std::string& token) {
  connections::Updated e{dental_twilio, dental, {}, Secret<std::string>(token), "9999", {}, {}};
  world.ledger.commit({e});
}

}  // namespace

TEST_CASE("IMP-11 wrong credentials show in the connection's state, once; what works again does too") {
  Reconciled world(1, 4);
  bool wrong = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (!wrong) return {};
    auto failure = failing(Kind::invalid_credentials, 20003);
    failure.request_id = "RQ-no";
    return failure;
  };
  for (unsigned i = 0; i < 4; ++i) world.assign(i);
  world.start();
  world.run_for(100'000);
  CHECK(world.ledger.connection().state == State::invalid_credentials);
  CHECK(world.ledger.connection().error_code == 20003);
  REQUIRE(world.told<connections::Verified>().size() == 1);
  CHECK(world.told<connections::Verified>()[0].request_id == "RQ-no");
  wrong = false;
  world.run_for(31'000);
  CHECK(world.ledger.work() == 0);
  CHECK(world.ledger.connection().state == State::active);
  CHECK(world.told<connections::Verified>().size() == 2);
  world.rename(0, "Desk");
  world.run_for(1'000);
  CHECK(world.told<connections::Verified>().size() == 2);
}

TEST_CASE("IMP-11 a suspended account shows in the connection's state") {
  Reconciled world;
  world.carrier.refuse = [](const auto&) { return std::optional(failing(Kind::refused, 20005)); };
  world.assign(0);
  world.start();
  world.run_for(1'000);
  CHECK(world.ledger.connection().state == State::suspended);
  CHECK(world.number().provider_state == ProviderState::pending);
}

TEST_CASE("IMP-11 a suspended account is left alone for as long as Twilio asks") {
  Reconciled world;
  world.carrier.refuse = [](const auto&) { return std::optional(failing(Kind::refused, 20005, 120)); };
  world.assign(0);
  world.start();
  world.run_for(119'000);
  CHECK(world.carrier.calls.size() == 1);
  world.run_for(3'000);
  CHECK(world.carrier.calls.size() == 2);
}

TEST_CASE("IMP-11 a new token ends the connection's pause") {
  Reconciled world;
  bool wrong = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (wrong) return failing(Kind::invalid_credentials, 20003);
    return {};
  };
  world.assign(0);
  world.start();
  world.run_for(5'000);
  CHECK(world.carrier.calls.size() == 1);
  wrong = false;
  new_token(world, "right");
  CHECK(world.ledger.connection().state == State::unverified);
  world.run_for(1'100);
  CHECK(world.ledger.work() == 0);
  CHECK(world.ledger.connection().state == State::active);
}

TEST_CASE("IMP-11 a call that was out with the old token says nothing of the new one") {
  Reconciled world;
  world.carrier.latency_ms = 100;
  bool wrong = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (std::exchange(wrong, false)) return failing(Kind::invalid_credentials, 20003);
    return {};
  };
  world.assign(0);
  world.start();
  world.later(50, [&] { new_token(world, "right"); });
  world.run_for(2'000);
  CHECK(world.ledger.work() == 0);
  for (const auto& e : world.told<connections::Verified>()) CHECK(e.state == State::active);
}

TEST_CASE("SYN-04 a number that keeps failing stays pending and shows why from the fifth try on") {
  Reconciled world;
  bool away = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (away) return failing(Kind::unavailable, 20503);
    return {};
  };
  world.assign(0);
  auto version = world.number().version;
  world.start();
  REQUIRE(world.scheduler.run_until([&] { return world.carrier.calls.size() == 4; }, 100'000));
  world.run_for(1);
  CHECK(world.number().provider_error_message.empty());
  world.run_for(60'000);
  auto n = world.number();
  CHECK(n.provider_state == ProviderState::pending);
  CHECK(n.provider_error_code == 20503);
  CHECK(n.provider_error_message == "no");
  CHECK(n.version == version);
  auto told = world.told<numbers::ProviderDelayed>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].tries == 5);
  CHECK(world.carrier.calls.size() > 5);
  away = false;
  world.run_for(31'000);
  CHECK(world.number().provider_state == ProviderState::synced);
  CHECK(world.number().provider_error_message.empty());
}

TEST_CASE("DEL-07 a release that keeps failing shows why, and is tried on") {
  Reconciled world;
  bool away = true;
  world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
    if (away) return failing(Kind::unavailable, 20503);
    return {};
  };
  world.ledger.commit({numbers::Deleted{n1, dental, {}, true, {}}});
  world.start();
  world.run_for(60'000);
  CHECK(world.number().provider_error_code == 20503);
  CHECK(world.ledger.work() == 1);
  away = false;
  world.run_for(31'000);
  CHECK_FALSE(world.number().release_pending);
}
