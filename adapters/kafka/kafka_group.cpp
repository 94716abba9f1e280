#include "adapters/kafka/kafka_group.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr int poll_ms = 100, members_within_ms = 2000;

std::string group_of(const KafkaSettings& settings) { return settings.topic + "-writers"; }

KafkaProperties group_properties(const KafkaSettings& settings, const std::string& member) {
  return {{"group.id", group_of(settings)},
          {"client.id", member},
          {"session.timeout.ms", "6000"},
          {"heartbeat.interval.ms", "500"},
          // Members are ordered by their client id, so a restart changes little. Not the cooperative one: its
          // state fails an assertion of librdkafka 2.0.2 when a member leaves as it is being asked.
          {"partition.assignment.strategy", "range"},
          {"enable.auto.commit", "false"},
          {"auto.offset.reset", "latest"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "1000"}};
}

}  // namespace

KafkaGroup::KafkaGroup(const KafkaSettings& settings) : settings_(settings), hooks_{settings.log} {}

Result<std::unique_ptr<KafkaGroup>> KafkaGroup::open(const KafkaSettings& settings,
                                                     const std::string& member) {
  std::unique_ptr<KafkaGroup> group(new KafkaGroup(settings));
  group->hooks_.rebalanced = rebalance;
  group->hooks_.owner = group.get();
  auto client =
      make_kafka_client(RD_KAFKA_CONSUMER, settings, group_properties(settings, member), group->hooks_);
  if (!client) return std::unexpected(client.error());
  group->client_ = std::move(*client);
  rd_kafka_poll_set_consumer(group->client_.get());
  return group;
}

Result<void> KafkaGroup::join() {
  auto* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, settings_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  auto joined = rd_kafka_subscribe(client_.get(), topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (joined != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Code::internal, "group " + group_of(settings_) + ": " + rd_kafka_err2str(joined));
  thread_ = std::thread([this] { poll(); });
  return {};
}

KafkaGroup::~KafkaGroup() { leave(); }

void KafkaGroup::leave() {
  if (stopping_.exchange(true) || !thread_.joinable()) return;
  thread_.join();
  rd_kafka_consumer_close(client_.get());
  std::lock_guard lock(mutex_);
  settled_ = false;
}

/// Being polled is what keeps a member alive; everything given is paused, so nothing comes but errors, which
/// librdkafka mends itself.
void KafkaGroup::poll() {
  while (!stopping_) {
    if (auto* message = rd_kafka_consumer_poll(client_.get(), poll_ms)) rd_kafka_message_destroy(message);
  }
}

void KafkaGroup::rebalance(rd_kafka_t* client, rd_kafka_resp_err_t what,
                           rd_kafka_topic_partition_list_t* which, void* opaque) {
  auto& group = *static_cast<KafkaGroup*>(static_cast<KafkaHooks*>(opaque)->owner);
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return group.assigned(client, which);
  group.revoked(client);
}

void KafkaGroup::assigned(rd_kafka_t* client, rd_kafka_topic_partition_list_t* which) {
  rd_kafka_assign(client, which);
  rd_kafka_pause_partitions(client, which);
  std::lock_guard lock(mutex_);
  given_.clear();
  for (int i = 0; i < which->cnt; ++i) given_.insert(which->elems[i].partition);
  settled_ = true;
}

/// All is taken back at each change of the group, and given anew a moment later.
void KafkaGroup::revoked(rd_kafka_t* client) {
  rd_kafka_assign(client, nullptr);
  std::lock_guard lock(mutex_);
  given_.clear();
  settled_ = false;
}

KafkaGroup::Choice KafkaGroup::choice(std::int32_t partition) const {
  std::lock_guard lock(mutex_);
  if (!settled_) return Choice::unknown;
  return given_.contains(partition) ? Choice::this_node : Choice::another;
}

Result<std::vector<std::string>> KafkaGroup::members() const {
  const rd_kafka_group_list* groups = nullptr;
  auto error = rd_kafka_list_groups(client_.get(), group_of(settings_).c_str(), &groups, members_within_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Code::internal, "group " + group_of(settings_) + ": " + rd_kafka_err2str(error));
  std::vector<std::string> names;
  for (int g = 0; g < groups->group_cnt; ++g) {
    for (int m = 0; m < groups->groups[g].member_cnt; ++m)
      names.emplace_back(groups->groups[g].members[m].client_id);
  }
  rd_kafka_group_list_destroy(groups);
  std::ranges::sort(names);
  return names;
}

}  // namespace ringledger
