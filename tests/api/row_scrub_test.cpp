// When the store of the read models is rewritten after erasures: soon, together, and again when it failed.
#include "api/row_scrub.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_scheduler.hpp"

using namespace ringledger;

namespace {

/// A store that counts its scrubs and can refuse them.
struct Scrubbed final : RowStore {
  MemoryRowStore rows;
  int scrubs = 0;
  bool refuses = false;

  [[nodiscard]] std::vector<std::string> families() const override { return rows.families(); }
  Result<void> create_family(const std::string& name) override { return rows.create_family(name); }
  Result<void> drop_family(const std::string& name) override { return rows.drop_family(name); }
  [[nodiscard]] std::optional<std::string> get(std::string_view family, std::string_view key) const override {
    return rows.get(family, key);
  }
  [[nodiscard]] Result<void> health() const override { return rows.health(); }
  Result<void> write(const std::vector<RowWrite>& batch) override { return rows.write(batch); }
  [[nodiscard]] std::shared_ptr<RowSnapshot> snapshot() const override { return rows.snapshot(); }
  Result<void> flush() override { return rows.flush(); }
  Result<void> scrub() override {
    ++scrubs;
    return refuses ? fail(Code::overloaded, "somebody reads") : Result<void>();
  }
};

struct Scrubbing {
  SimScheduler scheduler{1};
  SimClock clock{scheduler};
  Scrubbed store;
  std::uint64_t erased = 0;
  std::shared_ptr<RowScrub> scrub = made();

  std::shared_ptr<RowScrub> made() {
    return std::make_shared<RowScrub>(store, scheduler.executor("pool", false), clock,
                                      [this] { return erased; });
  }
  void erase() {
    ++erased;
    scrub->wake();
  }
  void pass(std::int64_t ms) { scheduler.run_for(ms, 100'000); }
};

}  // namespace

TEST_CASE("the first erasure is scrubbed at once, those of the next hour together") {
  Scrubbing s;
  s.erase();
  s.pass(10);
  CHECK(s.store.scrubs == 1);
  s.erase();
  s.pass(10);
  s.erase();
  s.pass(RowScrub::pause_ms - 1000);
  CHECK(s.store.scrubs == 1);
  s.pass(2000);
  CHECK(s.store.scrubs == 2);
  s.pass(3 * RowScrub::pause_ms);
  CHECK(s.store.scrubs == 2);
}

TEST_CASE("a scrub that failed is tried again within minutes, and remembered as done only then") {
  Scrubbing s;
  s.store.refuses = true;
  s.erase();
  s.pass(2 * RowScrub::again_ms + 1000);
  CHECK(s.store.scrubs == 3);
  s.scrub = s.made();  // a restart
  s.scrub->wake();
  s.pass(10);
  CHECK(s.store.scrubs == 4);
  s.store.refuses = false;
  s.pass(RowScrub::again_ms + 1000);
  CHECK(s.store.scrubs == 5);
  s.scrub = s.made();
  s.scrub->wake();
  s.pass(10);
  CHECK(s.store.scrubs == 5);
}
