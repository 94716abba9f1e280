// When a follower claims: the owner was not reached for a while, never against one that answers, and not too
// often.
#include "api/writer_watch.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_random.hpp"
#include "adapters/simulation/sim_scheduler.hpp"

using namespace ringledger;

namespace {

struct Watched {
  SimScheduler scheduler{1};
  SimClock clock{scheduler};
  SimRandom random{1, "watch"};
  WriterWatch::Seat seat{3, "http://other", false};
  using Reach = WriterWatch::Reach;
  using Hint = WriterWatch::Hint;
  bool reachable = true, may_claim = true;
  Reach unreachable = Reach::silent;  ///< how it is not reached
  Hint hint = Hint::unknown;
  int probes = 0, alarms = 0, handed_over = 0;
  std::vector<std::int64_t> claims;
  WriterWatch watch{{&scheduler.executor("watch"), &scheduler.executor("pool", false), &clock, &random,
                     "http://this", [this] { return seat; },
                     [this](const WriterWatch::Seat&) {
                       ++probes;
                       return reachable ? Reach::writes : unreachable;
                     },
                     [this] { return hint; }, [this] { return may_claim; },
                     [this] { claims.push_back(scheduler.now_ms()); }, [this] { ++handed_over; },
                     [this](const std::string&) { ++alarms; }}};

  void pass(std::int64_t ms) { scheduler.run_for(ms, 100'000); }
};

}  // namespace

TEST_CASE("a writer that answers is left alone, and one's own seat is not looked at") {
  Watched w;
  w.watch.start();
  w.pass(60'000);
  CHECK(w.probes >= 50);
  CHECK(w.claims.empty());
  w.seat.mine = true;
  w.pass(1000);
  auto before = w.probes;
  w.pass(10'000);
  CHECK(w.probes == before);
}

TEST_CASE(
    "a writer that is gone for more than 2 s is followed by a claim, one that was away for a moment is not") {
  Watched w;
  w.watch.start();
  w.reachable = false;
  w.pass(1500);  // two probes
  w.reachable = true;
  w.pass(5000);
  CHECK(w.claims.empty());
  w.reachable = false;
  auto gone = w.scheduler.now_ms();
  w.pass(4500);
  REQUIRE(w.claims.size() == 1);
  CHECK(w.claims[0] - gone >= 2000);
  CHECK(w.claims[0] - gone <= 3500);
}

TEST_CASE("a writer that is silent here alone, while its commits come, is left alone") {
  Watched w;
  w.watch.start();
  w.reachable = false;
  for (int second = 0; second < 60; ++second) {
    ++w.seat.counted;
    w.pass(1000);
  }
  CHECK(w.claims.empty());
  SUBCASE("until they come no more") {}
  SUBCASE("but not who says that it does not write") {
    w.unreachable = Watched::Reach::denies;
    ++w.seat.counted;
  }
  w.pass(4500);
  CHECK(w.claims.size() == 1);
}

TEST_CASE("who loses waits longer each time, and nobody claims more than six times a minute") {
  Watched w;
  w.watch.start();
  w.reachable = false;
  w.pass(20 * 60'000);
  for (std::size_t i = 6; i < w.claims.size(); ++i) CHECK(w.claims[i] - w.claims[i - 6] >= 60'000);
  CHECK(w.claims.size() > 60);  // and it never gives up
  CHECK(w.alarms > 0);
}

TEST_CASE("a new owner is given its own time: what the one before missed is not held against it") {
  Watched w;
  w.watch.start();
  w.reachable = false;
  w.pass(1500);  // two misses
  w.seat.term = 4;
  w.pass(4900);  // young, it may still be opening
  CHECK(w.claims.empty());
  w.pass(3000);
  CHECK(w.claims.size() == 1);
}

TEST_CASE(
    "an owner that says itself that it does not write is followed at once by the node that is preferred") {
  Watched w;
  w.reachable = false;
  w.unreachable = Watched::Reach::denies;
  SUBCASE("preferred: at once") {
    w.hint = Watched::Hint::this_node;
    w.watch.start();
    w.pass(300);
    CHECK(w.claims.size() == 1);
  }
  SUBCASE("another is preferred: only when that one does not come") {
    w.hint = Watched::Hint::another;
    w.watch.start();
    w.pass(7900);
    CHECK(w.claims.empty());
    w.pass(1000);
    CHECK(w.claims.size() == 1);
  }
}

TEST_CASE("a partition without an owner, and one's own before a restart, are claimed at once") {
  Watched w;
  SUBCASE("no owner") { w.seat.owner_url.clear(); }
  SUBCASE("oneself, before") { w.seat.owner_url = "http://this"; }
  w.watch.start();
  w.pass(300);
  CHECK(w.claims.size() == 1);
  CHECK(w.probes == 0);
}

TEST_CASE("a seat is handed over to the node that is preferred, once the preference has settled") {
  Watched w;
  w.seat.mine = true;
  w.hint = Watched::Hint::another;
  w.watch.start();
  w.pass(1500);  // two looks
  CHECK(w.handed_over == 0);
  w.hint = Watched::Hint::unknown;
  w.pass(1000);
  w.hint = Watched::Hint::another;
  w.pass(1500);
  CHECK(w.handed_over == 0);  // it was not settled
  w.pass(1500);
  CHECK(w.handed_over == 1);
}

TEST_CASE(
    "a node whose records others could not read claims nothing until they can, however long nobody writes") {
  Watched w;
  w.seat.owner_url.clear();
  w.may_claim = false;
  w.watch.start();
  w.pass(120'000);
  CHECK(w.claims.empty());
  CHECK(w.alarms == 0);
  w.may_claim = true;
  w.pass(10'000);
  CHECK_FALSE(w.claims.empty());
}
