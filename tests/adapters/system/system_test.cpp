// The machine's clocks and its randomness.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "adapters/system/system_clock.hpp"
#include "adapters/system/system_random.hpp"

namespace ringledger::test {

TEST_CASE("the wall clock is the system's, in milliseconds") {
  using namespace std::chrono;
  auto wall = [] { return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(); };
  SystemClock clock;
  auto before = wall();
  auto now = clock.now().ms;
  auto after = wall();
  CHECK(now >= before);
  CHECK(now <= after);
}

TEST_CASE("the monotonic clock goes forward by real milliseconds") {
  using namespace std::chrono;
  SystemClock clock;
  auto before = clock.monotonic_ms();
  auto start = steady_clock::now();
  bool backwards = false;
  while (steady_clock::now() - start < 20ms) backwards = backwards || clock.monotonic_ms() < before;
  CHECK_FALSE(backwards);
  CHECK(clock.monotonic_ms() - before >= 19);
  CHECK(clock.monotonic_ms() - before < 60'000);
}

TEST_CASE("random draws of any size are filled and never repeat") {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 5'000; ++i) seen.insert(random.next_u64());  // crosses many blocks
  CHECK(seen.size() == 5'000);
  for (std::size_t size : {1U, 7U, 511U, 512U, 513U, 4096U, 10'000U}) {
    std::vector<std::uint8_t> bytes(size * 64, 0);
    for (std::size_t at = 0; at < bytes.size(); at += size) random.fill(std::span(bytes).subspan(at, size));
    std::size_t ones = 0;
    for (auto b : bytes) ones += static_cast<std::size_t>(std::popcount(b));
    auto share = static_cast<double>(ones) / static_cast<double>(bytes.size() * 8);
    CAPTURE(size);
    CHECK(share > 0.3);  // 64 bytes at least: 0.5 by 9 standard deviations
    CHECK(share < 0.7);
  }
}

TEST_CASE("threads draw different numbers") {
  SystemRandom random;
  std::array<std::uint64_t, 4> drawn{};
  std::vector<std::thread> threads;
  for (auto& d : drawn) threads.emplace_back([&] { d = random.next_u64(); });
  for (auto& t : threads) t.join();
  CHECK(std::set<std::uint64_t>(drawn.begin(), drawn.end()).size() == drawn.size());
}

TEST_CASE("a child process does not draw its parent's numbers") {
  SystemRandom random;
  random.next_u64();  // the block is fetched before the fork
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto drawn = random.next_u64();
    ::_exit(::write(ends[1], &drawn, sizeof drawn) == sizeof drawn ? 0 : 1);
  }
  std::uint64_t theirs = 0;
  CHECK(::read(ends[0], &theirs, sizeof theirs) == sizeof theirs);
  ::close(ends[0]);
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  CHECK(random.next_u64() != theirs);
}

}  // namespace ringledger::test
