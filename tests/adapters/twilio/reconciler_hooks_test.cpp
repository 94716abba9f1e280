// Hooks whose URLs hold credentials: the work list shows them masked, the provider gets them whole.
#include "support/reconciled.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE("IMP-12 hooks with credentials are put back whole, though the work list shows them masked") {
  const std::string url = "https://user:secret@theirs.example/voice";
  Reconciled world(1, 0);
  auto e = imported(n1, 0);
  auto& hooks = e.actual.hooks;
  hooks.voice_url = url;
  hooks.voice_method = hooks.voice_fallback_method = hooks.status_callback_method = "GET";
  hooks.sms_method = hooks.sms_fallback_method = "GET";
  e.actual.hooks = numbers::masked(e.actual.hooks);
  world.carrier.numbers[e.sid] = e.actual;
  world.ledger.commit({e, numbers::Deactivated{n1, dental}});
  auto shown = work_for(world.ledger.sight().of<ProviderSyncView>(), account, n1);
  REQUIRE(shown);
  CHECK((*shown)->number.actual.hooks.voice_url == "https://***@theirs.example/voice");
  CHECK(is_withheld((*shown)->number.actual.hooks));
  world.start();
  REQUIRE(world.run_until_idle());
  CHECK(world.at_provider().hooks.voice_url != e.actual.hooks.voice_url);
  CHECK(world.ledger.replaced.back() == e.actual);

  auto secrets = std::exchange(world.secrets, [](const auto&) { return std::nullopt; });
  world.ledger.commit({numbers::Activated{n1, dental}});
  world.run_for(2'000);
  CHECK(world.carrier.calls.size() == 1);  // never masked ones
  CHECK(world.counted["unreadable"] > 0);
  world.secrets = secrets;
  REQUIRE(world.run_until_idle());
  CHECK(numbers::unmasked(world.at_provider().hooks).voice_url == url);
  CHECK(world.number().actual == e.actual);
}
