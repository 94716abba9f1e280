// Rows that cannot be read: an absence that proves nothing.
#include "projections/inventory_query.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

TEST_CASE("a row that cannot be read is an error, not absent, and nothing is folded over it or built anew") {
  World w;
  w.given({imported(1, "+14155550101")});
  auto before = w.sight();
  REQUIRE(before.health().has_value());
  CHECK(before.of<InventoryView>().row(inventory_key(acc(), num(1))).value());
  CHECK_FALSE(before.of<InventoryView>().row(inventory_key(acc(), num(2))).value());
  w.store->fail_reads();
  CHECK_FALSE(before.of<InventoryView>().row(inventory_key(acc(), num(1))).has_value());
  CHECK_FALSE(before.health().has_value());
  CHECK_FALSE(w.sight().of<InventoryView>().row(inventory_key(acc(), num(1))).has_value());
  w.behind({numbers::Renamed{num(1), ws(), "label"}});
  CHECK_FALSE(w.runner->catch_up(w.log.reader()).has_value());
  auto position = w.runner->position();
  CHECK_FALSE(ViewRunner::open(*w.store, all_views(), {.epoch = w.epoch}).has_value());
  w.store->fail_reads(false);
  w.open();
  CHECK(w.runner->position() == position);
}

}  // namespace
}  // namespace ringledger
