#include "adapters/kafka/kafka_settings.hpp"

#include <algorithm>
#include <array>

namespace ringledger {
namespace {

/// The log's promises rest on these: they are set here and by nobody else.
constexpr std::array kept_by_us{"bootstrap.servers",
                                "metadata.broker.list",
                                "acks",
                                "request.required.acks",
                                "enable.idempotence",
                                "auto.offset.reset",
                                "isolation.level",
                                "enable.auto.commit",
                                "enable.auto.offset.store",
                                "enable.partition.eof",
                                "group.id",
                                "transactional.id",
                                "message.max.bytes",
                                "check.crcs"};

void log_line(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const auto* hooks = static_cast<const KafkaHooks*>(rd_kafka_opaque(client));
  if (hooks && hooks->log) hooks->log(level, std::string(facility) + ": " + text);
}

Result<void> set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
                 std::string_view where) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK)
    return {};
  return fail(Code::validation_failed, std::string(where) + name + ": " + why.data());
}

Result<void> fill(rd_kafka_conf_t* conf, const KafkaSettings& settings, const KafkaProperties& ours) {
  for (const auto& [name, value] : settings.properties) {
    if (std::ranges::find(kept_by_us, name) != kept_by_us.end()) {
      return fail(
          Code::validation_failed,
          "[kafka.properties] " + name + ": Ringledger sets this itself, as the log's safety rests on it");
    }
    if (auto ok = set(conf, name, value, "[kafka.properties] "); !ok) return ok;
  }
  for (const auto& [name, value] : ours) {
    if (auto ok = set(conf, name, value, ""); !ok) return ok;
  }
  return set(conf, "bootstrap.servers", settings.bootstrap, "[kafka] ");
}

}  // namespace

Result<KafkaClient> make_kafka_client(rd_kafka_type_t type, const KafkaSettings& settings,
                                      const KafkaProperties& ours, KafkaHooks& hooks) {
  auto* conf = rd_kafka_conf_new();
  if (auto filled = fill(conf, settings, ours); !filled) {
    rd_kafka_conf_destroy(conf);
    return std::unexpected(filled.error());
  }
  rd_kafka_conf_set_opaque(conf, &hooks);
  rd_kafka_conf_set_log_cb(conf, log_line);
  if (hooks.rebalanced) rd_kafka_conf_set_rebalance_cb(conf, hooks.rebalanced);
  if (hooks.delivered) rd_kafka_conf_set_dr_msg_cb(conf, hooks.delivered);
  std::array<char, 512> why{};
  auto* client = rd_kafka_new(type, conf, why.data(), why.size());
  if (client) return KafkaClient(client);
  rd_kafka_conf_destroy(conf);
  return fail(Code::validation_failed, std::string("[kafka]: ") + why.data());
}

std::string kafka_place(const KafkaSettings& settings) {
  return "partition " + std::to_string(settings.partition) + " of topic " + settings.topic + " at " +
         settings.bootstrap;
}

}  // namespace ringledger
