// Who may do what, asked at every request.
#include "projections/access_directory.hpp"

#include <atomic>
#include <functional>
#include <thread>

#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

keys::Created key_made(std::uint64_t n, std::optional<MemberId> member = mem()) {
  return {key(n), "key " + std::to_string(n), member, {}, {}, "digest " + std::to_string(n), std::nullopt};
}

World with_people() {
  World w;
  w.given({accounts::Created{acc(), "Acme", mem()},
           members::Added{mem(), true, Personal<std::string>("Ann"), Personal<std::string>("ann@x.org")},
           workspaces::Created{ws(), "Dental", "US", "UTC", workspaces::Plan::indie, mem()}, key_made(1)});
  return w;
}

TEST_CASE("a key is found by its id with its account, its member with roles, its account with the owner") {
  auto w = with_people();
  AccessDirectory directory(*w.runner);
  auto found = directory.key(key(1)).value();
  REQUIRE(found);
  CHECK(found->account == acc());
  CHECK(found->key->digest == "digest 1");
  CHECK(found->key->created_at == w.log.now());
  CHECK(directory.member(mem()).value()->member->role_in(ws()) == members::Role::owner);
  CHECK(directory.account(acc()).value()->of_account->owner == mem());
  CHECK(directory.key(key(2)).value() == nullptr);
  CHECK(directory.key(key(1)).value() == found);  // from the cache
}

TEST_CASE("rotation and revocation are seen by the first request after the write") {
  auto w = with_people();
  AccessDirectory directory(*w.runner);
  CHECK_FALSE(directory.key(key(1)).value()->key->revoked);
  w.given({keys::Rotated{key(1), "digest new", {99}}});
  auto rotated = directory.key(key(1)).value();
  CHECK(rotated->key->digest == "digest new");
  CHECK(rotated->key->previous_digest == "digest 1");
  CHECK(rotated->key->previous_valid_until == Timestamp{99});
  w.given({keys::Revoked{key(1)}});
  CHECK(directory.key(key(1)).value()->key->revoked);
  CHECK(directory.member(mem()).value()->member->roles.size() == 1);
  w.given({members::RoleGranted{mem(), ws(2), members::Role::agent}});
  CHECK(directory.member(mem()).value()->member->role_in(ws(2)) == members::Role::agent);
  w.given({members::RoleRevoked{mem(), ws(2)}});
  CHECK_FALSE(directory.member(mem()).value()->member->role_in(ws(2)).has_value());
}

TEST_CASE("ROL-02 what a workspace grants is seen by the first request after the write") {
  auto w = with_people();
  AccessDirectory directory(*w.runner);
  CHECK(directory.workspace(ws()).value()->workspace->member_grants == workspaces::first_grants());
  CHECK(directory.workspace(ws(2)).value() == nullptr);
  workspaces::Updated e{ws(), {}, {}, {}, {}};
  e.member_grants = std::vector<std::string>{};
  w.given({e});
  CHECK(directory.workspace(ws()).value()->workspace->member_grants.empty());
  CHECK(directory.member(mem()).value()->member->role_in(ws()) == members::Role::owner);
  w.check_verified();
}

TEST_CASE("a key that did not exist is found once it does") {
  auto w = with_people();
  AccessDirectory directory(*w.runner);
  CHECK(directory.key(key(2)).value() == nullptr);
  w.given({key_made(2)});
  CHECK(directory.key(key(2)).value() != nullptr);
}

TEST_CASE("after a rebuild took over nothing old is answered") {
  auto w = with_people();
  AccessDirectory directory(*w.runner);
  REQUIRE(directory.key(key(1)).value());
  REQUIRE(w.store->write({{"access.v2", "r" + access_key(key(1)), std::nullopt}}).has_value());
  CHECK(directory.key(key(1)).value());  // cached: the damage is not seen yet
  REQUIRE(w.runner->rebuild(AccessView::name, w.log.reader()).has_value());
  CHECK(directory.key(key(1)).value()->key->digest == "digest 1");
}

TEST_CASE("a full cache forgets something, never what it should answer") {
  auto w = with_people();
  AccessDirectory directory(*w.runner, 16);
  for (std::uint64_t i = 2; i <= 60; ++i) w.given({key_made(i)});
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 1; i <= 60; ++i) CHECK(directory.key(key(i)).value()->key->id == key(i));
  }
}

/// Does something between the moment a reader's snapshot is taken and the moment it reads.
class InterruptedStore final : public RowStore {
 public:
  std::vector<std::string> families() const override { return inner.families(); }
  Result<void> create_family(const std::string& name) override { return inner.create_family(name); }
  Result<void> drop_family(const std::string& name) override { return inner.drop_family(name); }
  std::optional<std::string> get(std::string_view f, std::string_view k) const override {
    return inner.get(f, k);
  }
  Result<void> write(const std::vector<RowWrite>& batch) override { return inner.write(batch); }
  Result<void> health() const override { return inner.health(); }
  std::shared_ptr<RowSnapshot> snapshot() const override {
    auto taken = inner.snapshot();
    if (auto now = std::exchange(interruption, nullptr)) now();
    return taken;
  }
  Result<void> flush() override { return inner.flush(); }
  MemoryRowStore inner;
  mutable std::function<void()> interruption;
};

TEST_CASE("a row read just before it was written is not kept in the cache") {
  InterruptedStore store;
  Log log;
  auto runner = ViewRunner::open(store, all_views(), {.epoch = "e"}).value();
  log.commit({key_made(1)});
  REQUIRE(runner->catch_up(log.reader()).has_value());
  AccessDirectory directory(*runner);
  store.interruption = [&] {
    auto from = log.end();
    log.commit({keys::Revoked{key(1)}});
    REQUIRE(runner->apply(log.batch(from, 1)).has_value());
  };
  CHECK_FALSE(directory.key(key(1)).value()->key->revoked);  // asked before the write
  CHECK(directory.key(key(1)).value()->key->revoked);
}

TEST_CASE("under concurrent requests a revoked key is never seen unrevoked after its write") {
  auto w = with_people();
  AccessDirectory directory(*w.runner);
  std::atomic<std::uint64_t> revoked = 0;
  std::atomic<int> wrong = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (std::uint64_t i = 100; i < 160; ++i) w.given({key_made(i)});
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        auto surely = revoked.load();
        for (std::uint64_t i = 100; i < 160; ++i) {
          auto found = directory.key(key(i)).value();
          wrong += !found || (i < surely && !found->key->revoked);
        }
      }
    });
  }
  for (std::uint64_t i = 100; i < 160; ++i) {
    w.given({keys::Revoked{key(i)}});
    revoked = i + 1;
  }
  stop = true;
  for (auto& r : readers) r.join();
  CHECK(wrong == 0);
}

TEST_CASE("keys are listed by account and by member, without the revoked") {
  auto w = with_people();
  w.given({key_made(2, std::nullopt), key_made(3, mem(2)), key_made(4)});
  w.given({keys::Revoked{key(4)}});
  auto list = [&](std::optional<MemberId> member) {
    auto page = list_keys(w.sight().of<AccessView>(), acc(), member, {}).value();
    CHECK(page.total == page.items.size());
    std::vector<KeyId> ids;
    for (const auto& row : page.items) ids.push_back(row.key->id);
    return ids;
  };
  CHECK(list(std::nullopt) == std::vector<KeyId>{key(1), key(2), key(3)});
  CHECK(list(mem()) == std::vector<KeyId>{key(1)});
  CHECK(list(mem(2)) == std::vector<KeyId>{key(3)});
  CHECK(list_keys(w.sight().of<AccessView>(), acc(2), std::nullopt, {}).value().items.empty());
  w.check_verified();
}

}  // namespace
}  // namespace ringledger
