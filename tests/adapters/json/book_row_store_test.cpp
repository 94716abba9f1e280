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
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, BookRow>>([&](auto t) {
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
  CHECK_FALSE(BookRowStore::open(store, vault, "e1"));  // and is not folded anew over it
}
