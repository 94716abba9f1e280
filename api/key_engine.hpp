// Where a node's keys are: in its folder alone, or shared with the other nodes in Kafka's keys topic.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/crypto/shared_keys.hpp"
#include "adapters/kafka/kafka_settings.hpp"
#include "api/config.hpp"
#include "commands/ports/disk.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

struct OpenedKeys {
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<SharedKeys> shared;  ///< of Kafka; goes before the vault, after all who use it

  /// Orderly, once, when nobody seals or opens any more.
  Result<void> close();
};

/// Logs what was found. Damage, another master key and the keys of another installation are refused with what
/// to do. `on_fatal`: the shared keys cannot be followed any more, the process must stop.
Result<OpenedKeys> open_keys(Disk& disk, Random& random, const Config& config,
                             std::function<void(Error)> on_fatal);

/// What must be there before the first node starts: makes the keys topic, or mends its settings.
Result<void> make_keys_topic(const Config& config);

/// The opened vault of `config.data.dir` joined to the keys topic of `[kafka]`: what either has, both have
/// afterwards, and share while what is given back lives. Code::validation_failed: the topic has the keys of
/// another installation, or of another master key.
Result<std::unique_ptr<SharedKeys>> publish_keys(Disk& disk, Random& random, const Config& config,
                                                 FileKeyVault& vault);

/// `[kafka]` as the keys topic's clients take it.
Result<KafkaSettings> keys_topic_settings(const Config& config);

}  // namespace ringledger
