// Counters of a view and the marks beside them.
#include <doctest/doctest.h>

#include "adapters/simulation/memory_row_store.hpp"
#include "projections/view_fold.hpp"

using namespace ringledger;

namespace {

struct Store {
  MemoryRowStore rows;
  Store() { REQUIRE(rows.create_family("calls")); }
  /// How many writes a batch makes that adds `value` to the counter "calls from Ann".
  std::size_t add(std::int64_t value) {
    CounterDeltas deltas;
    Counters counters{{"calls from Ann", 1, {"An", "nn"}}};
    for (std::int64_t i = 0; i < std::abs(value); ++i) deltas.add(counters, value < 0 ? -1 : 1);
    std::vector<RowWrite> writes;
    deltas.write(rows, "calls", writes);
    REQUIRE(rows.write(writes));
    return writes.size();
  }
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> all;
    rows.snapshot()->scan("calls", "", "\xff", false, [&](std::string_view key, std::string_view) {
      all.emplace_back(key);
      return true;
    });
    return all;
  }
};

}  // namespace

TEST_CASE("a counter's marks come when it is not 0 any more, go when it is, and cost nothing in between") {
  Store store;
  CHECK(store.add(2) == 3);
  const std::vector<std::string> all{"cAn", "ccalls from Ann", "cnn"};
  CHECK(store.keys() == all);
  CHECK(store.add(1) == 1);
  CHECK(store.add(-1) == 1);
  CHECK(store.keys() == all);
  CHECK(store.add(0) == 0);
  CHECK(store.add(-2) == 3);
  CHECK(store.keys().empty());
}
