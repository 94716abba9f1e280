// The Kafka engine against a real broker: the contract of every log, and what is its own: the topic's
// settings, strangers' records, the local copy.
#include "adapters/kafka/kafka_log.hpp"

#include <doctest/doctest.h>

#include <cstdio>

#include "adapters/kafka/kafka_topic.hpp"
#include "adapters/kafka/local_copy.hpp"
#include "tests/adapters/kafka/support/kafka_under_test.hpp"

namespace ringledger::test {
namespace {

/// Runs a kcat command line on a topic; what it printed.
std::string kcat(const KafkaSettings& settings, const std::string& arguments,
                 const std::string& before = "") {
  std::string command =
      before + "kcat -q -b " + settings.bootstrap + " -t " + settings.topic + " " + arguments;
  FILE* out = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a fixed command
  REQUIRE(out != nullptr);
  std::string text;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) text += static_cast<char>(c);
  REQUIRE(pclose(out) == 0);
  return text;
}

/// Writes a record as somebody else would.
void stranger(const KafkaSettings& settings, const std::string& headers) {
  kcat(settings, "-P -p 0 " + headers, "echo hello | ");
}

TEST_CASE("the Kafka log keeps the contract of the log") {
  event_log_contract([] { return std::make_unique<KafkaUnderTest>(); });
}

TEST_CASE("the Kafka log keeps the contract of the log with a copy of many small segments") {
  event_log_contract([] { return std::make_unique<KafkaUnderTest>(8192); });
}

TEST_CASE("a commit is one line in kcat, with its account as key and its labels as headers") {
  KafkaUnderTest kafka;
  auto& log = kafka.reopen();
  auto commit = std::make_shared<Commit>();
  commit->id = CommitId{RawId::make(1, 2, 3)};
  commit->account = AccountId{RawId::make(4, 5, 6)};
  commit->command = "RenameNumber";
  commit->events = {numbers::Renamed{}, numbers::Renamed{}, numbers::Activated{}};
  Collector<Result<void>> done;
  log.append({RecordKind::commit, R"({"v":1})", commit}, [&](Result<void> r) { done.add(std::move(r)); });
  REQUIRE(done.wait_for(1).front().has_value());
  CHECK(kcat(kafka.settings, R"(-C -o 1 -e -f '%k|%h|%s\n')") ==
        commit->account.to_string() + "|kind=commit,v=1,commit=" + commit->id.to_string() +
            ",command=RenameNumber,types=number.renamed.v1,number.activated.v1|{\"v\":1}\n");
}

TEST_CASE("a topic that is none, no log, or could lose commits is refused with what to change") {
  KafkaUnderTest kafka;
  auto refused = [&](const std::string& topic) {
    kafka.settings.topic = topic;
    auto opened = kafka.open();
    REQUIRE_FALSE(opened.has_value());
    return opened.error().detail;
  };
  CHECK(refused("no-such").contains("`ringledger log create` makes it"));
  KafkaSettings bare = kafka.settings;
  bare.topic = "bare";
  REQUIRE(make_topic(bare, 1).has_value());
  CHECK(refused("bare").contains("no LOG record"));

  // As anybody would make it, and with what a careless administrator sets.
  KafkaTopic careless;
  careless.exists = true;
  careless.replicas = 3;
  careless.config = {{"cleanup.policy", "compact"},     {"retention.ms", "604800000"},
                     {"retention.bytes", "1000000000"}, {"max.message.bytes", "1048588"},
                     {"min.insync.replicas", "1"},      {"unclean.leader.election.enable", "true"}};
  CHECK(topic_faults(careless).size() == 6);
  careless.replicas = 1;
  CHECK(topic_faults(careless).back().starts_with("flush.messages is \"\", it must be 1"));
}

TEST_CASE("log create mends a topic's settings, keeps what else was set, and writes no second LOG record") {
  KafkaUnderTest kafka;
  auto& settings = kafka.settings;
  auto& log = kafka.reopen();
  REQUIRE(append_and_wait(log, "one").has_value());
  kafka.stop();
  REQUIRE(set_topic_config(settings, {{"retention.ms", "3600000"}, {"segment.ms", "7200000"}}).has_value());
  auto refused = kafka.open();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.contains("retention.ms is \"3600000\", it must be -1"));
  auto created = create_kafka_log(settings, 1, "another-epoch");
  REQUIRE_MESSAGE(created.has_value(), created.error().detail);
  CHECK_FALSE(*created);
  auto topic = describe_topic(settings);
  REQUIRE(topic.has_value());
  CHECK(topic->config.at("segment.ms") == "7200000");
  CHECK(topic_faults(*topic).empty());
  CHECK(kafka.reopen().end() == 2);
  CHECK_FALSE(create_kafka_log(settings, 2, "e").has_value());  // the number of partitions is for ever
}

TEST_CASE("log create that was interrupted goes on with the record it began with, in all partitions") {
  KafkaSettings settings;
  settings.bootstrap = Broker::get().bootstrap();
  settings.topic = Broker::get().topic();
  REQUIRE(make_topic(settings, 3).has_value());
  kcat(settings, "-P -p 0 -H kind=log -H v=1", "printf begun | ");
  auto created = create_kafka_log(settings, 3, "another");
  REQUIRE_MESSAGE(created.has_value(), created.error().detail);
  CHECK(*created);
  for (settings.partition = 0; settings.partition < 3; ++settings.partition)
    CHECK(first_log_record(settings)->payload == "begun");
}

TEST_CASE("a stranger's record is delivered as foreign, and nothing stops") {
  KafkaUnderTest kafka;
  auto& log = kafka.reopen();
  REQUIRE(append_and_wait(log, "ours").has_value());
  stranger(kafka.settings, "");
  stranger(kafka.settings, "-H kind=commit");
  REQUIRE(append_and_wait(log, "ours again").has_value());
  auto seen = std::make_shared<Collector<LogRecord>>();
  log.tail(1, [seen](std::vector<LogRecord> records) {
    for (auto& record : records) seen->add(std::move(record));
  });
  auto records = seen->wait_for(4);
  CHECK(records[0] == LogRecord{1, RecordKind::commit, "ours"});
  CHECK(records[1] == LogRecord{2, RecordKind::foreign, ""});
  CHECK(records[2] == LogRecord{3, RecordKind::foreign, ""});
  CHECK(records[3] == LogRecord{4, RecordKind::commit, "ours again"});
}

TEST_CASE("a record of a later format is given on: who folds it tells whether it counts") {
  KafkaUnderTest kafka;
  auto& log = kafka.reopen();
  stranger(kafka.settings, "-H kind=commit -H v=2");
  CHECK(tail_into(log, 1)->wait_for(1).front().kind == RecordKind::commit);
}

TEST_CASE("the copy has the records that count and the gaps of those that do not") {
  KafkaUnderTest kafka;
  auto* log = &kafka.reopen();
  for (int i = 1; i <= 6; ++i) REQUIRE(append_and_wait(*log, "commit " + std::to_string(i)).has_value());
  auto even = [](EventLog& from) {
    auto seen = std::make_shared<Collector<LogRecord>>();
    from.tail(1, [&from, seen](std::vector<LogRecord> records) {
      for (auto& r : records) {
        if (r.offset % 2 == 0) CHECK(from.keep({r}).has_value());
        seen->add(std::move(r));
      }
    });
    return seen;
  };
  even(*log)->wait_for(6);
  auto kept = read_all(*log, 1);
  REQUIRE(kept.size() == 3);
  CHECK(kept[1] == LogRecord{4, RecordKind::commit, "commit 4"});
  CHECK(log->kept() == 7);
  log = &kafka.reopen();
  CHECK(read_all(*log, 1) == kept);
  // Read again from the beginning, the copy comes first and only what is new is fetched; nothing is kept
  // twice.
  REQUIRE(append_and_wait(*log, "commit 7").has_value());
  REQUIRE(append_and_wait(*log, "commit 8").has_value());
  auto again = even(*log)->wait_for(5);
  CHECK(again[2].offset == 6);
  CHECK(again[3].offset == 7);
  CHECK(read_all(*log, 1).size() == 4);
}

TEST_CASE("a damaged copy is thrown away, says so, and is fetched again") {
  KafkaUnderTest kafka;
  auto* log = &kafka.reopen();
  auto seen = tail_into(*log, 1);
  for (int i = 1; i <= 50; ++i) REQUIRE(append_and_wait(*log, "commit " + std::to_string(i)).has_value());
  seen->wait_for(50);
  auto whole = read_all(*log);
  kafka.stop();
  auto segment = kafka.folder.path() + "/log/" + segment_file_name(0);
  auto file = kafka.disk.open(segment, Disk::Open::existing);
  REQUIRE(file.has_value());
  REQUIRE((*file)->write_at(segment_header_bytes + 500, "?").has_value());
  log = &kafka.reopen();
  CHECK(kafka.log->report().discarded.contains("does not match its checksum"));
  CHECK(log->kept() == 1);
  tail_into(*log, 0)->wait_for(51);
  CHECK(read_all(*log) == whole);
}

TEST_CASE("a copy of another topic, a log of its own, and a topic that lost records are refused") {
  KafkaUnderTest kafka, other;
  auto* log = &kafka.reopen();
  auto seen = tail_into(*log, 1);
  for (int i = 0; i < 3; ++i) REQUIRE(append_and_wait(*log, "one more").has_value());
  seen->wait_for(3);
  kafka.stop();
  auto topic = kafka.settings.topic;
  kafka.settings.topic = other.settings.topic;
  CHECK(kafka.open().error().detail.contains("is a copy of partition 0 of Kafka topic " + topic));
  // The same name, but another topic behind it, with fewer records.
  auto path = kafka.folder.path() + "/log/" + std::string(copy_of_file_name);
  REQUIRE(replace_file(kafka.disk, path, "partition 0 of Kafka topic " + other.settings.topic + "\n")
              .has_value());
  CHECK(kafka.open().error().detail.contains("it lost commits"));
  REQUIRE(kafka.disk.remove(path).has_value());
  kafka.settings.topic = topic;
  CHECK(kafka.open().error().detail.contains("a log of its own"));
}

TEST_CASE("a reader whose offset is not in the topic stops; it never jumps") {
  KafkaUnderTest kafka;
  auto& log = kafka.reopen();
  tail_into(log, 100);
  CHECK(kafka.fatal.wait_for(1).front().contains("cannot be read on from offset 100"));
}

TEST_CASE("properties: the operator's pass through, ours are not to be changed, unknown ones are named") {
  KafkaUnderTest kafka;
  auto refused = [&](const std::string& name, const std::string& value) {
    kafka.settings.properties = {{name, value}};
    auto opened = kafka.open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Code::validation_failed);
    return opened.error().detail;
  };
  CHECK(refused("acks", "1").contains("Ringledger sets this itself"));
  CHECK(refused("no.such", "1").contains("[kafka.properties] no.such: No such configuration property"));
  kafka.settings.properties = {{"client.id", "ringledger-test"}, {"socket.keepalive.enable", "true"}};
  CHECK(append_and_wait(kafka.reopen(), "one").has_value());
}

}  // namespace
}  // namespace ringledger::test
