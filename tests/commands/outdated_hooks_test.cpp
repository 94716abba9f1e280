// Wishing hooks anew after our public URL changed.
#include "commands/outdated_hooks.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

const std::string url = "https://new.example";
By reactor() { return {"system", {}, {}}; }
/// n1 has our hooks, n2 is as it was imported.
std::vector<Event> history() {
  return acme() + imported(n1, 1) + imported(n2, 2) + assigned(n1, spring) +
         numbers::ProviderSynced{n1, dental, 1, {}, {}};
}

}  // namespace

TEST_CASE("WHK-01 hooks of ours are wished anew, once for what was seen of the number") {
  auto world = given(history());
  RenewOutdatedHooks c{{{n1, 1}, {n2, 0}, {n3, 0}}, url};
  world.when(c, reactor()).then({numbers::HooksOutdated{n1, dental, url}});
  CHECK(world.does(c, reactor()));
  CHECK(world.number(n1).provider_state == numbers::ProviderState::pending);
  world.when(c, reactor()).then_nothing();  // it waits already
}

TEST_CASE("a number that was wished something else meanwhile, or is deleted, is passed over") {
  auto world = given(history() + numbers::Renamed{n1, dental, "new"});
  world.when(RenewOutdatedHooks{{{n1, 1}}, url}, reactor()).then_nothing();
  auto gone = given(history() + numbers::Deleted{n1, dental, spring, false, {}});
  gone.when(RenewOutdatedHooks{{{n1, 1}}, url}, reactor()).then_nothing();
}
