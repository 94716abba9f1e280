// The mark that says whose public URL all hooks name.
#include "api/public_url_mark.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/simulation/sim_random.hpp"

using namespace ringledger;

TEST_CASE("a mark holds for its URL only; asked with another it is taken back, for that one too") {
  MemoryRowStore store;
  PublicUrlMark mark(store);
  CHECK_FALSE(mark.holds("https://a").value());
  REQUIRE(mark.set("https://a"));
  CHECK(mark.holds("https://a").value());
  CHECK_FALSE(mark.holds("https://b").value());
  CHECK_FALSE(mark.holds("https://a").value());  // hooks of b may have been set meanwhile
}

TEST_CASE("what a mark says, and that it was taken back, outlives a crash") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryRowStore store;
    SimRandom chance(seed, "crash");
    REQUIRE_FALSE(PublicUrlMark(store).holds("https://a").value());
    REQUIRE(PublicUrlMark(store).set("https://a"));
    store.crash(chance);
    CHECK(PublicUrlMark(store).holds("https://a").value());
    CHECK_FALSE(PublicUrlMark(store).holds("https://b").value());
    store.crash(chance);
    CHECK_FALSE(PublicUrlMark(store).holds("https://a").value());
  }
}
