// What the rows of the inventory and of the work list leave in the index, and what a change rewrites.
#include <set>

#include "projections/inventory.hpp"
#include "projections/provider_sync.hpp"
#include "tests/projections/support/random_history.hpp"

namespace ringledger {
namespace {

using namespace test;

using Pairs = std::set<std::pair<std::string, std::string>>;

Pairs pairs_of(const std::vector<Entry>& entries) {
  Pairs out;
  for (const auto& e : entries) out.emplace(e.key, e.value);
  CHECK(out.size() == entries.size());
  return out;
}

Pairs without(const Pairs& from, const Pairs& taken) {
  Pairs out;
  std::set_difference(from.begin(), from.end(), taken.begin(), taken.end(), std::inserter(out, out.end()));
  return out;
}

std::map<std::string, std::int64_t> change(const Counters& before, const Counters& after) {
  std::map<std::string, std::int64_t> out;
  for (const auto& c : before) out[c.name] -= c.value;
  for (const auto& c : after) out[c.name] += c.value;
  std::erase_if(out, [](const auto& entry) { return entry.second == 0; });
  return out;
}

Pairs in_space_of(const ViewReader& view, char space) {
  Pairs out;
  view.scan(space, "", "", false, [&](std::string_view key, std::string_view value) {
    out.emplace(key, value);
    return true;
  });
  return out;
}

/// Every entry and counter of every row, all made anew.
template <RowView V>
void check_whole(const Rows<V>& rows) {
  Pairs entries, counted;
  std::map<std::string, std::int64_t> counters;
  for (const auto& [key, text] : in_space_of(rows, row_space)) {
    auto row = rows.row(key).value().value();
    entries.merge(pairs_of(V::indexes(row)));
    for (const auto& counter : V::counters(row)) counters[counter.name] += counter.value;
  }
  for (const auto& [name, value] : counters) {
    if (value != 0) counted.emplace(name, KeyBuilder().i64(value).done());
  }
  CHECK(in_space_of(rows, index_space) == entries);
  CHECK(in_space_of(rows, counter_space) == counted);
}

TEST_CASE("whatever happened, the index and the counters hold what the rows add, no more and no less") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    RandomHistory h(seed);
    World w;
    w.given(h.beginning());
    for (int step = 0; step < 100; ++step) w.given(h.next({w.log.now().ms + 1000}));
    auto sight = w.sight();
    check_whole(sight.of<InventoryView>());
    check_whole(sight.of<ProviderSyncView>());
  }
}

TEST_CASE("what a row leaves out beside the same row at another time is what both have alike") {
  RandomHistory h(3);
  h.beginning();
  std::map<NumberId, std::vector<InventoryRow>> states;
  for (std::int64_t step = 0; step < 150; ++step) {
    h.next({step});
    for (const auto& [id, number] : h.numbers) {
      std::optional<Timestamp> called;
      if (h.once_in(2)) called = Timestamp{static_cast<std::int64_t>(h.below(3))};
      auto& seen = states[id];
      InventoryRow row{acc(), number, called};
      if (seen.empty() || seen.back() != row) seen.push_back(row);
    }
  }
  std::size_t left_out = 0;
  for (const auto& [id, seen] : states) {
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const auto& before = seen[i];
      const auto& after = seen[(i + 1 + h.below(3)) % seen.size()];
      auto all = pairs_of(InventoryView::indexes(after)), had = pairs_of(InventoryView::indexes(before));
      auto some = pairs_of(InventoryView::indexes(after, &before));
      auto some_had = pairs_of(InventoryView::indexes(before, &after));
      CHECK(without(some, some_had) == without(all, had));
      CHECK(without(some_had, some) == without(had, all));
      CHECK(change(InventoryView::counters(before), InventoryView::counters(after)) ==
            change(InventoryView::counters(before, &after), InventoryView::counters(after, &before)));
      left_out += all.size() - some.size();
    }
  }
  CHECK(left_out > 1'000);
}

/// What the fold of the events writes into the inventory, but for its position and what it deletes.
Pairs written(World& w, std::vector<Event> events) {
  auto family = std::string(InventoryView::name);
  auto keys = [&] {
    Pairs out;
    w.store->snapshot()->scan(family, "", "\xff", false, [&](std::string_view key, std::string_view value) {
      if (key.front() != meta_space) out.emplace(key, value);
      return true;
    });
    return out;
  };
  auto before = keys();
  w.given(std::move(events));
  return without(keys(), before);
}

TEST_CASE("NUM-11 a rename rewrites the row, one summary and what is sorted and found by the label") {
  World w;
  w.given({imported(1, "+14155550101", "Front")});
  w.given({numbers::Renamed{num(1), ws(), "Desk"}});  // makes it pending
  // The row, the summary in the sort by e164, the label's place in its sort, four endings.
  CHECK(written(w, {numbers::Renamed{num(1), ws(), "Barn"}}).size() == 1 + 1 + 1 + 4);
  auto now = w.sight().of<InventoryView>().row(inventory_key(acc(), num(1))).value()->number;
  // The row, the summary, the count of what is in sync.
  CHECK(written(w, {numbers::ProviderSynced{num(1), ws(), now.wanted_revision, {}, {}}}).size() == 1 + 1 + 1);
}

}  // namespace
}  // namespace ringledger
