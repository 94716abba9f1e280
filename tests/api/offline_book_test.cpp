// The book of a stopped folder: counted to the log's end, and held to a fresh fold of the log.
#include "api/offline_book.hpp"

#include <doctest/doctest.h>

#include "support/sim_client.hpp"
#include "support/stopped.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

constexpr std::string_view family = json::BookRowStore::family;

std::vector<std::string> keys_of(const RowStore& rows) {
  std::vector<std::string> keys;
  rows.snapshot()->scan(family, "", "\x7f", false, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

void start_with_demo(World& w) {
  REQUIRE(w.start());
  Demo demo;
  demo.make(w, 3);
}

}  // namespace

TEST_CASE("after a kill the book is counted on to the log's end, and without a book from its beginning") {
  World w(11);
  start_with_demo(w);
  SUBCASE("a book that lost what was not flushed") { w.rows.crash(w.chaos); }
  SUBCASE("no book") { REQUIRE(w.rows.drop_family(std::string(family))); }
  Stopped stopped(w);
  stopped.count_to_end();
  CHECK(stopped.book->folded() == stopped.log->end());
  auto report = stopped.verify();
  CHECK(report.differences.empty());
  CHECK(report.position == stopped.log->end());
  CHECK(report.keys == keys_of(w.rows).size());
  CHECK(report.keys > 20);
}

TEST_CASE("a commit of a writer who had lost the log is void, here as in the server") {
  World w(12);
  start_with_demo(w);
  Stopped stopped(w);
  stopped.count_to_end();
  auto end = stopped.log->end();
  Commit late;
  late.term = 1;
  late.node = "somebody.else";
  late.seq = 1;
  bool appended = false;
  stopped.log->append({RecordKind::commit, *stopped.codec->encode(late), {}},
                      [&](Result<void> done) { appended = done.has_value(); });
  REQUIRE(w.scheduler.run_until([&] { return appended; }, 100'000));
  stopped.count_to_end();
  CHECK(stopped.book->folded() == end + 1);
  CHECK(stopped.book->is_void(end));
  CHECK(stopped.verify().differences.empty());
}

TEST_CASE("a book with a row changed, lost or too many differs from the log's fold, and which row is told") {
  World w(13);
  start_with_demo(w);
  Stopped stopped(w);
  stopped.count_to_end();
  auto keys = keys_of(w.rows);
  const std::string name(family);
  REQUIRE(w.rows.write({{name, keys[3], "other"}}));
  CHECK(stopped.verify().differences == std::vector{hex_encode(keys[3]) + ": in the book with another value "
                                                                          "than in the log's fold"});
  REQUIRE(w.rows.write({{name, keys[3], std::nullopt}}));
  CHECK(stopped.verify().differences ==
        std::vector{hex_encode(keys[3]) + ": in the log's fold, but not in the book"});
  REQUIRE(w.rows.write({{name, "rzzz", "more"}}));
  CHECK(stopped.verify().differences.size() == 2);
}

TEST_CASE("a book that is ahead of the log is refused") {
  World w(14);
  start_with_demo(w);
  Stopped stopped(w);
  stopped.count_to_end();
  CountedBatch later;
  later.next = stopped.log->end() + 1;
  later.ownership.epoch = stopped.log->epoch();
  REQUIRE(stopped.book->apply(later));
  auto refused = offline::count_to_end(*stopped.log, *stopped.codec, *stopped.book);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("ahead of the log") != std::string::npos);
}
