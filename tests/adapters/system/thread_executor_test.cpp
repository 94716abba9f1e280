// Executors over real threads keep the order they promise, and end cleanly.
#include "adapters/system/thread_executor.hpp"

#include <doctest/doctest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <numeric>

namespace ringledger::test {
namespace {

/// Runs behind everything posted before.
void drain(Executor& executor) {
  auto done = std::make_shared<std::promise<void>>();
  auto reached = done->get_future();
  executor.post([done] { done->set_value(); });
  reached.wait();
}

/// Until each of the executor's threads waits for something to do, as the kernel tells.
void wait_until_asleep(Executor& executor, std::ptrdiff_t threads) {
  auto all_in = std::make_shared<std::latch>(threads);  // one task a thread
  auto out = std::make_shared<std::latch>(threads + 1);
  auto ids = std::make_shared<std::vector<std::atomic<pid_t>>>(static_cast<std::size_t>(threads));
  for (auto& id : *ids) {
    executor.post([&id, all_in, out, ids] {
      id = ::gettid();
      all_in->arrive_and_wait();
      out->count_down();
    });
  }
  out->arrive_and_wait();
  for (const auto& id : *ids) {
    std::string line;
    do {
      std::getline(std::ifstream("/proc/self/task/" + std::to_string(id) + "/stat"), line);
    } while (line.find(") S ") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("a serial executor runs tasks in the order posted, one at a time") {
  std::vector<int> ran;
  std::atomic<int> inside = 0, overlaps = 0;
  ThreadExecutor executor("serial");
  for (int i = 0; i < 10'000; ++i) {
    executor.post([&, i] {
      overlaps += inside++ != 0;
      ran.push_back(i);
      --inside;
    });
  }
  drain(executor);
  std::vector<int> expected(10'000);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(ran == expected);
  CHECK(overlaps == 0);
}

TEST_CASE("each poster's order is kept when many post to a serial executor") {
  std::array<int, 4> last{};
  int out_of_order = 0, ran = 0;  // only the executor's thread touches them
  ThreadExecutor executor("serial");
  std::vector<std::thread> posters;
  for (std::size_t p = 0; p < last.size(); ++p) {
    posters.emplace_back([&, p] {
      for (int i = 1; i <= 5'000; ++i) {
        executor.post([&, p, i] {
          out_of_order += last[p] + 1 != i;
          last[p] = i;
          ++ran;
        });
      }
    });
  }
  for (auto& p : posters) p.join();
  drain(executor);
  CHECK(out_of_order == 0);
  CHECK(ran == 20'000);
}

TEST_CASE("a task posted by a task runs after those queued before it") {
  std::vector<std::string> ran;
  std::latch begun(1);
  ThreadExecutor executor("serial");
  executor.post([&] {
    begun.wait();
    executor.post([&] { ran.emplace_back("posted by the first"); });
    ran.emplace_back("first");
  });
  executor.post([&] { ran.emplace_back("second"); });
  begun.count_down();
  drain(executor);
  drain(executor);  // the first may have overtaken the nested post
  CHECK(ran == std::vector<std::string>{"first", "second", "posted by the first"});
}

TEST_CASE("the thread has its name, cut to what Linux allows") {
  std::array<char, 16> name{};
  bool own = false;
  ThreadExecutor executor("shard-7 of the whole installation");
  executor.post([&] { pthread_getname_np(pthread_self(), name.data(), name.size()); });
  executor.post([&] { own = executor.on_this_thread(); });
  drain(executor);
  CHECK(std::string(name.data()) == "shard-7 of the ");
  CHECK(own);
  CHECK_FALSE(executor.on_this_thread());
}

TEST_CASE("timers run by due time, not before it, on the executor's thread") {
  std::vector<int> ran;
  std::promise<void> done;
  bool elsewhere = false;
  ThreadExecutor executor("timers");
  auto start = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration took{};
  executor.post([&] {  // all set at nearly one moment
    executor.post_after(40, [&] {
      ran.push_back(40);
      took = std::chrono::steady_clock::now() - start;
      done.set_value();
    });
    executor.post_after(5, [&] { ran.push_back(5); });
    executor.post_after(20, [&] { ran.push_back(20); });
    executor.post_after(5, [&] {
      ran.push_back(6);
      elsewhere = !executor.on_this_thread();
    });
    executor.post_after(0, [&] { ran.push_back(0); });
    executor.post_after(-7, [&] { ran.push_back(1); });
    executor.post([&] { ran.push_back(2); });
  });
  done.get_future().wait();
  CHECK(ran == std::vector<int>{0, 1, 2, 5, 6, 20, 40});
  CHECK(took >= std::chrono::milliseconds(40));
  CHECK_FALSE(elsewhere);
}

TEST_CASE("an earlier timer wakes a thread that sleeps for a later one") {
  ThreadExecutor serial("timers");
  PoolExecutor pool("timers", 2);
  for (Executor* executor : {static_cast<Executor*>(&serial), static_cast<Executor*>(&pool)}) {
    executor->post_after(3'600'000, [] {});
    wait_until_asleep(*executor, executor == &serial ? 1 : 2);
    auto done = std::make_shared<std::promise<void>>();
    auto fired = done->get_future();
    executor->post_after(1, [done] { done->set_value(); });
    CHECK(fired.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  }
}

TEST_CASE("stopping runs what is queued, drops timers and later posts, and joins") {
  auto held = std::make_shared<int>(0);
  std::atomic<int> ran = 0, late = 0;
  std::latch started(1), go(1);
  ThreadExecutor executor("stopped");
  executor.post([&] {
    started.count_down();
    go.wait();
  });
  started.wait();  // its batch is taken; what comes now stays queued
  for (int i = 0; i < 1'000; ++i) executor.post([&] { ++ran; });
  executor.post_after(3'600'000, [&late, held] { ++late; });
  CHECK(executor.queued() >= 1'000);
  CHECK(held.use_count() == 2);
  go.count_down();
  executor.stop();
  CHECK(ran == 1'000);
  executor.post([&late, held] { ++late; });
  executor.post_after(0, [&late, held] { ++late; });
  executor.post_after(1, [&late, held] { ++late; });
  executor.stop();
  CHECK(held.use_count() == 1);  // nothing that was dropped is kept
  CHECK(late == 0);
}

TEST_CASE("a dropped timer whose owner posts while it is destroyed does not deadlock") {
  auto executor = std::make_unique<ThreadExecutor>("stopped");
  auto owner = std::shared_ptr<void>(nullptr, [&](void*) { executor->post([] {}); });
  executor->post_after(3'600'000, [owner] {});
  owner.reset();
  executor->stop();
  executor.reset();
}

TEST_CASE("what a task holds is let go before the next task runs") {
  auto held = std::make_shared<int>(0);
  long seen = 0;
  std::latch go(1);
  ThreadExecutor executor("serial");
  executor.post([&] { go.wait(); });
  executor.post([held] { CHECK(*held == 0); });
  executor.post([&] { seen = held.use_count(); });
  go.count_down();
  drain(executor);
  CHECK(seen == 1);
}

TEST_CASE("a pool runs tasks concurrently") {
  std::latch together(3);  // passes only when three tasks are inside at once
  std::promise<void> done;
  std::atomic<int> through = 0;
  PoolExecutor pool("pool", 3);
  for (int i = 0; i < 3; ++i) {
    pool.post([&] {
      together.arrive_and_wait();
      if (++through == 3) done.set_value();
    });
  }
  CHECK(done.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
}

TEST_CASE("a pool's timers fire while other threads are busy") {
  std::promise<void> fired;
  std::latch go(1);
  PoolExecutor pool("pool", 2);
  pool.post_after(10, [&] { fired.set_value(); });
  pool.post([&] { go.wait(); });  // whoever watched the timer may have taken this task
  CHECK(fired.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  go.count_down();
}

TEST_CASE("a pool's next timer is watched while the first one's task is long") {
  std::promise<void> fired;
  std::latch go(1);
  PoolExecutor pool("pool", 2);
  wait_until_asleep(pool, 2);
  pool.post_after(5, [&] { go.wait(); });
  pool.post_after(20, [&] { fired.set_value(); });
  CHECK(fired.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  go.count_down();
}

TEST_CASE("timers of one moment come out in the order added") {
  TimerHeap heap;
  std::vector<int> ran;
  TimerHeap::Moment now{};
  CHECK(heap.add(now, 10, [&] { ran.push_back(100); }));
  for (int i = 0; i < 20; ++i) CHECK(heap.add(now, 5, [&, i] { ran.push_back(i); }) == (i == 0));
  CHECK(heap.next() == now + std::chrono::milliseconds(5));
  std::vector<Executor::Task> queue;
  heap.move_due(now + std::chrono::milliseconds(9), queue);
  for (auto& task : queue) task();
  std::vector<int> expected(20);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(ran == expected);
  CHECK_FALSE(heap.empty());
  heap.move_due(now + std::chrono::milliseconds(10), queue);
  CHECK(heap.empty());
}

TEST_CASE("a pool that stops runs what is queued and drops the rest") {
  std::atomic<int> ran = 0, late = 0;
  {
    PoolExecutor pool("pool", 0);  // at least one thread
    for (int i = 0; i < 1'000; ++i) pool.post([&] { ++ran; });
    pool.post_after(3'600'000, [&] { ++late; });
    pool.stop();
    pool.post([&] { ++late; });
    CHECK(pool.queued() == 0);
  }
  CHECK(ran == 1'000);
  CHECK(late == 0);
}

}  // namespace ringledger::test
