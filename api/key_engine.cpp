#include "api/key_engine.hpp"

#include "adapters/crypto/installation_key.hpp"
#include "adapters/kafka/kafka_compacted_topic.hpp"
#include "adapters/kafka/kafka_create.hpp"
#include "adapters/kafka/kafka_topic.hpp"
#include "adapters/kafka/local_copy.hpp"
#include "api/log_engine.hpp"
#include "api/logging.hpp"

namespace ringledger {
namespace {

std::string keys_folder(const Config& config) { return config.data.dir + "/keys"; }

std::string master_path(const Config& config) {
  return config.crypto.master_key_file.empty() ? keys_folder(config) + "/master.key"
                                               : config.crypto.master_key_file;
}

std::optional<std::string> master_given(const Config& config) {
  auto given = config.crypto.master_key.reveal();
  return given && !given->empty() ? given : std::nullopt;
}

/// A new one would open nothing of what the other nodes wrote.
Result<void> must_have_master(Disk& disk, const Config& config, const SharedKeys& shared) {
  if (!shared.has_installation() || master_given(config)) return {};
  const auto path = master_path(config);
  auto there = disk.exists(path);
  if (!there) return std::unexpected(there.error());
  if (*there) return {};
  return fail(Code::validation_failed,
              shared.place() +
                  " holds the keys of this installation, but this node has no master key: give it the "
                  "one of the other nodes (RINGLEDGER_CRYPTO_MASTER_KEY, crypto.master_key_file, or " +
                  path + ")");
}

/// The installation key of the folder, if it was used before.
Result<std::optional<Key256>> own_installation(Disk& disk, const Config& config, const MasterKey& master) {
  const auto path = keys_folder(config) + "/installation";
  auto there = disk.exists(path);
  if (!there) return std::unexpected(there.error());
  if (!*there) return std::optional<Key256>();
  auto key = installation_key::read(disk, path, key_file::derive(master.key), master.source);
  if (!key) return std::unexpected(key.error());
  return std::optional(*key);
}

void tell(const FileKeyVault& vault) {
  const auto& found = vault.opened();
  if (found.cut_bytes == 0) return;
  log_warn("a torn end, never used, was cut off the subject keys",
           {{"bytes", found.cut_bytes}, {"kept_in", found.cut_to}});
}

Result<std::unique_ptr<FileKeyVault>> open_vault(Disk& disk, Random& random, const Config& config,
                                                 const MasterKey& master,
                                                 const std::optional<Key256>& installation) {
  auto vault = FileKeyVault::open(disk, random, master, keys_folder(config), installation);
  if (vault) tell(**vault);
  return vault;
}

Result<MasterKey> master_key_of(Disk& disk, Random& random, const Config& config) {
  if (auto ok = disk.make_folders(keys_folder(config)); !ok) return std::unexpected(ok.error());
  auto master = load_or_create_master_key(disk, random, master_path(config), master_given(config));
  if (master && !master->note.empty()) log_warn(master->note);
  return master;
}

Result<std::unique_ptr<SharedKeys>> join_topic(const Config& config, std::function<void(Error)> on_fatal) {
  auto settings = ringledger::keys_topic_settings(config);
  if (!settings) return std::unexpected(settings.error());
  auto topic = KafkaCompactedTopic::open({.kafka = std::move(*settings)});
  if (!topic) return std::unexpected(topic.error());
  return SharedKeys::open(std::move(*topic),
                          {[](const std::string& line) { log_warn(line); }, std::move(on_fatal)});
}

/// On the installation key.
Result<Key256> agree(SharedKeys& shared, Disk& disk, Random& random, const Config& config,
                     const MasterKey& master, bool log_was_written) {
  auto own = own_installation(disk, config, master);
  if (!own) return std::unexpected(own.error());
  return shared.installation(master, random, *own, !log_was_written);
}

/// A folder of another log has other keys: looked at before anything is published.
Result<void> must_be_copy(Disk& disk, const Config& config, const std::string& topic) {
  auto hosted = config.cluster.hosts.empty() ? 0 : static_cast<std::int32_t>(config.cluster.hosts.front());
  auto log = config.data.dir + "/log";
  auto alone = check_copy_of(disk, log, copied_partition(topic, 0));  // of a topic with one partition
  auto one_of_many = check_copy_of(disk, log + "/" + std::to_string(hosted), copied_partition(topic, hosted));
  if (!alone) return std::unexpected(alone.error());
  if (!one_of_many) return std::unexpected(one_of_many.error());
  return {};
}

Result<OpenedKeys> open_shared(Disk& disk, Random& random, const Config& config,
                               std::function<void(Error)> on_fatal) {
  auto log = kafka_settings(config);
  if (!log) return std::unexpected(log.error());
  if (auto ok = must_be_copy(disk, config, log->topic); !ok) return std::unexpected(ok.error());
  auto written = kafka_log_was_written(std::move(*log));
  if (!written) return std::unexpected(written.error());
  auto shared = join_topic(config, std::move(on_fatal));
  if (!shared) return std::unexpected(shared.error());
  if (auto ok = must_have_master(disk, config, **shared); !ok) return std::unexpected(ok.error());
  auto master = master_key_of(disk, random, config);
  if (!master) return std::unexpected(master.error());
  auto installation = agree(**shared, disk, random, config, *master, *written);
  if (!installation) return std::unexpected(installation.error());
  auto vault = open_vault(disk, random, config, *master, *installation);
  if (!vault) return std::unexpected(vault.error());
  OpenedKeys keys{std::move(*vault), std::move(*shared)};
  if (auto ok = keys.shared->attach(*keys.vault, disk, keys_folder(config)); !ok)
    return std::unexpected(ok.error());
  return keys;
}

}  // namespace

Result<void> OpenedKeys::close() { return vault ? vault->close() : Result<void>{}; }

Result<KafkaSettings> keys_topic_settings(const Config& config) {
  auto settings = kafka_settings(config);
  if (settings) settings->topic = config.kafka.keys_topic();
  return settings;
}

Result<void> make_keys_topic(const Config& config) {
  auto settings = keys_topic_settings(config);
  if (!settings) return std::unexpected(settings.error());
  return make_topic(*settings, 1, TopicPurpose::keys);
}

Result<std::unique_ptr<SharedKeys>> publish_keys(Disk& disk, Random& random, const Config& config,
                                                 FileKeyVault& vault) {
  auto shared = join_topic(config, [](const Error&) {});
  if (!shared) return std::unexpected(shared.error());
  auto master = master_key_of(disk, random, config);
  if (!master) return std::unexpected(master.error());
  auto agreed = agree(**shared, disk, random, config, *master, true);
  if (!agreed) return std::unexpected(agreed.error());
  if (auto ok = (*shared)->attach(vault, disk, keys_folder(config)); !ok) return std::unexpected(ok.error());
  return shared;
}

Result<OpenedKeys> open_keys(Disk& disk, Random& random, const Config& config,
                             std::function<void(Error)> on_fatal) {
  if (config.log.engine == "kafka") return open_shared(disk, random, config, std::move(on_fatal));
  auto master = master_key_of(disk, random, config);
  if (!master) return std::unexpected(master.error());
  auto vault = open_vault(disk, random, config, *master, std::nullopt);
  if (!vault) return std::unexpected(vault.error());
  return OpenedKeys{std::move(*vault), nullptr};
}

}  // namespace ringledger
