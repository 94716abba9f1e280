// Pool sizes: Erlang B against the table of number-pools.md D.6, and the replay of visits against Erlang B.
#include "domain/pool_simulation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "domain/erlang.hpp"

using namespace ringledger;
using namespace ringledger::pools;

namespace {

std::int64_t smallest(double load, double blocked) {
  std::int64_t size = 1;
  while (erlang_b(load, size) > blocked) ++size;
  return size;
}

/// Poisson arrivals, occupancies of the given mean: exponential ones.
std::vector<Visit> poisson(double per_hour, double mean_s, std::size_t visits, unsigned seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(per_hour / 3'600'000), taken(1 / (mean_s * 1000));
  std::vector<Visit> all;
  double at = 1'700'000'000'000;
  for (std::size_t i = 0; i < visits; ++i) {
    at += gap(random);
    auto ms = std::llround(taken(random));
    all.push_back({Timestamp{std::llround(at)}, ms, ms});
  }
  return all;
}

}  // namespace

TEST_CASE("POOL-05 Erlang B gives the sizes and the spot values of number-pools.md D.6") {
  struct Row {
    double load;
    std::int64_t five, one, tenth;
  };
  for (auto [load, five, one, tenth] :
       {Row{1, 4, 5, 6}, Row{2, 5, 7, 8}, Row{5, 9, 11, 14}, Row{10, 15, 18, 21}, Row{20, 26, 30, 35},
        Row{50, 56, 64, 71}, Row{110, 115, 128, 139}}) {
    CAPTURE(load);
    CHECK(smallest(load, 0.05) == five);
    CHECK(smallest(load, 0.01) == one);
    CHECK(smallest(load, 0.001) == tenth);
  }
  CHECK(share_of(erlang_b(10, 10)) == Share{2'146});
  CHECK(share_of(erlang_b(20, 25)) == Share{502});
  CHECK(share_of(erlang_b(110, 110)) == Share{724});
  CHECK(share_of(erlang_b(0, 0)) == Share{10'000});
}

TEST_CASE("POOL-05 a simulation of Poisson visits blocks within 2 percent of what Erlang B says") {
  for (auto [load, size] : {std::pair{10.0, 10}, {20.0, 20}, {50.0, 50}}) {
    CAPTURE(load);
    auto visits = poisson(load * 3600 / 300, 300, 400'000, 7);
    auto s = simulate(visits, size);
    auto blocked = static_cast<double>(s.blocked) / static_cast<double>(s.visits);
    CHECK(std::abs(blocked / erlang_b(load, size) - 1) < 0.02);
    CHECK(std::abs(s.offered_load / load - 1) < 0.02);
  }
}

TEST_CASE("POOL-05 a simulated number is free again exactly when its hold is over") {
  std::vector<Visit> visits{{{1000}, 500, 2000}, {{2000}, 500, 2000}, {{3000}, 500, 2000}};
  auto one = simulate(visits, 1);
  CHECK(one.blocked == 1);  // the second; the third comes just when the first is over
  CHECK(one.risky == 1);    // the first visitor's page was closed by then
  CHECK(one.most_taken == 1);
  CHECK(simulate(visits, 2).blocked == 0);
}

TEST_CASE("POOL-05 the load of a pool is that of the busier of its last two hours") {
  constexpr std::int64_t hour = 3'600'000;
  Load load;
  for (int i = 0; i < 10; ++i) load.session_at({100 * hour + i});
  for (int i = 0; i < 4; ++i) load.session_at({101 * hour + i});
  CHECK(load.offered({101 * hour}, 360) == doctest::Approx(1.0));
  CHECK(load.offered({102 * hour}, 360) == doctest::Approx(0.4));
  CHECK(load.offered({103 * hour}, 360) == 0);
  load.lease_over({100 * hour}, {100 * hour + 720'000});
  CHECK(load.offered({101 * hour}, 360) == doctest::Approx(2.0));
  CHECK_FALSE(exhaustion(load, 360, 0, {101 * hour}));
  CHECK(exhaustion(load, 360, 1, {101 * hour}).value() == doctest::Approx(2.0 / 3));
  CHECK_FALSE(exhaustion(load, 360, 30, {101 * hour}));
}
