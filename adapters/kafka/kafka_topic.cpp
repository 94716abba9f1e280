#include "adapters/kafka/kafka_topic.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "adapters/kafka/kafka_reader.hpp"

namespace ringledger {
namespace {

constexpr int ask_ms = 10'000;
constexpr int leader_retry_ms = 50;
constexpr std::size_t most_before_the_log = 10'000;

struct Wanted {
  const char* name;
  std::string value;
  const char* why;
  std::function<bool(const std::string&)> holds;
};

std::int64_t number(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

auto same(std::string value) {
  return [value = std::move(value)](const std::string& v) { return v == value; };
}

auto at_least(std::int64_t least) {
  return [least](const std::string& v) { return number(v) >= least; };
}

auto at_most(double most) {
  return [most](const std::string& v) { return !v.empty() && std::strtod(v.c_str(), nullptr) <= most; };
}

std::vector<Wanted> wanted_of_log() {
  return {{"cleanup.policy", "delete", "a compacted log loses commits", same("delete")},
          {"retention.ms", "-1", "the log is the only truth and must never expire", same("-1")},
          {"retention.bytes", "-1", "the log is the only truth and must never be cut", same("-1")},
          {"max.message.bytes", "8388608", "commits may have 4 MiB", at_least(8'388'608)}};
}

/// A destroyed key must vanish within a day; compaction never touches the segment that is written to.
std::vector<Wanted> wanted_of_keys() {
  return {
      {"cleanup.policy", "compact", "keys must never expire, and destroyed ones vanish", same("compact")},
      {"segment.ms", "3600000", "a destroyed key stays until its segment is closed", at_most(43'200'000)},
      {"max.compaction.lag.ms", "43200000", "a destroyed key must vanish within a day", at_most(43'200'000)},
      {"min.cleanable.dirty.ratio", "0.01", "one destroyed key is reason enough to compact", at_most(0.01)},
      {"delete.retention.ms", "3600000", "tombstones are to vanish too", at_most(86'400'000)}};
}

/// What a topic with that many replicas must have.
std::vector<Wanted> wanted(TopicPurpose purpose, std::int32_t replicas) {
  auto all = purpose == TopicPurpose::log ? wanted_of_log() : wanted_of_keys();
  all.push_back({"unclean.leader.election.enable", "false",
                 "a leader that lags would forget what was acknowledged", same("false")});
  if (replicas > 1) {
    all.push_back({"min.insync.replicas", "2", "what is acknowledged must be on two machines", at_least(2)});
  } else {
    all.push_back({"flush.messages", "1",
                   "with one replica a record is durable only when it is synced before it is acknowledged",
                   same("1")});
  }
  return all;
}

/// A topic just made, or a broker just gone: soon somebody leads the partition.
bool leader_moves(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
         error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         error == RD_KAFKA_RESP_ERR__TRANSPORT;
}

struct DestroyEvent {
  void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); }
};
using Event = std::unique_ptr<rd_kafka_event_t, DestroyEvent>;

Error no_answer(const KafkaSettings& settings, const std::string& what, const char* why) {
  return {Code::internal, "Kafka at " + settings.bootstrap + ": " + what + ": " + why, ""};
}

/// One administrative request and its answer; `send` is given the queue.
Result<Event> ask(rd_kafka_t* client, const KafkaSettings& settings, const std::string& what,
                  const std::function<void(rd_kafka_queue_t*)>& send) {
  auto* queue = rd_kafka_queue_new(client);
  send(queue);
  Event event(rd_kafka_queue_poll(queue, ask_ms + 2000));
  rd_kafka_queue_destroy(queue);
  if (!event) return std::unexpected(no_answer(settings, what, "no answer"));
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(no_answer(settings, what, rd_kafka_event_error_string(event.get())));
  return event;
}

using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, decltype(&rd_kafka_ConfigResource_destroy)>;

Resource resource(const KafkaSettings& settings) {
  return {rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, settings.topic.c_str()),
          rd_kafka_ConfigResource_destroy};
}

Result<void> read_config(rd_kafka_t* client, const KafkaSettings& settings, KafkaTopic& topic) {
  auto asked = resource(settings);
  auto* raw = asked.get();
  auto event = ask(client, settings, "settings of topic " + settings.topic, [&](rd_kafka_queue_t* queue) {
    rd_kafka_DescribeConfigs(client, &raw, 1, nullptr, queue);
  });
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConfigs_result(event->get());
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigResource_error(resources[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(no_answer(settings, "settings of topic " + settings.topic,
                                       rd_kafka_ConfigResource_error_string(resources[i])));
    }
    std::size_t entries = 0;
    const auto** list = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t j = 0; j < entries; ++j) {
      const char* value = rd_kafka_ConfigEntry_value(list[j]);
      std::string name = rd_kafka_ConfigEntry_name(list[j]);
      topic.config[name] = value ? value : "";
      if (rd_kafka_ConfigEntry_source(list[j]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG)
        topic.own[name] = value ? value : "";
    }
  }
  return {};
}

Result<void> read_shape(rd_kafka_t* client, const KafkaSettings& settings, KafkaTopic& topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  auto error = rd_kafka_metadata(client, 1, nullptr, &metadata, ask_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(no_answer(settings, "which topics there are", rd_kafka_err2str(error)));
  topic.brokers = metadata->broker_cnt;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& t = metadata->topics[i];
    if (t.topic != settings.topic) continue;
    topic.exists = t.err == RD_KAFKA_RESP_ERR_NO_ERROR;
    topic.partitions = t.partition_cnt;
    for (int p = 0; p < t.partition_cnt; ++p) {
      auto replicas = static_cast<std::int32_t>(t.partitions[p].replica_cnt);
      topic.replicas = p == 0 ? replicas : std::min(topic.replicas, replicas);
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return {};
}

Result<KafkaTopic> describe(rd_kafka_t* client, const KafkaSettings& settings) {
  KafkaTopic topic;
  if (auto ok = read_shape(client, settings, topic); !ok) return std::unexpected(ok.error());
  if (!topic.exists) return topic;
  if (auto ok = read_config(client, settings, topic); !ok) return std::unexpected(ok.error());
  return topic;
}

Result<void> create(rd_kafka_t* client, const KafkaSettings& settings, std::int32_t partitions,
                    TopicPurpose purpose, std::int32_t brokers) {
  auto replicas = std::min(brokers, 3);
  std::array<char, 512> why{};
  auto* topic = rd_kafka_NewTopic_new(settings.topic.c_str(), partitions, replicas, why.data(), why.size());
  if (!topic) return fail(Code::validation_failed, "topic " + settings.topic + ": " + why.data());
  for (const auto& w : wanted(purpose, replicas))
    rd_kafka_NewTopic_set_config(topic, w.name, w.value.c_str());
  auto event = ask(client, settings, "making topic " + settings.topic, [&](rd_kafka_queue_t* queue) {
    rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue);
  });
  rd_kafka_NewTopic_destroy(topic);
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    return std::unexpected(no_answer(settings, "making topic " + settings.topic, rd_kafka_err2str(error)));
  }
  return {};
}

Result<void> alter(rd_kafka_t* client, const KafkaSettings& settings,
                   const std::map<std::string, std::string>& config) {
  auto asked = resource(settings);
  for (const auto& [name, value] : config)
    rd_kafka_ConfigResource_set_config(asked.get(), name.c_str(), value.c_str());
  auto* raw = asked.get();
  auto event = ask(client, settings, "changing topic " + settings.topic,
                   [&](rd_kafka_queue_t* queue) { rd_kafka_AlterConfigs(client, &raw, 1, nullptr, queue); });
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const auto** results =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigResource_error(results[i]) == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return std::unexpected(no_answer(settings, "changing topic " + settings.topic,
                                     rd_kafka_ConfigResource_error_string(results[i])));
  }
  return {};
}

Result<KafkaClient> admin_client(const KafkaSettings& settings, KafkaHooks& hooks) {
  return make_kafka_client(RD_KAFKA_PRODUCER, settings, {}, hooks);
}

}  // namespace

Result<KafkaTopic> describe_topic(const KafkaSettings& settings) {
  KafkaHooks hooks{settings.log, nullptr};
  auto client = admin_client(settings, hooks);
  if (!client) return std::unexpected(client.error());
  return describe(client->get(), settings);
}

std::vector<std::string> topic_faults(const KafkaTopic& topic, TopicPurpose purpose) {
  std::vector<std::string> faults;
  for (const auto& w : wanted(purpose, topic.replicas)) {
    auto at = topic.config.find(w.name);
    auto has = at == topic.config.end() ? std::string() : at->second;
    if (at != topic.config.end() && w.holds(has)) continue;
    faults.push_back(std::string(w.name) + " is \"" + has + "\", it must be " + w.value + ": " + w.why);
  }
  return faults;
}

Result<void> check_topic(const KafkaSettings& settings, std::int32_t partitions, TopicPurpose purpose) {
  auto topic = describe_topic(settings);
  if (!topic) return std::unexpected(topic.error());
  if (!topic->exists) {
    return fail(Code::not_found, "there is no topic " + settings.topic + " at " + settings.bootstrap +
                                     "; `ringledger log create` makes it");
  }
  auto faults = topic_faults(*topic, purpose);
  if (topic->partitions != partitions) {
    faults.push_back("it has " + std::to_string(topic->partitions) + " partitions, it was made with " +
                     std::to_string(partitions) + ": what is in it would be looked for in the wrong ones");
  }
  if (faults.empty()) return {};
  std::string all = "topic " + settings.topic + " at " + settings.bootstrap + " is not safe for " +
                    (purpose == TopicPurpose::log ? "a log:" : "keys:");
  for (const auto& fault : faults) all += "\n  " + fault;
  return fail(Code::validation_failed, all + "\nChange it, or let `ringledger log create` do it.");
}

Result<void> make_topic(const KafkaSettings& settings, std::int32_t partitions, TopicPurpose purpose) {
  KafkaHooks hooks{settings.log, nullptr};
  auto client = admin_client(settings, hooks);
  if (!client) return std::unexpected(client.error());
  auto topic = describe(client->get(), settings);
  if (!topic) return std::unexpected(topic.error());
  if (!topic->exists) return create(client->get(), settings, partitions, purpose, topic->brokers);
  if (topic->partitions != partitions) {
    return fail(Code::validation_failed, "topic " + settings.topic + " has " +
                                             std::to_string(topic->partitions) + " partitions, not " +
                                             std::to_string(partitions) +
                                             "; the number cannot be changed: what is in it lives in them");
  }
  if (topic_faults(*topic, purpose).empty()) return {};
  auto config = topic->own;  // stays, but for what must be otherwise
  for (const auto& w : wanted(purpose, topic->replicas)) {
    auto at = topic->config.find(w.name);
    if (at == topic->config.end() || !w.holds(at->second)) config[w.name] = w.value;
  }
  return alter(client->get(), settings, config);
}

Result<void> set_topic_config(const KafkaSettings& settings,
                              const std::map<std::string, std::string>& config) {
  KafkaHooks hooks{settings.log, nullptr};
  auto client = admin_client(settings, hooks);
  if (!client) return std::unexpected(client.error());
  return alter(client->get(), settings, config);
}

Result<KafkaSpan> topic_span(rd_kafka_t* client, const KafkaSettings& settings, int wait_ms) {
  using namespace std::chrono;
  auto until = steady_clock::now() + milliseconds(wait_ms);
  while (true) {
    std::int64_t first = 0, end = 0;
    auto left = std::max<std::int64_t>(duration_cast<milliseconds>(until - steady_clock::now()).count(), 1);
    auto error = rd_kafka_query_watermark_offsets(client, settings.topic.c_str(), settings.partition, &first,
                                                  &end, static_cast<int>(left));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      return KafkaSpan{static_cast<Offset>(first), static_cast<Offset>(end)};
    if (!leader_moves(error) || steady_clock::now() + milliseconds(leader_retry_ms) > until)
      return fail(Code::internal,
                  kafka_place(settings) + ": its end is not known: " + rd_kafka_err2str(error));
    std::this_thread::sleep_for(milliseconds(leader_retry_ms));
  }
}

Result<LogRecord> first_log_record(const KafkaSettings& settings) {
  KafkaHooks hooks{settings.log, nullptr};
  auto client = admin_client(settings, hooks);
  if (!client) return std::unexpected(client.error());
  auto span = topic_span(client->get(), settings, ask_ms);
  if (!span) return std::unexpected(span.error());
  if (span->first > 0) {
    return fail(Code::internal, kafka_place(settings) + " begins at offset " + std::to_string(span->first) +
                                    ": records were deleted. Restore the topic; nothing is skipped");
  }
  auto reader = KafkaReader::open(settings, 0);
  if (!reader) return std::unexpected(reader.error());
  for (Offset next = 0; next < std::min<Offset>(span->end, most_before_the_log);) {
    auto batch = (*reader)->poll(ask_ms);
    if (!batch) return std::unexpected(batch.error());
    if (batch->records.empty() && batch->next == next)
      return fail(Code::internal, kafka_place(settings) + " gives no records within 10 s");
    next = batch->next;
    for (auto& record : batch->records) {
      if (record.kind == RecordKind::log) return std::move(record);
    }
  }
  return fail(Code::not_found, kafka_place(settings) +
                                   " is no log yet: it has no LOG record. `ringledger log create` writes it");
}

}  // namespace ringledger
