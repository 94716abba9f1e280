// The simulated threads: every order a seed draws, the same one each time, and death between tasks.
#include "adapters/simulation/sim_scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "adapters/simulation/sim_clock.hpp"

namespace ringledger::test {
namespace {

struct Run {
  std::vector<std::string> order;
  std::uint64_t hash;
};

/// Three nodes that post to each other, with timers.
Run run_of(std::uint64_t seed) {
  SimScheduler scheduler(seed);
  Run run{};
  for (std::string name : {"a", "b", "c"}) {
    auto& mine = scheduler.executor(name);
    auto& next = scheduler.executor(name == "a" ? "b" : name == "b" ? "c" : "a");
    for (int i = 0; i < 5; ++i) {
      mine.post([&run, &next, name, i] {
        run.order.push_back(name + std::to_string(i));
        next.post_after(i, [&run, name, i] { run.order.push_back("from " + name + std::to_string(i)); });
      });
    }
  }
  CHECK_FALSE(scheduler.run_until([] { return false; }, 1'000));
  CHECK(run.order.size() == 30);
  run.hash = scheduler.trace_hash();
  return run;
}

}  // namespace

TEST_CASE("the same seed gives the same run, another seed another") {
  std::set<std::vector<std::string>> orders;
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto first = run_of(seed), again = run_of(seed);
    CHECK(first.order == again.order);
    CHECK(first.hash == again.hash);
    orders.insert(first.order);
    hashes.insert(first.hash);
  }
  CHECK(orders.size() == 20);
  CHECK(hashes.size() == 20);
}

TEST_CASE("a serial simulated executor keeps its order, one that is not does not") {
  std::set<std::vector<int>> serial_orders, pool_orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimScheduler scheduler(seed);
    std::vector<int> serial, pool;
    for (int i = 0; i < 4; ++i) {
      scheduler.executor("serial").post([&, i] { serial.push_back(i); });
      scheduler.executor("pool", false).post([&, i] { pool.push_back(i); });
    }
    while (scheduler.step()) {
    }
    serial_orders.insert(serial);
    pool_orders.insert(pool);
  }
  CHECK(serial_orders == std::set<std::vector<int>>{{0, 1, 2, 3}});
  CHECK(pool_orders.size() > 5);
}

TEST_CASE("time stands while there is work, then jumps to the next timer") {
  SimScheduler scheduler(1);
  auto& e = scheduler.executor("e");
  std::vector<std::pair<int, std::int64_t>> ran;
  auto log = [&](int what) {
    return [&ran, &scheduler, what] { ran.emplace_back(what, scheduler.now_ms()); };
  };
  e.post_after(3'600'000, log(4));
  e.post_after(10, log(2));
  e.post_after(10, log(3));
  e.post(log(0));
  e.post_after(-1, log(1));
  while (scheduler.step()) {
  }
  CHECK(ran == std::vector<std::pair<int, std::int64_t>>{{0, 0}, {1, 0}, {2, 10}, {3, 10}, {4, 3'600'000}});
  CHECK(scheduler.picks() == 5);
  CHECK_FALSE(scheduler.step());
}

TEST_CASE("running for a time passes exactly that time") {
  SimScheduler scheduler(1);
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    scheduler.executor("e").post_after(10, [&] { tick(); });
  };
  tick();
  CHECK(scheduler.run_for(35, 1'000));
  CHECK(ticks == 4);
  CHECK(scheduler.now_ms() == 35);
  CHECK(scheduler.run_for(5, 1'000));
  CHECK(ticks == 5);
  CHECK_FALSE(scheduler.run_for(1'000'000, 10));  // the limit on steps holds
  CHECK_FALSE(scheduler.run_until([] { return false; }, 10));
  CHECK(scheduler.run_until([&] { return ticks == 100; }, 1'000));
}

TEST_CASE("slow threads let timers overtake tasks, when asked for") {
  auto overtaken = [](unsigned share) {
    int times = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      SimScheduler scheduler(seed);
      scheduler.set_early_timers_per_1000(share);
      bool timed_out = false;
      scheduler.executor("timeout").post_after(800, [&] { timed_out = true; });
      for (int i = 0; i < 20; ++i) scheduler.executor("work").post([] {});
      scheduler.executor("work").post([&] { times += timed_out; });
      while (scheduler.step()) {
      }
    }
    return times;
  };
  CHECK(overtaken(0) == 0);
  CHECK(overtaken(200) > 10);
}

TEST_CASE("a crash destroys a node's tasks and timers, and nobody else's") {
  SimScheduler scheduler(1);
  std::vector<std::string> ran;
  auto held = std::make_shared<int>(0);
  auto& log = scheduler.executor("n1/log");
  auto& other = scheduler.executor("n2/log");
  log.post([&, held] { ran.emplace_back("n1"); });
  log.post_after(5, [&, held] { ran.emplace_back("n1 timer"); });
  other.post([&] { ran.emplace_back("n2"); });
  other.post_after(5, [&] { ran.emplace_back("n2 timer"); });
  scheduler.drop_all("n1/");
  CHECK(held.use_count() == 1);
  log.post([&, held] { ran.emplace_back("after death"); });
  log.post_after(1, [&, held] { ran.emplace_back("after death"); });
  CHECK(held.use_count() == 1);
  scheduler.executor("n1/log").post([&] { ran.emplace_back("restarted"); });
  while (scheduler.step()) {
  }
  std::ranges::sort(ran);
  CHECK(ran == std::vector<std::string>{"n2", "n2 timer", "restarted"});
}

TEST_CASE("a task dropped by a crash may post while it is destroyed") {
  SimScheduler scheduler(1);
  int ran = 0;
  {
    auto owner = std::shared_ptr<void>(nullptr, [&](void*) {
      scheduler.executor("n1").post([&] { ++ran; });
      scheduler.executor("n2").post([&] { ++ran; });
    });
    scheduler.executor("n1").post([owner] {});
  }
  scheduler.drop_all("n1");
  while (scheduler.step()) {
  }
  CHECK(ran == 2);  // both are new tasks of living executors
}

TEST_CASE("a task that waits lets others run, but never its own serial executor") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimScheduler scheduler(seed);
    bool answered = false, inside = false, overlapped = false;
    scheduler.executor("shard").post([&] {
      inside = true;
      scheduler.executor("disk").post_after(3, [&] { answered = true; });
      CHECK(scheduler.run_until([&] { return answered; }, 100));
      inside = false;
    });
    scheduler.executor("shard").post([&] { overlapped = inside; });
    while (scheduler.step()) {
    }
    CHECK(answered);
    CHECK_FALSE(overlapped);
  }
}

TEST_CASE("the last picks are told, to find where two runs parted") {
  SimScheduler scheduler(1);
  for (int i = 0; i < 100; ++i) scheduler.executor("e").post_after(i, [] {});
  while (scheduler.step()) {
  }
  auto picks = scheduler.recent_picks();
  REQUIRE(picks.size() == 64);
  CHECK(picks.front() == "37 e 36");
  CHECK(picks.back() == "100 e 99");
}

TEST_CASE("the simulated wall clock jumps, the monotonic one does not") {
  SimScheduler scheduler(1);
  SimClock clock(scheduler);
  CHECK(clock.now().ms == SimClock::default_start_ms);
  CHECK(to_rfc3339(clock.now()) == "2025-10-09T08:53:20.000Z");
  CHECK(scheduler.run_for(1'500, 10));
  CHECK(clock.now().ms == SimClock::default_start_ms + 1'500);
  CHECK(clock.monotonic_ms() == 1'500);
  clock.jump_wall(-3'600'000);
  CHECK(clock.now().ms == SimClock::default_start_ms + 1'500 - 3'600'000);
  clock.set_wall({42});
  CHECK(clock.now().ms == 42);
  CHECK(clock.monotonic_ms() == 1'500);
}

TEST_CASE("a seeded stream is the same on every machine, and each name has its own") {
  SimRandom known(1);
  CHECK(known.below(~std::uint64_t{0}) == 12966619160104079557ULL);  // xoshiro256** after splitmix64 of 1
  CHECK(known.below(~std::uint64_t{0}) == 9600361134598540522ULL);
  for (int i = 0; i < 5; ++i) known.next_u64();
  CHECK(known.below(~std::uint64_t{0}) == 7031611932980406429ULL);
  auto draw = [](std::uint64_t seed, std::string_view stream) { return SimRandom(seed, stream).next_u64(); };
  CHECK(draw(7, "ids") == draw(7, "ids"));
  std::set<std::uint64_t> different{draw(7, "ids"), draw(7, "disk"), draw(7, ""), draw(8, "ids")};
  CHECK(different.size() == 4);

  SimRandom random(3);
  std::array<int, 7> counts{};
  for (int i = 0; i < 7'000; ++i) ++counts.at(random.below(7));
  for (auto c : counts) CHECK(std::abs(c - 1'000) < 200);  // 7 standard deviations
  CHECK(random.below(1) == 0);
  int yes = 0;
  for (int i = 0; i < 1'000; ++i) yes += random.chance(25);
  CHECK(std::abs(yes - 250) < 100);
}

}  // namespace ringledger::test
