// What every RowStore keeps: the same promises are asked of memory and of RocksDB.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "projections/row_store.hpp"

namespace ringledger::test {

/// A store that can be stopped and opened again.
class RowStoreUnderTest {
 public:
  virtual ~RowStoreUnderTest() = default;
  virtual RowStore& store() = 0;
  /// Ends the process of the store, cleanly or by a crash, and opens what is left. What was flushed is
  /// there; of later batches each family keeps a prefix. Snapshots are released before.
  virtual void reopen() = 0;
};

using RowStoreFactory = std::function<std::unique_ptr<RowStoreUnderTest>()>;
using Rows = std::vector<std::pair<std::string, std::string>>;

inline Rows scanned(const RowSnapshot& s, std::string_view family, std::string_view from, std::string_view to,
                    bool reversed = false, std::size_t limit = 1'000'000) {
  Rows out;
  if (limit == 0) return out;
  s.scan(family, from, to, reversed, [&](std::string_view k, std::string_view v) {
    out.emplace_back(k, v);
    return out.size() < limit;
  });
  return out;
}

inline void row_store_families(RowStore& s) {
  CHECK(s.families().empty());
  REQUIRE(s.create_family("inventory.v1").has_value());
  REQUIRE(s.create_family("calls.v1").has_value());
  CHECK(s.families() == std::vector<std::string>{"calls.v1", "inventory.v1"});  // sorted
  REQUIRE(s.write({{"calls.v1", "k", "v"}}).has_value());

  CHECK(s.create_family("calls.v1").has_value());  // again: nothing happens, rows stay
  CHECK(s.get("calls.v1", "k") == "v");

  CHECK(s.drop_family("calls.v1").has_value());
  CHECK(s.drop_family("calls.v1").has_value());  // again: nothing happens
  CHECK(s.families() == std::vector<std::string>{"inventory.v1"});
  CHECK_FALSE(s.get("calls.v1", "k").has_value());
  REQUIRE(s.create_family("calls.v1").has_value());  // comes back empty
  CHECK_FALSE(s.get("calls.v1", "k").has_value());
}

inline void row_store_values(RowStore& s) {
  REQUIRE(s.create_family("f").has_value());
  REQUIRE(s.create_family("g").has_value());
  CHECK_FALSE(s.get("f", "a").has_value());
  REQUIRE(s.write({{"f", "a", "1"}, {"g", "a", "2"}, {"f", "empty", ""}}).has_value());
  CHECK(s.get("f", "a") == "1");
  CHECK(s.get("g", "a") == "2");
  CHECK(s.get("f", "empty") == "");
  REQUIRE(
      s.write({{"f", "a", "3"}, {"g", "a", std::nullopt}, {"g", "never there", std::nullopt}}).has_value());
  CHECK(s.get("f", "a") == "3");
  CHECK_FALSE(s.get("g", "a").has_value());
  REQUIRE(s.write({{"f", "b", "x"}, {"f", "b", std::nullopt}, {"f", "c", std::nullopt}, {"f", "c", "y"}})
              .has_value());  // the last write of a key in a batch wins
  CHECK_FALSE(s.get("f", "b").has_value());
  CHECK(s.get("f", "c") == "y");
  REQUIRE(s.write({{"f", "d", "1"}, {"g", "d", "2"}, {"f", "d", "3"}, {"f", "a", "4"}}).has_value());
  CHECK(s.get("f", "d") == "3");  // also when other families are in between
  CHECK(s.get("g", "d") == "2");
  CHECK(s.get("f", "a") == "4");
  CHECK(s.write({}).has_value());
}

inline void row_store_unknown_family(RowStore& s) {
  REQUIRE(s.create_family("f").has_value());
  CHECK_FALSE(s.get("absent", "a").has_value());
  CHECK(scanned(*s.snapshot(), "absent", "", "z").empty());
  auto refused = s.write({{"f", "a", "1"}, {"absent", "a", "1"}, {"f", "b", "1"}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::internal);
  CHECK_FALSE(s.get("f", "a").has_value());  // all or nothing
  CHECK_FALSE(s.get("f", "b").has_value());
}

inline void row_store_scan(RowStore& s) {
  using namespace std::string_literals;
  REQUIRE(s.create_family("f").has_value());
  REQUIRE(s.create_family("neighbour").has_value());
  REQUIRE(
      s.write({{"f", "a", "1"}, {"f", "ab", "2"}, {"f", "b", "3"}, {"f", "c", "4"}, {"neighbour", "b", "no"}})
          .has_value());
  auto snap = s.snapshot();
  CHECK(scanned(*snap, "f", "a", "c") == Rows{{"a", "1"}, {"ab", "2"}, {"b", "3"}});
  CHECK(scanned(*snap, "f", "a", "c", true) == Rows{{"b", "3"}, {"ab", "2"}, {"a", "1"}});
  CHECK(scanned(*snap, "f", "aa", "z") == Rows{{"ab", "2"}, {"b", "3"}, {"c", "4"}});
  CHECK(scanned(*snap, "f", "aa", "bb", true) == Rows{{"b", "3"}, {"ab", "2"}});
  CHECK(scanned(*snap, "f", "", "z", false, 2) == Rows{{"a", "1"}, {"ab", "2"}});
  CHECK(scanned(*snap, "f", "", "z", true, 2) == Rows{{"c", "4"}, {"b", "3"}});
  CHECK(scanned(*snap, "f", "b", "b").empty());
  CHECK(scanned(*snap, "f", "c", "a").empty());
  CHECK(scanned(*snap, "f", "c", "a", true).empty());
  CHECK(scanned(*snap, "f", "a", "").empty());  // an empty end is before every key, not "no end"
  CHECK(scanned(*snap, "f", "a", "", true).empty());

  // Keys are bytes, ordered unsigned, zero included.
  REQUIRE(s.write({{"f", "\x7f", "p"},
                   {"f", "\x80", "q"},
                   {"f", "\xff", "r"},
                   {"f", "z\0a"s, "s"},
                   {"f", "z"s, "t"},
                   {"f", "z\0"s, "u"}})
              .has_value());
  snap = s.snapshot();
  CHECK(scanned(*snap, "f", "y", "\xff\xff") ==
        Rows{{"z", "t"}, {"z\0"s, "u"}, {"z\0a"s, "s"}, {"\x7f", "p"}, {"\x80", "q"}, {"\xff", "r"}});
  CHECK(scanned(*snap, "f", "z\0"s, "z\1"s, true) == Rows{{"z\0a"s, "s"}, {"z\0"s, "u"}});
  CHECK(s.get("f", "z\0"s) == "u");
}

inline void row_store_snapshot(RowStore& s) {
  REQUIRE(s.create_family("f").has_value());
  REQUIRE(s.create_family("g").has_value());
  REQUIRE(s.write({{"f", "a", "old"}, {"f", "gone", "x"}, {"g", "a", "old"}}).has_value());
  auto before = s.snapshot();
  REQUIRE(s.write({{"f", "a", "new"}, {"f", "gone", std::nullopt}, {"f", "later", "x"}, {"g", "a", "new"}})
              .has_value());
  auto after = s.snapshot();
  CHECK(before->get("f", "a") == "old");
  CHECK(before->get("g", "a") == "old");
  CHECK(scanned(*before, "f", "", "z") == Rows{{"a", "old"}, {"gone", "x"}});
  CHECK(scanned(*after, "f", "", "z") == Rows{{"a", "new"}, {"later", "x"}});
  CHECK(after->get("g", "a") == "new");
  CHECK_FALSE(after->get("f", "gone").has_value());
  CHECK_FALSE(after->get("absent", "a").has_value());

  // A query that runs while a view is dropped ends with what it began with.
  REQUIRE(s.drop_family("f").has_value());
  CHECK(after->get("f", "a") == "new");
  CHECK(scanned(*after, "f", "", "z") == Rows{{"a", "new"}, {"later", "x"}});
  CHECK_FALSE(s.snapshot()->get("f", "a").has_value());

  // The callback may use the store.
  after->scan("g", "", "z", false, [&](std::string_view k, std::string_view) {
    CHECK(s.get("g", k) == "new");
    return s.write({{"g", "from the scan", "x"}}).has_value();
  });
  CHECK(s.get("g", "from the scan") == "x");
}

inline void row_store_flush_survives(RowStoreUnderTest& t) {
  REQUIRE(t.store().create_family("f").has_value());
  REQUIRE(t.store().create_family("g").has_value());
  REQUIRE(t.store().create_family("dropped").has_value());
  REQUIRE(t.store()
              .write({{"f", "a", "1"}, {"g", "a", "1"}, {"f", "b", "1"}, {"dropped", "a", "1"}})
              .has_value());
  REQUIRE(t.store().flush().has_value());
  REQUIRE(t.store().write({{"f", "b", std::nullopt}}).has_value());
  REQUIRE(t.store().drop_family("dropped").has_value());
  REQUIRE(t.store().flush().has_value());
  t.reopen();
  CHECK(t.store().families() == std::vector<std::string>{"f", "g"});
  CHECK(t.store().get("f", "a") == "1");
  CHECK(t.store().get("g", "a") == "1");
  CHECK_FALSE(t.store().get("f", "b").has_value());
  REQUIRE(t.store().write({{"f", "a", "2"}}).has_value());  // and it still works
  CHECK(t.store().get("f", "a") == "2");
}

/// Twelve batches, the first four flushed: afterwards each family is as after some batch from the 4th on.
inline void row_store_unflushed_is_a_prefix(RowStoreUnderTest& t) {
  REQUIRE(t.store().create_family("f").has_value());
  REQUIRE(t.store().create_family("g").has_value());
  std::vector<Rows> states;
  std::map<std::string, std::string> model;
  for (int i = 1; i <= 12; ++i) {
    auto n = std::to_string(i);
    std::vector<RowWrite> batch;
    for (auto family : {"f", "g"}) {
      batch.push_back({family, "position", n});
      batch.push_back({family, "row " + std::to_string(i % 3), n});
      if (i % 4 == 0) batch.push_back({family, "row 1", std::nullopt});
    }
    REQUIRE(t.store().write(batch).has_value());
    model["position"] = n;
    model["row " + std::to_string(i % 3)] = n;
    if (i % 4 == 0) model.erase("row 1");
    states.emplace_back(model.begin(), model.end());
    if (i == 4) REQUIRE(t.store().flush().has_value());
  }
  t.reopen();
  for (auto family : {"f", "g"}) {
    auto at = t.store().get(family, "position");
    REQUIRE(at.has_value());
    auto i = std::stoul(*at);
    CHECK(i >= 4);
    CHECK(scanned(*t.store().snapshot(), family, "", "z") == states.at(i - 1));
  }
}

/// Two families written together are always seen together, from any thread.
inline void row_store_batches_are_atomic_for_readers(RowStore& s) {
  REQUIRE(s.create_family("f").has_value());
  REQUIRE(s.create_family("g").has_value());
  REQUIRE(s.write({{"f", "n", "0"}, {"g", "n", "0"}}).has_value());
  std::atomic<int> torn = 0, seen = 0, failed = 0;
  std::atomic<bool> stop = false;
  auto read = [&] {
    std::string last = "0";
    do {
      auto snap = s.snapshot();
      auto f = snap->get("f", "n");
      auto g = snap->get("g", "n");
      torn += !f || f != g || std::stoi(*f) < std::stoi(last);
      last = f.value_or("0");
      ++seen;
    } while (!stop);
  };
  std::thread a(read), b(read);
  for (int i = 1; i <= 500; ++i) {
    failed += !s.write({{"f", "n", std::to_string(i)}, {"g", "n", std::to_string(i)}}).has_value();
  }
  stop = true;
  a.join();
  b.join();
  CHECK(failed == 0);
  CHECK(torn == 0);
  CHECK(seen >= 2);
  CHECK(s.get("g", "n") == "500");
}

/// Call it inside one TEST_CASE; `make` opens an empty store, its folder removed when it is destroyed.
inline void row_store_contract(const RowStoreFactory& make) {
  auto t = make();
  SUBCASE("families are made, listed and dropped, each idempotently") { row_store_families(t->store()); }
  SUBCASE("rows are written and deleted, the last write of a key winning") { row_store_values(t->store()); }
  SUBCASE("a batch with an unknown family changes nothing") { row_store_unknown_family(t->store()); }
  SUBCASE("a scan visits [from, to) in byte order, both ways") { row_store_scan(t->store()); }
  SUBCASE("a snapshot never changes") { row_store_snapshot(t->store()); }
  SUBCASE("what was flushed survives") { row_store_flush_survives(*t); }
  SUBCASE("of what was not flushed each family keeps a prefix") { row_store_unflushed_is_a_prefix(*t); }
  SUBCASE("readers never see half a batch") { row_store_batches_are_atomic_for_readers(t->store()); }
}

}  // namespace ringledger::test
