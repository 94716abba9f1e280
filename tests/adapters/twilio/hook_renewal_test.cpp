// The walk over all numbers after our public URL changed.
#include "adapters/twilio/hook_renewal.hpp"

#include "support/reconciled.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

const std::string new_url = "https://new.example";

/// Numbers that were brought to our hooks; then the URL is another.
struct Moved : Reconciled {
  std::vector<RenewOutdatedHooks> asked;
  int refusals = 0;  ///< so many commands are not committed from now on
  std::optional<std::uint64_t> renewed;
  std::shared_ptr<HookRenewal> renewal;

  explicit Moved(unsigned count, unsigned with_our_hooks) : Reconciled(1, count) {
    for (unsigned i = 0; i < with_our_hooks; ++i) assign(i);
    start();
    REQUIRE(run_until_idle());
    restart_without();
    carrier.calls.clear();
  }
  void walk(const std::string& url = new_url) {
    HookRenewalPorts ports{[this] { return ledger.sight(); },
                           [this](AccountId of, RenewOutdatedHooks c, const std::string&,
                                  std::move_only_function<void(bool)> done) {
                             CHECK(of == account);
                             asked.push_back(c);
                             if (refusals > 0) return --refusals, done(false);
                             ledger.decided(c);
                             done(true);
                           },
                           scheduler.executor("pool", false)};
    renewal = std::make_shared<HookRenewal>(std::move(ports), url, "run");
    renewal->start([this](std::uint64_t n) { renewed = n; });
  }
  void reconcile(const std::string& url) {
    options.public_base_url = url;
    start();
    REQUIRE(run_until_idle());
  }
};

}  // namespace

TEST_CASE("WHK-01 after the public URL changed numbers with our hooks are rewritten, and no others") {
  Moved world(4, 3);
  world.walk();
  world.run_for(10);
  CHECK(world.renewed == 3);
  CHECK(world.ledger.work() == 3);
  world.reconcile(new_url);
  CHECK(world.carrier.calls.size() == 3);
  for (unsigned i = 0; i < 3; ++i)
    CHECK(world.at_provider(i).hooks == our_hooks(dental_twilio, new_url, world.number(i).capabilities));
  CHECK(world.at_provider(3).hooks.voice_url == "https://theirs.example/voice");
  world.walk();
  world.run_for(10);
  CHECK(world.renewed == 0);
}

TEST_CASE("a walk goes on where it was refused, and passes over what waits already") {
  Moved world(1'300, 1'201);
  world.refusals = 2;
  world.assign(0, autumn);
  world.rename(0, "waits already");
  world.walk();
  world.run_for(10'000);
  CHECK(world.renewed == 1'200);
  CHECK(world.asked.size() == 2 + 3);
  CHECK(world.ledger.work() == 1'201);
}

TEST_CASE("a stopped walk says nothing and asks nothing") {
  Moved world(2, 2);
  world.refusals = 1'000'000;
  world.walk();
  world.run_for(5'000);
  world.renewal->stop();
  world.refusals = 0;
  auto asked = world.asked.size();
  world.run_for(5'000);
  CHECK(world.asked.size() == asked);
  CHECK_FALSE(world.renewed);
}
