// The book's rows at rest: every kind comes back equal, secrets sealed, rows and position together.
#include "adapters/json/book_row_store.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/memory_row_store.hpp"
#include "tests/adapters/crypto/support/vault_fixture.hpp"
#include "tests/adapters/json/support/fixed_vault.hpp"
#include "tests/adapters/json/support/sample.hpp"

using namespace ringledger;
using namespace ringledger::json;
using namespace ringledger::testing;

namespace {

CountedBatch batch_of(std::vector<BookChange> changes, std::uint64_t next) {
  CountedBatch batch;
  batch.commits.push_back({nullptr, next - 1, 0, std::move(changes)});
  batch.next = next;
  batch.ownership.epoch = "e1";
  batch.ownership.term = 3;
  batch.ownership.owner = "me";
  batch.ownership.seq = next;
  return batch;
}
BookRowPtr row(BookRow r) { return std::make_shared<const BookRow>(std::move(r)); }

BookRow credentials() { return Sample(true).make<connections::Connection>(); }

}  // namespace

TEST_CASE("every kind of book row comes back equal, with optionals filled and empty; secrets rest sealed") {
  MemoryRowStore store;
  FixedVault vault;
  auto book = BookRowStore::open(store, vault, "e1");
  REQUIRE(book);
  for (bool filled : {true, false}) {
    std::vector<BookChange> changes;
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, BookRow::Variant>>([&](auto t) {
      changes.push_back(
          {"k" + std::to_string(changes.size()), row(Sample(filled).make<typename decltype(t)::type>())});
    });
    REQUIRE((*book)->apply(batch_of(changes, 2)));
    for (const auto& c : changes) {
      CAPTURE(c.key);
      auto back = (*book)->get(c.key);
      REQUIRE(back);
      REQUIRE(*back);
      CHECK(**back == *c.row);
    }
  }
  store.snapshot()->scan(BookRowStore::family, "rk4", "rk5", false,
                         [](std::string_view, std::string_view text) {
                           CHECK(text.find(canary) == std::string_view::npos);  // a connection
                           return true;
                         });
  store.snapshot()->scan(BookRowStore::family, "rk6", "rk7", false,
                         [](std::string_view, std::string_view text) {
                           CHECK(text.find(canary) == std::string_view::npos);  // a number, its hooks
                           return true;
                         });
}

TEST_CASE("rows, ownership and position are saved together, and found again") {
  MemoryRowStore store;
  FixedVault vault;
  auto batch = batch_of({{"a", row(AccountLine{{5}, 7})}, {"b", row(AccountLine{{6}, 8})}}, 10);
  batch.voided = {3, 4};
  {
    auto book = BookRowStore::open(store, vault, "e1");
    CHECK((*book)->saved()->next == 0);
    REQUIRE((*book)->apply(batch));
    REQUIRE((*book)->apply(batch_of({{"b", nullptr}}, 11)));
  }
  auto book = BookRowStore::open(store, vault, "e1");
  CHECK((*book)->saved()->next == 11);
  CHECK((*book)->saved()->ownership == batch_of({}, 11).ownership);
  CHECK(*(*book)->get("a"));
  CHECK_FALSE(*(*book)->get("b"));
  CHECK((*book)->is_void(3));
  CHECK_FALSE((*book)->is_void(5));
}

TEST_CASE("a book folded from a log of another epoch is made anew") {
  MemoryRowStore store;
  FixedVault vault;
  REQUIRE((*BookRowStore::open(store, vault, "e1"))->apply(batch_of({{"a", row(AccountLine{{5}, 7})}}, 10)));
  auto book = BookRowStore::open(store, vault, "e2");
  CHECK((*book)->saved()->next == 0);
  CHECK_FALSE(*(*book)->get("a"));
}

TEST_CASE("a book whose rows another release folded is made anew, also one of before there was a mark") {
  MemoryRowStore store;
  FixedVault vault;
  auto folded = [&] {
    return (*BookRowStore::open(store, vault, "e1"))->apply(batch_of({{"a", row(AccountLine{{5}, 7})}}, 10));
  };
  const std::string family(BookRowStore::family);
  REQUIRE(folded());
  CHECK(*(*BookRowStore::open(store, vault, "e1"))->get("a"));
  SUBCASE("another") { REQUIRE(store.write({{family, "l", "another"}})); }
  SUBCASE("none") { REQUIRE(store.write({{family, "l", std::nullopt}})); }
  auto book = BookRowStore::open(store, vault, "e1");
  CHECK((*book)->saved()->next == 0);
  CHECK_FALSE(*(*book)->get("a"));
  REQUIRE(folded());
  CHECK(*(*BookRowStore::open(store, vault, "e1"))->get("a"));
}

TEST_CASE_FIXTURE(VaultFixture,
                  "no row is written before the key that its credentials were sealed with is durable") {
  MemoryRowStore store;
  REQUIRE((*BookRowStore::open(store, *vault, "e1"))->apply(batch_of({{"a", row(credentials())}}, 10)));
  REQUIRE(crash_and_start());
  auto back = (*BookRowStore::open(store, *vault, "e1"))->get("a");
  REQUIRE(back);
  CHECK(**back == credentials());
}

TEST_CASE_FIXTURE(VaultFixture, "without a durable key nothing is written, and the batch may be repeated") {
  MemoryRowStore store;
  auto book = *BookRowStore::open(store, *vault, "e1");
  disk.fail_write = Error{Code::read_only, "the disk is full", {}};
  auto refused = book->apply(batch_of({{"a", row(credentials())}}, 10));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::read_only);
  CHECK_FALSE(*book->get("a"));
  CHECK(book->apply(batch_of({{"b", row(AccountLine{{5}, 7})}}, 10)));  // has no secret
  disk.fail_write.reset();
  REQUIRE(book->apply(batch_of({{"a", row(credentials())}}, 11)));
  CHECK(**book->get("a") == credentials());
}

TEST_CASE_FIXTURE(VaultFixture,
                  "credentials whose key is lost are an error, not absent; erased ones are absent") {
  MemoryRowStore store, other;
  REQUIRE((*BookRowStore::open(store, *vault, "e1"))->apply(batch_of({{"a", row(credentials())}}, 10)));
  VaultFixture elsewhere;
  auto lost = (*BookRowStore::open(store, *elsewhere.vault, "e1"))->get("a");
  REQUIRE_FALSE(lost);
  CHECK(lost.error().detail.find("book rows") != std::string::npos);
  CHECK(lost.error().detail.find("views/") != std::string::npos);
  REQUIRE(vault->destroy("book rows"));
  auto erased = (*BookRowStore::open(store, *vault, "e1"))->get("a");
  REQUIRE(erased);
  CHECK_FALSE(std::get<connections::Connection>(**erased).auth_token.reveal());
}

TEST_CASE("a row that cannot be read is an error, not absent; so is the book's position") {
  MemoryRowStore store;
  FixedVault vault;
  auto book = *BookRowStore::open(store, vault, "e1");
  REQUIRE(book->apply(batch_of({{"a", row(AccountLine{{5}, 7})}}, 10)));
  CHECK(*book->get("a"));
  CHECK_FALSE(*book->get("b"));
  store.fail_reads();
  CHECK_FALSE(book->get("a"));
  CHECK_FALSE(book->get("b"));
  CHECK_FALSE(book->saved());
  CHECK_FALSE(BookRowStore::open(store, vault, "e1"));
  store.fail_reads(false);
  CHECK(*(*BookRowStore::open(store, vault, "e1"))->get("a"));  // was not thrown away to be folded anew
}

namespace {

constexpr std::int64_t hour = 3'600'000, week = 7 * 24 * hour;

std::string remembered_key(int n) { return std::string(16, 'A') + "Mcommand" + std::to_string(n); }
Counted command(int n, std::int64_t at, std::uint64_t offset) {
  Remembered seen;
  seen.eff = {at};
  seen.offset = offset;
  return {nullptr,
          offset,
          0,
          {{remembered_key(n), row(seen)}, {std::string(16, 'A') + "L", row(AccountLine{{at}, offset})}}};
}
/// Folds the commands in batches of this size.
std::unique_ptr<BookRowStore> folded_book(MemoryRowStore& store, FixedVault& vault,
                                          const std::vector<Counted>& commands, std::size_t batch_size) {
  auto book = BookRowStore::open(store, vault, "e1").value();
  for (std::size_t at = 0; at < commands.size(); at += batch_size) {
    CountedBatch batch;
    auto end = std::min(at + batch_size, commands.size());
    batch.commits.assign(commands.begin() + static_cast<std::ptrdiff_t>(at),
                         commands.begin() + static_cast<std::ptrdiff_t>(end));
    batch.from = at;
    batch.next = end;
    batch.ownership.epoch = "e1";
    REQUIRE(book->apply(batch));
  }
  return book;
}
std::vector<std::pair<std::string, std::string>> all_rows(const MemoryRowStore& store) {
  std::vector<std::pair<std::string, std::string>> out;
  store.snapshot()->scan(BookRowStore::family, "", "z", false, [&](auto key, auto value) {
    out.emplace_back(key, value);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE("a command is forgotten once its account's log time is past seven days, however it was folded") {
  std::vector<Counted> commands;
  for (int i = 0; i < 40; ++i)
    commands.push_back(command(i, 100 * hour + i * 10 * hour, static_cast<std::uint64_t>(i)));
  commands.push_back(command(3, 100 * hour + 500 * hour, 40));  // an old key, used again
  commands.push_back(command(41, 100 * hour + 520 * hour, 41));
  FixedVault vault;
  std::vector<std::vector<std::pair<std::string, std::string>>> results;
  for (std::size_t batch_size : {1U, 3U, 7U, 100U}) {
    CAPTURE(batch_size);
    MemoryRowStore store;
    auto book = folded_book(store, vault, commands, batch_size);
    auto last = Timestamp{620 * hour};
    for (int i = 0; i < 40; ++i) {
      CAPTURE(i);
      Timestamp at{100 * hour + i * 10 * hour};
      bool there = book->get(remembered_key(i)).value() != nullptr;
      bool should = remembered(at, last) || i == 3;
      CHECK(there == should);
    }
    results.push_back(all_rows(store));
    CHECK(results.back() == results.front());
  }
  CHECK(forgotten_before({week + 3 * hour + 5}) == Timestamp{3 * hour});
}
