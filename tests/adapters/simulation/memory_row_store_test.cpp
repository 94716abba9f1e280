// Rows in memory keep the contract, and forget after a crash only what they may.
#include "adapters/simulation/memory_row_store.hpp"

#include <doctest/doctest.h>

#include <set>

#include "tests/adapters/simulation/row_store_contract.hpp"

namespace ringledger::test {
namespace {

class MemoryUnderTest final : public RowStoreUnderTest {
 public:
  RowStore& store() override { return store_; }
  void reopen() override { store_.crash(random_); }

 private:
  MemoryRowStore store_;
  SimRandom random_{5};
};

}  // namespace

TEST_CASE("the store in memory keeps the row store contract") {
  row_store_contract([] { return std::make_unique<MemoryUnderTest>(); });
}

TEST_CASE("after a crash each family is at a random moment of its own since its last flush") {
  std::set<std::string> ages;
  bool differ = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    MemoryRowStore store;
    SimRandom random(seed);
    REQUIRE(store.create_family("f").has_value());
    REQUIRE(store.create_family("g").has_value());
    for (int i = 0; i < 6; ++i) {
      auto n = std::to_string(i);
      REQUIRE(store.write({{"f", "n", n}, {"f", "row " + n, n}, {"g", "n", n}}).has_value());
      if (i == 2) REQUIRE(store.flush().has_value());
    }
    store.crash(random);
    auto f = store.get("f", "n").value();
    ages.insert(f);
    differ = differ || store.get("g", "n") != f;
    CHECK(scanned(*store.snapshot(), "f", "row", "s").size() == std::stoul(f) + 1);
    store.crash(random);  // what survived one crash survives the next
    CHECK(store.get("f", "n") == f);
  }
  CHECK(ages == std::set<std::string>{"2", "3", "4", "5"});
  CHECK(differ);
}

TEST_CASE("a crash brings back deleted and overwritten rows as they were") {
  bool fell_back = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryRowStore store;
    SimRandom random(seed);
    REQUIRE(store.create_family("f").has_value());
    REQUIRE(store.write({{"f", "a", "1"}, {"f", "b", "1"}}).has_value());
    REQUIRE(store.flush().has_value());
    REQUIRE(store
                .write({{"f", "a", std::nullopt},
                        {"f", "b", "2"},
                        {"f", "b", "3"},
                        {"f", "a", "4"},
                        {"f", "c", "5"}})
                .has_value());
    auto before = store.snapshot();
    store.crash(random);
    auto left = scanned(*store.snapshot(), "f", "", "z");
    CHECK((left == Rows{{"a", "1"}, {"b", "1"}} || left == Rows{{"a", "4"}, {"b", "3"}, {"c", "5"}}));
    fell_back = fell_back || left.size() == 2;
    CHECK(scanned(*before, "f", "", "z").size() == 3);  // a snapshot of before keeps its sight
  }
  CHECK(fell_back);
}

TEST_CASE("what is not flushed for very long is bounded: it became durable by itself") {
  MemoryRowStore store;
  SimRandom random(1);
  REQUIRE(store.create_family("f").has_value());
  for (int i = 0; i < 10'000; ++i) REQUIRE(store.write({{"f", "n", std::to_string(i)}}).has_value());
  store.crash(random);
  CHECK(std::stoi(store.get("f", "n").value()) >= 10'000 - 4'096 - 1);
}

TEST_CASE("a snapshot may outlive its store") {
  auto store = std::make_unique<MemoryRowStore>();
  REQUIRE(store->create_family("f").has_value());
  REQUIRE(store->write({{"f", "a", "1"}}).has_value());
  auto snapshot = store->snapshot();
  store.reset();
  CHECK(snapshot->get("f", "a") == "1");
}

}  // namespace ringledger::test
