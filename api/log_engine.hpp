// Which log a node has: the embedded one or Kafka's, opened as configured, behind one port.
#pragma once

#include <functional>
#include <memory>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/kafka/kafka_settings.hpp"
#include "api/config.hpp"
#include "commands/ports/disk.hpp"
#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

struct OpenedLog {
  std::unique_ptr<EventLog> log;
  std::function<Result<void>()> close;  ///< orderly, once, while `log` lives
};

struct LogEnginePorts {
  Disk* disk;
  Random* random;
  FileKeyVault* vault;
  json::JsonCommitCodec* codec;
  Executor* log_executor;   ///< serial
  Executor* tail_executor;  ///< serial: the shard's
  Executor* blocking;
  std::function<void(Error)> on_fatal;
};

/// How many partitions the configured log has. Code::internal when Kafka cannot be asked.
Result<std::uint32_t> count_partitions(const Config& config);

/// `DIR/log` and `DIR/views`, or with several partitions `DIR/log/<partition>` and so on.
std::string partition_folder(const std::string& folder, std::uint32_t partition, std::uint32_t of);

/// One partition of the log. Logs what was found. Damage, a foreign folder and an unsafe topic are refused
/// with what to do.
Result<OpenedLog> open_log_engine(const LogEnginePorts& ports, const Config& config, std::uint32_t partition,
                                  std::uint32_t of);

/// The copy of a shared log must never be written as a log of its own: it would go on as another one.
/// Code::validation_failed when `folder` is such a copy.
Result<void> check_no_copy(Disk& disk, const std::string& folder);

/// `[kafka]` as the engine takes it. Code::validation_failed without brokers.
Result<KafkaSettings> kafka_settings(const Config& config);

}  // namespace ringledger
