// The keys topic on a real broker: what a compacted topic promises, and the vaults of two nodes over it.
#include "adapters/kafka/kafka_compacted_topic.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "adapters/crypto/shared_keys.hpp"
#include "adapters/kafka/kafka_consumer.hpp"
#include "adapters/kafka/kafka_topic.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/system_random.hpp"
#include "tests/adapters/event_log_contract.hpp"
#include "tests/adapters/kafka/support/broker.hpp"
#include "tests/adapters/system/temp_folder.hpp"

namespace ringledger::test {
namespace {

using Record = CompactedTopic::Record;

KafkaSettings new_topic() {
  KafkaSettings settings;
  settings.bootstrap = Broker::get().bootstrap();
  settings.topic = Broker::get().topic() + ".keys";
  auto made = make_topic(settings, 1, TopicPurpose::keys);
  REQUIRE_MESSAGE(made.has_value(), made.error().detail);
  return settings;
}

std::unique_ptr<KafkaCompactedTopic> open(const KafkaSettings& settings, std::int64_t tick_ms = 3'600'000) {
  auto opened = KafkaCompactedTopic::open({settings, tick_ms});
  REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
  return std::move(*opened);
}

std::shared_ptr<Collector<Record>> collect(CompactedTopic& topic) {
  auto seen = std::make_shared<Collector<Record>>();
  topic.read(
      [seen](std::vector<Record> records, bool) {
        for (auto& record : records) seen->add(std::move(record));
      },
      [](const Error& error) { FAIL_CHECK(error.detail); });
  return seen;
}

/// How many records whose key begins so are left.
std::size_t count(const KafkaSettings& settings, const std::string& prefix) {
  auto consumer = KafkaConsumer::open(settings, 0);
  REQUIRE(consumer.has_value());
  std::size_t found = 0;
  bool ended = false;
  const KafkaConsumer::Visitor visitor{
      [&](const rd_kafka_message_t& m) -> Result<void> {
        found += std::string_view(static_cast<const char*>(m.key), m.key_len).starts_with(prefix) ? 1 : 0;
        return {};
      },
      [&](Offset) { ended = true; }};
  while (!ended) REQUIRE((*consumer)->poll(1000, visitor).has_value());
  return found;
}

/// Polls; the broker does it when it does it.
void until(const char* what, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (!holds()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, what);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

struct KeyNode {
  explicit KeyNode(const KafkaSettings& settings, char master = 'm', std::int64_t tick_ms = 3'600'000) {
    const MasterKey key{Key256::copy(std::string(Key256::size, master)), "the test", false, {}};
    auto joined = SharedKeys::open(open(settings, tick_ms), {});
    REQUIRE(joined.has_value());
    shared = std::move(*joined);
    auto installation = shared->installation(key, random, std::nullopt, true);
    if (!installation) {
      refused = installation.error().detail;
      return;
    }
    auto made = FileKeyVault::open(disk, random, key, folder.path() + "/keys", *installation);
    REQUIRE(made.has_value());
    vault = std::move(*made);
    REQUIRE(shared->attach(*vault, disk, folder.path() + "/keys").has_value());
  }
  TempFolder folder;
  PosixDisk disk;
  SystemRandom random;
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<SharedKeys> shared;
  std::string refused;
};

constexpr SealPlace here{"acc_1", "cmt_1", "0"};

TEST_CASE(
    "what is written is read in order, by all, from the beginning and on; an end asked for is reached") {
  const auto settings = new_topic();
  auto writer = open(settings), reader = open(settings);
  const std::vector<Record> first{{"a", "1"}, {"b", ""}, {"a", std::nullopt}};
  REQUIRE(writer->write(first).has_value());
  auto seen = collect(*reader);
  REQUIRE(reader->catch_up().has_value());
  CHECK(seen->wait_for(3) == first);
  REQUIRE(writer->write({{"c", "3"}}).has_value());
  REQUIRE(reader->catch_up().has_value());
  CHECK(seen->wait_for(4).back() == Record{"c", "3"});
  reader->stop();
  REQUIRE(writer->write({{"d", "4"}}).has_value());
  CHECK_FALSE(reader->catch_up().has_value());
}

TEST_CASE("a topic that is none, or where keys could expire or stay, is refused with what to change") {
  auto settings = new_topic();
  auto refused = [&] {
    auto opened = KafkaCompactedTopic::open({settings});
    REQUIRE_FALSE(opened.has_value());
    return opened.error().detail;
  };
  REQUIRE(
      set_topic_config(settings, {{"cleanup.policy", "delete"}, {"segment.bytes", "1048576"}}).has_value());
  const auto said = refused();
  CHECK(said.contains("cleanup.policy is \"delete\", it must be compact"));
  CHECK(said.contains("max.compaction.lag.ms"));
  CHECK(said.contains("min.cleanable.dirty.ratio"));
  CHECK(said.contains("segment.ms"));
  REQUIRE(make_topic(settings, 1, TopicPurpose::keys).has_value());  // log create mends it
  CHECK(describe_topic(settings)->config.at("segment.bytes") == "1048576");
  open(settings);
  settings.topic = "no-such.keys";
  CHECK(refused().contains("`ringledger log create` makes it"));
}

TEST_CASE("a tick is written when nothing else was for its time, so that destroyed keys vanish") {
  const auto settings = new_topic();
  auto topic = open(settings, 50);
  auto seen = collect(*topic);
  REQUIRE(topic->write({{"a", "1"}}).has_value());
  until("two ticks came", [&] { return count(settings, "tick") >= 2; });
  CHECK(seen->wait_for(1).size() == 1);  // nobody is bothered with them
}

TEST_CASE("a tick that was refused is written again soon, by another producer, not a whole tick later") {
  const auto settings = new_topic();
  auto config = describe_topic(settings)->config;
  std::map<std::string, std::string> wanted;
  for (const char* name : {"cleanup.policy", "segment.ms", "max.compaction.lag.ms", "delete.retention.ms",
                           "min.cleanable.dirty.ratio", "flush.messages", "unclean.leader.election.enable"})
    wanted[name] = config.at(name);
  wanted["max.message.bytes"] = "1";
  REQUIRE(set_topic_config(settings, wanted).has_value());
  auto opened = KafkaCompactedTopic::open({settings, 3'600'000, 100});
  REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
  auto seen = collect(**opened);
  const auto began = std::chrono::steady_clock::now();
  until("it was refused", [&] {
    CHECK(count(settings, "tick") == 0);
    return std::chrono::steady_clock::now() - began > std::chrono::seconds(2);
  });
  wanted["max.message.bytes"] = "8388608";
  REQUIRE(set_topic_config(settings, wanted).has_value());
  until("a tick came", [&] { return count(settings, "tick") == 1; });
}

TEST_CASE("compaction takes destroyed keys away, and a new node still knows that they were destroyed") {
  auto settings = new_topic();
  // As `log create` makes it, but for the times.
  REQUIRE(set_topic_config(settings, {{"cleanup.policy", "compact"},
                                      {"segment.ms", "1000"},
                                      {"max.compaction.lag.ms", "1000"},
                                      {"min.cleanable.dirty.ratio", "0.01"},
                                      {"delete.retention.ms", "0"},
                                      {"unclean.leader.election.enable", "false"},
                                      {"flush.messages", "1"}})
              .has_value());
  KeyNode a(settings, 'm', 500);
  auto ada = a.vault->seal("mem_1", here, "Ada").value();
  auto bob = a.vault->seal("mem_2", here, "Bob").value();
  REQUIRE(a.vault->sync().has_value());
  REQUIRE(a.vault->destroy("mem_1").has_value());
  until("the destroyed key is gone", [&] { return count(settings, "key/mem_1/") == 0; });
  CHECK(count(settings, "destroyed/mem_1") >= 1);
  CHECK(count(settings, "installation/") == 1);
  KeyNode b(settings);
  CHECK(b.vault->open("mem_1", here, ada).value() == std::nullopt);
  CHECK(b.vault->open("mem_2", here, bob).value() == "Bob");
}

TEST_CASE("two nodes on a real topic: keys are shared, destroyed everywhere; another master key is refused") {
  const auto settings = new_topic();
  KeyNode a(settings), b(settings);
  CHECK(a.vault->installation_hmac("x") == b.vault->installation_hmac("x"));
  auto ada = a.vault->seal("mem_1", here, "Ada").value();
  REQUIRE(a.vault->sync().has_value());
  CHECK(b.vault->open("mem_1", here, ada).value() == "Ada");
  REQUIRE(b.vault->destroy("mem_1").has_value());
  REQUIRE(a.shared->catch_up().has_value());
  CHECK(a.vault->open("mem_1", here, ada).value() == std::nullopt);
  CHECK(KeyNode(settings, 'x').refused.contains("give this node the master key of the others"));
}

TEST_CASE(
    "keys that cannot be published fail the sync; the broker is back, and the same keys are published") {
  const auto settings = new_topic();
  KeyNode a(settings);
  auto ada = a.vault->seal("mem_1", here, "Ada").value();
  Broker::get().stop();
  CHECK(a.vault->sync().error().code == Code::unknown_outcome);
  Broker::get().start();
  Result<void> synced;
  for (int tries = 0; tries < 10; ++tries) {
    synced = a.vault->sync();
    if (synced) break;
  }
  REQUIRE(synced.has_value());
  KeyNode b(settings);
  CHECK(b.vault->open("mem_1", here, ada).value() == "Ada");
}

}  // namespace
}  // namespace ringledger::test
