#include "api/log_engine.hpp"

#include <algorithm>

#include "adapters/embedded/embedded_log.hpp"
#include "adapters/kafka/kafka_log.hpp"
#include "adapters/kafka/kafka_topic.hpp"
#include "adapters/kafka/local_copy.hpp"
#include "api/logging.hpp"
#include "api/random_name.hpp"

namespace ringledger {
namespace {

std::uint64_t bytes_of_mb(std::int64_t mb) { return static_cast<std::uint64_t>(mb) * 1024 * 1024; }

Result<OpenedLog> open_embedded(const LogEnginePorts& ports, const Config& config) {
  EmbeddedLog::Options options;
  options.folder = config.data.dir + "/log";
  if (auto ok = check_no_copy(*ports.disk, options.folder); !ok) return std::unexpected(ok.error());
  options.segment_bytes = bytes_of_mb(config.log.segment_mb);
  options.floor_free_bytes = bytes_of_mb(config.data.floor_free_mb) * 2;
  options.new_epoch = "log_" + random_name(*ports.random);
  options.first_record =
      ports.codec->encode(LogHeader{options.new_epoch, "ins_" + random_name(*ports.random), 1});
  options.before_write = [vault = ports.vault] { return vault->sync(); };
  options.on_fatal = ports.on_fatal;
  auto log = EmbeddedLog::open(*ports.disk, std::move(options), *ports.log_executor, *ports.tail_executor);
  if (!log) return std::unexpected(log.error());
  const auto& report = (*log)->report();
  if (report.cut_bytes > 0) {
    log_warn(
        "a torn tail, never acknowledged, was cut off the log",
        {{"bytes", report.cut_bytes}, {"segment", report.cut_segment}, {"position", report.cut_position}});
  }
  log_info("log open", {{"epoch", (*log)->epoch()},
                        {"end", (*log)->end()},
                        {"segments", report.segments},
                        {"created", report.created}});
  auto* raw = log->get();
  return OpenedLog{std::move(*log), [raw] { return raw->close(); }};
}

Result<OpenedLog> open_kafka(const LogEnginePorts& ports, const Config& config, std::uint32_t partition,
                             std::uint32_t of) {
  auto settings = kafka_settings(config);
  if (!settings) return std::unexpected(settings.error());
  KafkaLog::Options options;
  options.kafka = std::move(*settings);
  options.kafka.partition = static_cast<std::int32_t>(partition);
  options.folder = partition_folder(config.data.dir + "/log", partition, of);
  options.segment_bytes = bytes_of_mb(config.log.segment_mb);
  options.floor_free_bytes = bytes_of_mb(config.data.floor_free_mb) * 2;
  options.decode_header = [codec = ports.codec, of](std::string_view payload) -> Result<LogHeader> {
    auto header = codec->decode_header(payload);
    if (!header || header->partitions == of) return header;
    return fail(Code::validation_failed, "the log was made with " + std::to_string(header->partitions) +
                                             " partitions and its topic has " + std::to_string(of) +
                                             ": accounts live in them, the number must never change");
  };
  options.before_write = [vault = ports.vault] { return vault->sync(); };
  options.on_fatal = ports.on_fatal;
  auto log = KafkaLog::open(*ports.disk, std::move(options), *ports.log_executor, *ports.tail_executor,
                            *ports.blocking);
  if (!log) return std::unexpected(log.error());
  const auto& report = (*log)->report();
  if (!report.discarded.empty())
    log_warn("the local copy of the log was damaged and is fetched again", {{"reason", report.discarded}});
  log_info(
      "log open",
      {{"epoch", (*log)->epoch()}, {"partition", partition}, {"end", report.end}, {"kept", report.kept}});
  auto* raw = log->get();
  return OpenedLog{std::move(*log), [raw] { return raw->close(); }};
}

}  // namespace

Result<void> check_no_copy(Disk& disk, const std::string& folder) {
  auto copy = read_file(disk, folder + "/" + std::string(copy_of_file_name));
  if (!copy && copy.error().code == Code::not_found) return {};
  if (!copy) return std::unexpected(copy.error());
  return fail(Code::validation_failed, folder + " holds a copy of " + copy->substr(0, copy->find('\n')) +
                                           "; start with log.engine = \"kafka\", or with another data.dir");
}

Result<KafkaSettings> kafka_settings(const Config& config) {
  if (config.kafka.bootstrap.empty())
    return fail(Code::validation_failed, "kafka.bootstrap must name the brokers: HOST:PORT[,…]");
  KafkaSettings settings;
  settings.bootstrap = config.kafka.bootstrap;
  settings.topic = config.kafka.log_topic();
  settings.properties.assign(config.kafka.properties.begin(), config.kafka.properties.end());
  settings.log = [](int level, const std::string& line) {
    if (level <= 3)  // syslog's "error"
      log_warn("kafka", {{"said", line}});
    else
      log_debug("kafka", {{"said", line}});
  };
  return settings;
}

Result<std::uint32_t> count_partitions(const Config& config) {
  if (config.log.engine != "kafka") return 1;
  auto settings = kafka_settings(config);
  if (!settings) return std::unexpected(settings.error());
  auto topic = describe_topic(*settings);
  if (!topic) return std::unexpected(topic.error());
  return static_cast<std::uint32_t>(
      std::max(topic->partitions, 1));  // a topic that is not there is refused later
}

std::string partition_folder(const std::string& folder, std::uint32_t partition, std::uint32_t of) {
  return of == 1 ? folder : folder + "/" + std::to_string(partition);
}

Result<OpenedLog> open_log_engine(const LogEnginePorts& ports, const Config& config, std::uint32_t partition,
                                  std::uint32_t of) {
  return config.log.engine == "kafka" ? open_kafka(ports, config, partition, of)
                                      : open_embedded(ports, config);
}

}  // namespace ringledger
