// The reconciler's order of things: who is called when, what runs at once, crashes, stopping.
#include "adapters/twilio/reconciler.hpp"

#include "support/reconciled.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using numbers::ProviderState;
using Kind = CarrierFailure::Kind;

TEST_CASE("WHK-01 at most four calls of a connection run at once, and never two for one number") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Reconciled world(seed, 30);
    world.carrier.latency_ms = 20;
    for (unsigned i = 0; i < 30; ++i) world.assign(i);
    world.start();
    for (unsigned i = 0; i < 30; i += 3) {
      world.later(1 + 7 * i, [&world, i] { world.rename(i, "While it runs"); });
    }
    world.run_for(250);
    REQUIRE(world.run_until_idle());
    CHECK(world.carrier.most_at_once == 4);
    CHECK_FALSE(world.carrier.twice_at_once);
    CHECK(world.carrier.calls.size() >= 30);
    CHECK(world.carrier.calls.size() <= 40);
    for (unsigned i = 0; i < 30; ++i) CHECK(world.number(i).actual == world.at_provider(i));
  }
}

TEST_CASE("WHK-01 a crash anywhere repeats harmlessly: all arrives, each outcome counts once") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Reconciled world(seed, 6);
    world.carrier.latency_ms = 30;
    SimRandom dice(seed, "crashes");
    world.carrier.refuse = [&](const auto&) -> std::optional<CarrierFailure> {
      if (dice.chance(15)) return failing(Kind::unavailable);
      return {};
    };
    world.carrier.lose = world.carrier.refuse;
    world.start();
    for (int i = 0; i < 40; ++i) {
      auto which = static_cast<unsigned>(dice.below(6));
      auto what = dice.below(3);
      if (what == 0) world.assign(which);
      if (what == 1) world.rename(which, "Label " + std::to_string(dice.below(3)));
      if (what == 2) world.toggle_cnam(which, dice.chance(50));
      auto steps = dice.below(30);
      for (std::uint64_t s = 0; s < steps; ++s) world.scheduler.step();
      if (!dice.chance(20)) continue;
      world.ledger.lost_records = static_cast<int>(dice.below(3));
      world.restart_without();
      world.start();
    }
    REQUIRE(world.run_until_idle());
    CHECK_FALSE(world.carrier.twice_at_once);
    for (unsigned i = 0; i < 6; ++i) {
      CHECK(world.number(i).actual == world.at_provider(i));
      CHECK(is_empty(difference(world.number(i), public_url)));
    }
  }
}

TEST_CASE("WHK-01 stopping waits for the call that is out, records it, and begins no other") {
  Reconciled world(1, 10);
  world.carrier.latency_ms = 100;
  for (unsigned i = 0; i < 10; ++i) world.assign(i);
  world.start();
  bool stopped = false;
  world.later(50, [&] {
    CHECK(world.carrier.calls.size() == 4);
    world.reconciler->stop([&] { stopped = true; });
    CHECK_FALSE(stopped);
  });
  world.run_for(1'000);
  CHECK(stopped);
  CHECK(world.carrier.calls.size() == 4);
  CHECK(world.ledger.work() == 6);
  world.reconciler->wake();
  world.run_for(60'000);
  CHECK(world.carrier.calls.size() == 4);
}

TEST_CASE("WHK-01 a wake without work posts no task") {
  Reconciled world;
  world.start();
  world.run_for(10);
  auto before = world.scheduler.picks();
  for (int i = 0; i < 10; ++i) world.reconciler->wake();
  world.run_for(10);
  CHECK(world.scheduler.picks() == before);
  world.assign(0);
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 1);
}

TEST_CASE("WHK-01 a number asked for more while its call is out is called again, before others come anew") {
  Reconciled world(1, 3);
  world.options.max_in_flight = 1;
  world.carrier.latency_ms = 100;
  world.assign(0);
  world.assign(1);
  world.start();
  world.later(50, [&] { world.rename(0, "Desk"); });
  world.later(250, [&] { world.assign(2); });
  REQUIRE(world.run_until_idle());
  REQUIRE(world.carrier.calls.size() == 4);
  std::vector<std::string> sids;
  for (const auto& call : world.carrier.calls) sids.push_back(call.sid);
  CHECK(sids == std::vector<std::string>{pn(0), pn(1), pn(0), pn(2)});
}

TEST_CASE("WHK-01 stopping an idle reconciler is done at once") {
  Reconciled world;
  world.start();
  world.run_for(10);
  bool stopped = false;
  world.reconciler->stop([&] { stopped = true; });
  CHECK(stopped);
}

TEST_CASE("XFR-05 a turn given before a transfer makes no call with the source's credentials") {
  Reconciled world;
  world.credentials = [](ConnectionId c) -> std::optional<CarrierCredentials> {
    return CarrierCredentials{c.to_string(), "token"};
  };
  world.assign(0);
  world.start();
  REQUIRE(world.scheduler.step());  // the turn is given
  world.transfer(0);
  REQUIRE(world.run_until_idle());
  REQUIRE(world.carrier.calls.size() == 1);
  CHECK(world.carrier.calls[0].account == vision_twilio.to_string());
}

TEST_CASE("WHK-01 stopping ends a number's turn before its next call; the wish stays pending") {
  Reconciled world;
  world.carrier.refuse = [&](const auto&) {
    world.reconciler->stop({});
    return std::optional(failing(Kind::refused, 21409));
  };
  world.rename(0, "Desk");
  world.toggle_cnam(0, true);
  world.start();
  world.run_for(5'000);
  CHECK(world.carrier.calls.size() == 1);
  CHECK(world.number().provider_state == ProviderState::pending);
}

namespace {

/// Three numbers in each of 300 connections, more than one walk looks at.
struct ManyPlaces : Reconciled {
  static constexpr unsigned count = 900;
  static ConnectionId connection(unsigned i) { return id<ConnectionId>(1'000 + i / 3); }
  ManyPlaces() : Reconciled(1, 0) {
    std::vector<Event> events;
    for (unsigned i = 0; i < count; ++i) {
      auto e = imported(nth(i), i);
      e.connection = connection(i);
      e.wanted.hooks = true;
      carrier.numbers[e.sid] = e.actual;
      events.emplace_back(e);
    }
    ledger.commit(events);
  }
};

}  // namespace

TEST_CASE("WHK-01 connections are served in turn, eight calls at once over all; a broken one stops nobody") {
  ManyPlaces world;
  world.carrier.latency_ms = 10;
  world.carrier.refuse = [](const auto& call) -> std::optional<CarrierFailure> {
    if (call.sid < pn(840)) return failing(Kind::invalid_credentials, 20003);
    return {};
  };
  world.start();
  world.run_for(3'000);
  CHECK(world.carrier.most_at_once == 8);
  CHECK(world.ledger.work() == 840);
  CHECK(world.counted["synced"] == 60);
  CHECK(world.counted["invalid_credentials"] >= 280);
  CHECK(world.counted["invalid_credentials"] <= 840);
  for (int i = 0; i < 4; ++i) {  // one wake goes past all that are paused
    world.rename(899, "Desk " + std::to_string(i));
    world.run_for(15);
    CHECK(world.ledger.work() == 840);
  }
}

TEST_CASE("a node without the seat calls nobody, and goes on by itself when it has it") {
  Reconciled world(7, 4);
  for (unsigned i = 0; i < 4; ++i) world.assign(i);
  world.seated = false;
  world.start();
  world.run_for(10'000);
  CHECK(world.carrier.calls.empty());
  CHECK(world.scheduler.picks() < 1000);  // nor does it spin
  world.seated = true;
  world.run_for(2000);
  REQUIRE(world.run_until_idle());
  CHECK(world.carrier.calls.size() == 4);
}
