// A pool's figures: hours of a week, times until numbers go to others.
#include "domain/pool_figures.hpp"

#include <doctest/doctest.h>

using namespace ringledger;
using namespace ringledger::pools;

namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr Share none{}, half{5'000}, most{8'000}, all{10'000};

}  // namespace

TEST_CASE("POOL-05 an hour counts by the most that was leased at once in it, quiet ones by what lasted") {
  Week week;
  week.note(none, half, {100 * hour});
  week.note(half, all, {100 * hour + 1});
  week.note(all, most, {100 * hour + 2});
  CHECK(week.peaks == std::vector<std::int64_t>{10'000});
  CHECK_FALSE(week.is_news(half, {100 * hour + 3}));
  CHECK(week.is_news(half, {101 * hour}));
  week.note(most, half, {103 * hour + 5});  // 80 % all the while
  CHECK(week.peaks == std::vector<std::int64_t>{10'000, 8'000, 8'000, 8'000});
  week.note(half, none, {99 * hour});  // a clock that went back
  CHECK(week.hour == 103);
  CHECK(week.peaks.size() == 4);
  CHECK(week.percentile(50, none, {103 * hour}) == most);
  CHECK(week.percentile(95, none, {103 * hour}) == all);
  CHECK(week.percentile(50, none, {110 * hour}) == none);  // seven hours more, all of them empty
  CHECK(week.percentile(95, none, {1000 * hour}) == none);
  CHECK(Week{}.percentile(95, half, {5 * hour}) == half);
}

TEST_CASE("POOL-05 a week of hours is remembered, however long nothing happened") {
  Week week;
  week.note(none, all, {0});
  week.note(all, half, {100'000 * hour});
  CHECK(week.peaks.size() == 168);
  CHECK(week.peaks.front() == 10'000);
  for (int i = 1; i <= 200; ++i) week.note(half, half, {(100'000 + i) * hour});
  CHECK(week.peaks.size() == 168);
  CHECK(week.percentile(99, half, {100'200 * hour}) == half);
}

TEST_CASE("POOL-05 times until a number goes to another visitor: their mean, and percentiles by doublings") {
  Gaps gaps;
  CHECK(gaps.mean_s() == 0);
  CHECK(gaps.percentile_s(50) == 0);
  for (std::int64_t seconds : {0, 1, 3, 3, 3, 3, 3, 3, 3, 978}) gaps.add(seconds * 1000);
  CHECK(gaps.mean_s() == 100);
  CHECK(gaps.percentile_s(10) == 1);
  CHECK(gaps.percentile_s(20) == 2);
  CHECK(gaps.percentile_s(50) == 4);
  CHECK(gaps.percentile_s(100) == 1024);
  gaps.add(-5);  // a clock that went back
  CHECK(gaps.doublings.front() == 2);
}
