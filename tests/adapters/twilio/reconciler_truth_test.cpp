// The reconciler believes the provider's answers only: what is said to be synced is so there.
#include "adapters/twilio/reconciler.hpp"

// reconciled.hpp comes last: its `account` would be shadowed.
#include "support/reconciled.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using numbers::CnamState;
using numbers::ProviderState;
using numbers::SettingGroup;
using Kind = CarrierFailure::Kind;

namespace {

numbers::ProviderHooks ours(Reconciled& world) {
  return our_hooks(dental_twilio, public_url, world.ledger.number(n1).capabilities);
}
std::optional<CarrierFailure> no(int code) {
  auto failure = failing(Kind::refused, code);
  failure.request_id = "RQ-no";
  return failure;
}

}  // namespace

TEST_CASE("ASG-02 WHK-01 an application set at the provider after the import is cleared by the assignment") {
  Reconciled world;
  auto& there = world.carrier.numbers.at(pn(0)).hooks;
  there.voice_application_sid = "AP1";  // it would take the calls
  there.sms_method = "GET";
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.at_provider().hooks == ours(world));
  CHECK(world.number().provider_state == ProviderState::synced);
}

TEST_CASE(
    "ASG-02 what our last write brought there is not sent again, but set right when others changed it") {
  Reconciled world;
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  world.rename(0, "Desk");
  REQUIRE(world.run_until_idle());
  REQUIRE(world.carrier.calls.size() == 2);
  ProviderUpdate label;
  label.friendly_name = "Desk";
  CHECK(world.carrier.calls[1].update == label);
  world.carrier.numbers.at(pn(0)).hooks.trunk_sid = "TK1";
  world.rename(0, "Front desk");
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 4);  // the label, and then all
  CHECK(world.at_provider().hooks == ours(world));
  CHECK(world.number().provider_state == ProviderState::synced);
}

TEST_CASE("ASG-02 a provider that takes the update and shows something else is failed, and says what") {
  Reconciled world;
  world.carrier.meddle = [](auto& settings) { settings.hooks.voice_application_sid = "AP1"; };
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  auto n = world.number();
  CHECK(n.provider_state == ProviderState::failed);
  CHECK(n.provider_error_message.find("voice_application_sid") != std::string::npos);
  CHECK(n.actual == world.at_provider());
  CHECK(world.told<numbers::ProviderFailed>().at(0).refused == std::vector{SettingGroup::hooks});
  world.carrier.meddle = nullptr;
  world.assign(0);  // the same wish again
  REQUIRE(world.run_until_idle());
  CHECK(world.number().provider_state == ProviderState::synced);
}

TEST_CASE("CNA-01 groups that were set while another was refused are known: CNAM is on, the label failed") {
  Reconciled world;
  world.carrier.refuse = [](const auto& call) -> std::optional<CarrierFailure> {
    return call.update->friendly_name == "Bad" ? no(21400) : std::nullopt;
  };
  world.rename(0, "Bad");
  world.toggle_cnam(0, true);
  world.start();
  REQUIRE(world.run_until_idle());
  auto n = world.number();
  CHECK(n.provider_state == ProviderState::failed);
  CHECK(n.cnam_state == CnamState::on);
  CHECK(n.actual == world.at_provider());
  auto failed = world.told<numbers::ProviderFailed>().at(0);
  CHECK(failed.refused == std::vector{SettingGroup::label});
  CHECK(failed.request_id == "RQ-no");
}

TEST_CASE("CNA-01 of several refusals the first is told, and each group that was refused") {
  Reconciled world;
  world.carrier.refuse = [](const auto& call) -> std::optional<CarrierFailure> {
    return call.update->voice_url ? no(21401) : call.update->friendly_name ? no(21400) : std::nullopt;
  };
  world.assign(0);
  world.rename(0, "Bad");
  world.start();
  REQUIRE(world.run_until_idle());
  auto failed = world.told<numbers::ProviderFailed>().at(0);
  CHECK(failed.error_code == 21401);
  CHECK(failed.refused == std::vector{SettingGroup::hooks, SettingGroup::label});
}

TEST_CASE("SYN-04 a provider that is busy in the middle of the groups is asked for all of them again") {
  Reconciled world;
  int busy = 1;
  world.carrier.refuse = [&](const auto& call) -> std::optional<CarrierFailure> {
    bool label = call.update->friendly_name.has_value();
    if (label && call.update->voice_url) return no(21400);  // all together
    if (label && busy-- > 0) return failing(Kind::unavailable, 20429);
    return std::nullopt;
  };
  world.assign(0);
  world.rename(0, "Desk");
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.counted["unavailable"] == 1);
  CHECK(world.told<numbers::ProviderFailed>().empty());
  CHECK(world.number().provider_state == ProviderState::synced);
  CHECK(world.at_provider().friendly_name == "Desk");
}

TEST_CASE("LBL-02 what is wished back while the outcome of a call is not known is sent") {
  Reconciled world;
  world.rename(0, "Desk");
  world.start();
  REQUIRE(world.run_until_idle());
  int lost = 1;
  world.carrier.lose = [&](const auto&) -> std::optional<CarrierFailure> {
    if (lost-- > 0) return failing(Kind::unavailable);
    return {};
  };
  world.rename(0, "Front");
  world.run_for(1);
  REQUIRE(world.at_provider().friendly_name == "Front");  // done, but we do not know
  world.rename(0, "Desk");
  REQUIRE(world.run_until_idle());
  CHECK(world.at_provider().friendly_name == "Desk");
}

TEST_CASE("CNA-08 a refusal to turn CNAM off leaves it on, and it can be asked again") {
  Reconciled world;
  world.toggle_cnam(0, true);
  world.start();
  REQUIRE(world.run_until_idle());
  world.carrier.refuse = [](const auto&) { return no(21409); };
  world.toggle_cnam(0, false);
  REQUIRE(world.run_until_idle());
  auto n = world.number();
  CHECK(n.cnam_state == CnamState::refused);
  CHECK(n.cnam_enabled);
  CHECK(world.told<numbers::CnamRefused>().at(0).request_id == "RQ-no");
  world.carrier.refuse = nullptr;
  world.toggle_cnam(0, false);
  REQUIRE(world.run_until_idle());
  CHECK(world.number().cnam_state == CnamState::off);
}

TEST_CASE("SYN-04 every provider event names the provider's request") {
  Reconciled world(1, 2);
  world.assign(0);
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.told<numbers::ProviderSynced>().at(0).request_id == "RQ1");
  world.ledger.commit({numbers::Deleted{n1, dental, spring, true, {}}});
  REQUIRE(world.run_until_idle());
  CHECK(world.told<numbers::Released>().at(0).request_id == "RQ2");
  world.carrier.refuse = [](const auto&) { return no(20006); };
  world.ledger.commit({numbers::Deleted{n2, dental, {}, true, {}}});
  REQUIRE(world.run_until_idle());
  CHECK(world.told<numbers::ReleaseFailed>().at(0).request_id == "RQ-no");
}
