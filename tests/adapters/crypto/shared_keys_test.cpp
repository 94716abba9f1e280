// Keys shared by several nodes through a compacted topic.
#include "adapters/crypto/shared_keys.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "adapters/crypto/hash.hpp"
#include "adapters/crypto/installation_key.hpp"
#include "tests/adapters/crypto/support/memory_topic.hpp"
#include "tests/adapters/crypto/support/vault_fixture.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

/// One node: its folder, its vault, its view of the topic.
struct KeyNode {
  explicit KeyNode(MemoryRecords& records, std::uint64_t seed) : records(records), random(seed) {}

  /// Starts the process anew; why not, or "".
  std::string start(char master = 'm', bool may_make = true) {
    shared.reset();
    vault.reset();
    auto opened = open(master, may_make);
    if (!opened) {
      shared.reset();
      vault.reset();
    }
    return opened ? "" : opened.error().detail;
  }
  Result<void> open(char master, bool may_make) {
    auto owned = std::make_unique<MemoryTopic>(records);
    topic = owned.get();
    auto joined =
        SharedKeys::open(std::move(owned), {[this](const std::string& line) { warnings.push_back(line); },
                                            [this](const Error& error) { fatal = error.detail; }});
    if (!joined) return std::unexpected(joined.error());
    shared = std::move(*joined);
    std::optional<Key256> own;
    const auto keys = key_file::derive(master_of(master).key);
    if (disk.files.contains("keys/installation")) {
      auto read = installation_key::read(disk, "keys/installation", keys, "the file test-master");
      if (!read) return std::unexpected(read.error());
      own = *read;
    }
    if (before_proposal) std::exchange(before_proposal, nullptr)();
    auto installation = shared->installation(master_of(master), random, own, may_make);
    if (!installation) return std::unexpected(installation.error());
    auto made = FileKeyVault::open(disk, random, master_of(master), "keys", *installation);
    if (!made) return std::unexpected(made.error());
    vault = std::move(*made);
    return shared->attach(*vault, disk, "keys");
  }
  Sealed seal(std::string_view subject, std::string_view text) {
    auto sealed = vault->seal(subject, here, text);
    REQUIRE(sealed);
    return *sealed;
  }
  Sealed seal_and_sync(std::string_view subject, std::string_view text) {
    auto sealed = seal(subject, text);
    REQUIRE(vault->sync());
    return sealed;
  }
  std::string read(std::string_view subject, const Sealed& sealed) {
    auto opened = vault->open(subject, here, sealed);
    if (!opened) return "error: " + opened.error().detail;
    return opened->value_or("erased");
  }

  MemoryRecords& records;
  MemoryDisk disk;
  SeededRandom random;
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<SharedKeys> shared;
  MemoryTopic* topic = nullptr;
  std::vector<std::string> warnings;
  std::string fatal;
  std::function<void()> before_proposal;
};

struct TwoNodes {
  MemoryRecords records;
  KeyNode a{records, 1}, b{records, 2};
  void start_both() {
    REQUIRE(a.start() == "");
    REQUIRE(b.start() == "");
  }
};

/// Another thread's work.
void until(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

TEST_CASE_FIXTURE(TwoNodes,
                  "what one node sealed the other opens, with an empty folder and the same master key") {
  REQUIRE(a.start() == "");
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  REQUIRE(b.start() == "");
  CHECK(b.read("mem_1", ada) == "Ada");
  CHECK(b.vault->installation_hmac("request") == a.vault->installation_hmac("request"));
  // And what comes later, at the first look: one question, not one per field.
  const auto bob = a.seal("mem_2", "Bob"), eve = a.seal("mem_3", "Eve");
  REQUIRE(a.vault->sync());
  const int before = b.topic->catch_ups;
  CHECK(b.read("mem_2", bob) == "Bob");
  CHECK(b.read("mem_3", eve) == "Eve");
  CHECK(b.topic->catch_ups == before + 1);
}

TEST_CASE_FIXTURE(TwoNodes, "a key is in the topic before sync succeeds, and sync fails while it is not") {
  start_both();
  const auto ada = a.seal("mem_1", "Ada");
  records.fail_writes = Error{Code::unknown_outcome, "the broker is away", ""};
  const auto subjects = a.disk.bytes("keys/subjects");
  CHECK(a.vault->sync().error().code == Code::unknown_outcome);
  CHECK(a.disk.bytes("keys/subjects") == subjects);
  CHECK(b.read("mem_1", ada).contains("lacks key"));
  records.fail_writes.reset();
  REQUIRE(a.vault->sync());  // nothing was lost: the same key
  CHECK(records.with("key/mem_1/").size() == 1);
  b.topic->deliver();
  CHECK(b.read("mem_1", ada) == "Ada");
}

TEST_CASE_FIXTURE(TwoNodes, "a write that failed but landed does no harm") {
  start_both();
  const auto ada = a.seal("mem_1", "Ada");
  records.fail_writes = Error{Code::unknown_outcome, "timed out", ""};
  records.written_before_failure = 1;
  CHECK(!a.vault->sync());
  records.fail_writes.reset();
  REQUIRE(a.vault->sync());
  CHECK(b.read("mem_1", ada) == "Ada");
  REQUIRE(b.start() == "");
  CHECK(b.read("mem_1", ada) == "Ada");
}

TEST_CASE_FIXTURE(TwoNodes,
                  "two nodes make a key each for one subject: both stay openable, for both and for a third") {
  start_both();
  const auto by_a = a.seal("mem_1", "by a"), by_b = b.seal("mem_1", "by b");
  CHECK(by_a.key != by_b.key);
  REQUIRE(a.vault->sync());
  REQUIRE(b.vault->sync());
  KeyNode c{records, 3};
  records.compact();
  REQUIRE(c.start() == "");
  for (auto* node : {&a, &b, &c}) {
    CHECK(node->read("mem_1", by_a) == "by a");
    CHECK(node->read("mem_1", by_b) == "by b");
    REQUIRE(node->start() == "");
    CHECK(node->read("mem_1", by_a) == "by a");
    CHECK(node->read("mem_1", by_b) == "by b");
  }
}

TEST_CASE_FIXTURE(TwoNodes, "of two first nodes at once one installation key remains, for ever") {
  b.before_proposal = [&] { REQUIRE(a.start() == ""); };  // b saw an empty topic
  REQUIRE(b.start() == "");
  const auto mac = a.vault->installation_hmac("request");
  CHECK(b.vault->installation_hmac("request") == mac);
  CHECK(records.with("installation/").size() == 3);  // a's, b's, and the tombstone of b's
  records.compact();
  CHECK(records.with("installation/").size() == 1);
  KeyNode c{records, 3};
  REQUIRE(c.start() == "");
  CHECK(c.vault->installation_hmac("request") == mac);
  REQUIRE(a.start() == "");
  CHECK(a.vault->installation_hmac("request") == mac);
}

TEST_CASE_FIXTURE(TwoNodes,
                  "a key destroyed on one node is unusable on the other, at once and after a restart") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada"), bob = a.seal_and_sync("mem_2", "Bob");
  CHECK(b.read("mem_1", ada) == "Ada");
  REQUIRE(a.vault->destroy("mem_1"));
  b.topic->deliver();
  for (auto* node : {&a, &b}) {
    CHECK(node->read("mem_1", ada) == "erased");
    CHECK(node->read("mem_2", bob) == "Bob");
    REQUIRE(node->start() == "");
    CHECK(node->read("mem_1", ada) == "erased");
  }
  records.compact();
  CHECK_MESSAGE(records.with("key/mem_1/").empty(), "the wrapped key must vanish");
  CHECK(records.with("destroyed/mem_1").size() == 1);
  KeyNode c{records, 3};
  REQUIRE(c.start() == "");
  const int before = c.topic->catch_ups;
  CHECK(c.read("mem_1", ada) == "erased");
  CHECK_MESSAGE(c.topic->catch_ups == before, "what is erased is never asked for");
}

TEST_CASE_FIXTURE(TwoNodes,
                  "a destroyed key that cannot be told to all stays, and is destroyed at the next try") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  records.fail_writes = Error{Code::unknown_outcome, "the broker is away", ""};
  CHECK(!a.vault->destroy("mem_1"));
  CHECK(a.read("mem_1", ada) == "Ada");
  records.fail_writes.reset();
  REQUIRE(a.vault->destroy("mem_1"));
  CHECK(b.start() == "");
  CHECK(b.read("mem_1", ada) == "erased");
}

TEST_CASE_FIXTURE(TwoNodes, "a late writer's key of an erased subject counts for nothing and vanishes") {
  start_both();
  const auto late = b.seal("mem_1", "a late webhook");  // b has not read yet that it was destroyed
  REQUIRE(a.vault->destroy("mem_1"));
  REQUIRE(b.vault->sync());
  CHECK(records.with("key/mem_1/").size() == 1);
  a.topic->deliver();  // the late writer may be gone by now
  MemoryRecords left;
  left.all = records.all;
  left.compact();
  CHECK(left.with("key/mem_1/").empty());
  b.topic->deliver();
  CHECK(a.read("mem_1", late) == "erased");
  CHECK(b.read("mem_1", late) == "erased");
  CHECK(records.with("destroyed/mem_1").size() == 1);
}

TEST_CASE_FIXTURE(TwoNodes, "a key that is not there is asked for once, and is an error, never an erasure") {
  start_both();
  const int before = b.topic->catch_ups;
  const Sealed lost{"00000000000000ab", "AAAA"};
  CHECK(b.read("mem_9", lost).contains("lacks key 00000000000000ab of mem_9"));
  CHECK(b.read("mem_9", lost).contains("lacks key"));
  CHECK(b.topic->catch_ups == before + 1);
}

TEST_CASE_FIXTURE(TwoNodes,
                  "a topic that does not answer is asked again, and no key is called missing meanwhile") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  records.fail_catch_up = Error{Code::internal, "timed out", ""};
  CHECK(b.read("mem_1", ada) == "Ada");
}

TEST_CASE_FIXTURE(TwoNodes,
                  "who may not wait is told so at once, however long the topic is away, and reads it later") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  records.away = true;
  CHECK(b.vault->open_now("mem_1", here, ada).error().code == Code::position_not_reached);
  CHECK(b.vault->open_now("mem_1", here, ada).error().code == Code::position_not_reached);
  until([&] { return records.asked_in_vain > 1; });  // it is asked again and again
  records.away = false;
  until([&] { return b.vault->open_now("mem_1", here, ada).has_value(); });
  CHECK(b.vault->open_now("mem_1", here, ada).value() == "Ada");
  CHECK(b.warnings.size() == 1);
  const Sealed lost{"00000000000000ab", "AAAA"};
  CHECK(b.vault->open_now("mem_9", here, lost).error().code == Code::position_not_reached);
  auto why = [&] { return b.vault->open_now("mem_9", here, lost).error(); };
  until([&] { return why().code != Code::position_not_reached; });
  CHECK(why().detail.contains("lacks key 00000000000000ab of mem_9"));
}

TEST_CASE_FIXTURE(TwoNodes, "a node that waits for keys is closed at once") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  records.away = true;
  CHECK_FALSE(b.vault->open_now("mem_1", here, ada).has_value());
  until([&] { return records.asked_in_vain > 0; });
  b.shared.reset();
}

TEST_CASE_FIXTURE(TwoNodes, "another master key is refused, saying so, and changes nothing") {
  REQUIRE(a.start('m') == "");
  const auto before = records.all.size();
  CHECK(b.start('x').contains("give this node the master key of the others"));
  CHECK(records.all.size() == before);
  CHECK(!b.disk.files.contains("keys/installation"));
  CHECK(b.start('m') == "");
}

TEST_CASE_FIXTURE(TwoNodes, "the keys of another installation are refused") {
  MemoryRecords elsewhere;
  KeyNode other{elsewhere, 7};
  REQUIRE(other.start() == "");
  REQUIRE(a.start() == "");
  other.shared.reset();
  other.vault.reset();
  b.disk.files = other.disk.files;
  CHECK(b.start().contains("holds the keys of another installation than the folder keys/ here"));
}

TEST_CASE_FIXTURE(TwoNodes,
                  "no installation key is made for a log that was written: its keys were elsewhere") {
  CHECK(b.start('m', false).contains("bring the topic back"));
  CHECK(records.all.empty());
}

TEST_CASE_FIXTURE(TwoNodes,
                  "a folder of before there was a topic is published, once; a topic that was lost, again") {
  {
    auto alone = FileKeyVault::open(a.disk, a.random, master_of('m'), "keys");
    REQUIRE(alone);
    a.vault = std::move(*alone);
  }
  const auto ada = a.seal_and_sync("mem_1", "Ada"), bob = a.seal_and_sync("mem_2", "Bob");
  const auto row = a.seal_and_sync(rows_subject, "a row's secret");
  REQUIRE(a.vault->destroy("mem_2"));
  const auto mac = a.vault->installation_hmac("request");
  REQUIRE(a.start('m', false) == "");
  REQUIRE(b.start('m', false) == "");
  CHECK(b.vault->installation_hmac("request") == mac);
  CHECK(b.read("mem_1", ada) == "Ada");
  CHECK(b.read("mem_2", bob) == "erased");
  CHECK(records.with("key/book rows/").empty());
  CHECK(a.read(rows_subject, row) == "a row's secret");
  const auto before = records.all.size();
  REQUIRE(a.start('m', false) == "");
  REQUIRE(b.start('m', false) == "");
  CHECK(records.all.size() == before);
  records.all.clear();
  REQUIRE(a.start('m', false) == "");
  KeyNode c{records, 3};
  REQUIRE(c.start('m', false) == "");
  CHECK(c.read("mem_1", ada) == "Ada");
  CHECK(c.read("mem_2", bob) == "erased");
}

TEST_CASE_FIXTURE(TwoNodes, "the key of a node's own rows stays there, and needs no topic") {
  start_both();
  records.fail_writes = Error{Code::unknown_outcome, "the broker is away", ""};
  const auto row = a.seal(rows_subject, "a secret");
  const auto ada = a.seal("mem_1", "Ada");
  REQUIRE(a.vault->sync_rows());
  CHECK(!a.vault->sync());
  records.fail_writes.reset();
  REQUIRE(a.vault->close());
  a.disk.crash();
  REQUIRE(a.start() == "");
  CHECK(a.read(rows_subject, row) == "a secret");
  CHECK_MESSAGE(a.read("mem_1", ada).contains("lacks key"), "it was never published, so nothing can use it");
}

TEST_CASE_FIXTURE(TwoNodes, "an adopted key is durable in the folder before it is used") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  CHECK(b.read("mem_1", ada) == "Ada");
  b.shared.reset();
  b.vault.reset();
  b.disk.crash();
  auto offline = FileKeyVault::open(b.disk, b.random, master_of('m'), "keys");
  REQUIRE(offline);
  CHECK((*offline)->open("mem_1", here, ada).value() == "Ada");
}

TEST_CASE_FIXTURE(TwoNodes, "a full disk does not keep keys from being adopted; they are written later") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada"), bob = a.seal_and_sync("mem_2", "Bob");
  b.disk.fail_write = Error{Code::read_only, "no space", ""};
  CHECK(b.read("mem_1", ada) == "Ada");
  REQUIRE(a.vault->destroy("mem_2"));
  b.topic->deliver();
  CHECK(b.read("mem_2", bob) == "erased");
  b.disk.fail_write.reset();
  REQUIRE(b.vault->close());
  b.shared.reset();
  b.vault.reset();
  b.disk.crash();
  auto offline = FileKeyVault::open(b.disk, b.random, master_of('m'), "keys");
  REQUIRE(offline);
  CHECK((*offline)->open("mem_1", here, ada).value() == "Ada");
}

TEST_CASE_FIXTURE(
    TwoNodes, "a stranger's records count for nothing: forged, moved or damaged ones; a later format stops") {
  start_both();
  const auto ada = a.seal_and_sync("mem_1", "Ada");
  const auto stored = records.with("key/mem_1/").front();
  const auto moved = "key/mem_2/" + ada.key;
  auto put = [&](std::string key, std::optional<std::string> value) {
    records.all.emplace_back(CompactedTopic::Record{std::move(key), std::move(value)});
  };
  put(moved, stored.value);
  put("destroyed/mem_1", "1 " + std::string(64, '0'));
  put("destroyed/mem_1", std::nullopt);
  put("key/mem_3/nonsense", "1 AAAA");
  put("key/mem_3/00000000000000ab", "1 AAAA");
  put("key//00000000000000ab", "1 AAAA");
  put("installation/00000000000000ab", "nothing");
  put("", "");
  put("key/mem_1/" + ada.key, std::nullopt);  // a tombstone alone destroys nothing
  a.topic->deliver();
  b.topic->deliver();
  for (auto* node : {&a, &b}) {
    CHECK(node->read("mem_1", ada) == "Ada");
    CHECK(node->read("mem_2", ada).contains("lacks key"));
    CHECK(node->warnings.size() == 1);
    CHECK(node->fatal.empty());
  }
  put("key/mem_4/00000000000000ab", "2 something new");
  b.topic->deliver();
  CHECK(b.fatal.contains("update Ringledger"));
}
