// The whole server on a machine so busy that every step takes milliseconds: commands still come to an end.
#include <doctest/doctest.h>

#include "support/sim_client.hpp"

using namespace ringledger;
using namespace ringledger::sim;

TEST_CASE("a command that makes ids and must fetch rows is decided although the clock goes on meanwhile") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    World w(seed);
    w.scheduler.set_task_ms(20);
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
    Demo demo;
    demo.make(w, 4);
    CHECK(demo.numbers.size() == 4);
  }
}
