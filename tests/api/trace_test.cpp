// Trace context across the commits of one trace.
#include "api/trace.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/sim_random.hpp"

using namespace ringledger;

TEST_CASE("a new span stays in its trace, with its flags") {
  SimRandom random(1);
  const std::string before = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto now = continued(before, random);
  CHECK(trace_of(now) == trace_of(before));
  CHECK(now.substr(36, 16) != before.substr(36, 16));
  CHECK(now.ends_with("-01"));
  CHECK(continued(now, random) != now);
}

TEST_CASE("what has no trace gets none") {
  SimRandom random(1);
  CHECK(continued("", random).empty());
  CHECK(continued("00-zz", random).empty());
}
