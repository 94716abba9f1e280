// Every setting there is, declared once: file, environment, flags, checks and documentation derive from
// these structs. A field without its note (or out of its order) does not compile.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/described.hpp"
#include "domain/format_level.hpp"
#include "domain/result.hpp"
#include "domain/values.hpp"

namespace ringledger {

/// What a field means: its range (numbers), its words (texts, "a|b"; "" = free), and a sentence.
struct ConfigNote {
  std::string_view key;
  std::string_view help;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::string_view words = {};
};

struct ServerConfig {
  std::string address = "127.0.0.1";
  std::int64_t port = 8080;
  std::string public_url;
  std::string node_url;
  std::int64_t threads = 0;
  std::int64_t stop_seconds = 10;
  static constexpr std::array notes{
      ConfigNote{"address", "literal IP address to listen on; 0.0.0.0 for all"},
      ConfigNote{"port", "TCP port; 0 takes a free one", 0, 65535},
      ConfigNote{"public_url", "base of webhook URLs, as providers reach it; empty: http://address:port"},
      ConfigNote{"node_url", "where other nodes of the same log reach this one; empty: http://address:port"},
      ConfigNote{"threads", "io threads; 0: one less than the cores, at least 1", 0, 256},
      ConfigNote{"stop_seconds", "how long answers in progress may take when stopping", 0, 600}};
  RL_FIELDS(ServerConfig, address, port, public_url, node_url, threads, stop_seconds);
};

struct DataConfig {
  std::string dir = "data";
  std::int64_t floor_free_mb = 256;
  static constexpr std::array notes{
      ConfigNote{"dir", "folder of log, keys and views"},
      ConfigNote{"floor_free_mb", "less free space than this turns the server read-only", 0, 1 << 20}};
  RL_FIELDS(DataConfig, dir, floor_free_mb);
};

struct LogConfig {
  std::string engine = "embedded";
  std::int64_t segment_mb = 64;
  std::int64_t write_level = newest_level;
  static constexpr std::array notes{
      ConfigNote{"engine", "where the log lives", 0, 0, "embedded|kafka"},
      ConfigNote{"segment_mb", "size of a segment file", 8, 4096},
      ConfigNote{"write_level", "format level of what this node writes: one that every node of the log reads",
                 first_level, newest_level}};
  RL_FIELDS(LogConfig, engine, segment_mb, write_level);
};

/// Names and values that are handed on; shown without the values, which may be passwords.
using ConfigMap = std::map<std::string, std::string>;

/// A set of whole numbers, in order; as text with commas between them.
using ConfigNumbers = std::vector<std::int64_t>;

struct ClusterConfig {
  ConfigNumbers hosts;
  std::int64_t keep_seconds = 4;
  static constexpr std::array notes{
      ConfigNote{
          "hosts",
          "partitions of the log that this node keeps, may write and answers itself, `[0, 3]`, as text "
          "`0,3`; left out: all",
          0, 65535},
      ConfigNote{"keep_seconds",
                 "how long a request for another node is kept while no owner of its partition answers", 1,
                 60}};
  RL_FIELDS(ClusterConfig, hosts, keep_seconds);
  [[nodiscard]] bool hosts_partition(std::uint32_t partition) const {
    return hosts.empty() || std::ranges::binary_search(hosts, std::int64_t{partition});
  }
  /// How many of the log's.
  [[nodiscard]] std::uint32_t hosted(std::uint32_t of) const {
    return hosts.empty() ? of : static_cast<std::uint32_t>(hosts.size());
  }
};

struct KafkaConfig {
  std::string bootstrap;
  std::string topic;
  std::string topic_prefix = "ringledger";
  ConfigMap properties;
  static constexpr std::array notes{
      ConfigNote{"bootstrap", "brokers, HOST:PORT[,…]; needed with log.engine = \"kafka\""},
      ConfigNote{"topic", "of the log; empty: topic_prefix + \".log\"; its keys are in topic + \".keys\""},
      ConfigNote{"topic_prefix", "of the names of all topics"},
      ConfigNote{"properties",
                 "librdkafka's own settings (TLS, SASL): a table [kafka.properties]; as text `name=value`, a "
                 "line each"}};
  RL_FIELDS(KafkaConfig, bootstrap, topic, topic_prefix, properties);
  [[nodiscard]] std::string log_topic() const { return topic.empty() ? topic_prefix + ".log" : topic; }
  /// Of the keys of data subjects.
  [[nodiscard]] std::string keys_topic() const { return (topic.empty() ? topic_prefix : topic) + ".keys"; }
};

struct AuthConfig {
  std::string operator_key_sha256;
  static constexpr std::array notes{
      ConfigNote{"operator_key_sha256", "SHA-256 of the operator's key, 64 hex digits; empty: no operator"}};
  RL_FIELDS(AuthConfig, operator_key_sha256);
};

struct CryptoConfig {
  Secret<std::string> master_key;  ///< empty or 64 hex digits, in lower case
  std::string master_key_file;
  static constexpr std::array notes{
      ConfigNote{"master_key", "64 hex digits; better from the environment than from the file"},
      ConfigNote{"master_key_file", "file with the master key, when it is not given directly"}};
  RL_FIELDS(CryptoConfig, master_key, master_key_file);
};

struct TwilioConfig {
  std::string simulator_url;
  std::string api_url = "https://api.twilio.com";
  std::int64_t call_ask_after_s = 300;
  std::int64_t call_list_every_s = 300;
  std::int64_t call_look_back_h = 24;
  std::int64_t message_list_every_s = 300;
  std::int64_t message_look_back_h = 24;
  static constexpr std::array notes{
      ConfigNote{"simulator_url", "use this simulator for every connection; empty: the real Twilio"},
      ConfigNote{"api_url", "base of Twilio's REST API"},
      ConfigNote{"call_ask_after_s",
                 "a call whose end was not told is asked for then, and again after doubling pauses", 1,
                 86'400},
      ConfigNote{"call_list_every_s",
                 "how often Twilio's list of ended calls is searched for ones never told of", 1, 86'400},
      ConfigNote{"call_look_back_h", "how far back that search goes after a start", 0, 8'760},
      ConfigNote{"message_list_every_s",
                 "how often Twilio's list of messages is searched for ones that nobody told of for so long",
                 1, 86'400},
      ConfigNote{"message_look_back_h", "how far back that search goes after a start", 0, 8'760}};
  RL_FIELDS(TwilioConfig, simulator_url, api_url, call_ask_after_s, call_list_every_s, call_look_back_h,
            message_list_every_s, message_look_back_h);
};

struct LimitsConfig {
  std::int64_t commands_in_flight = 4096;
  std::int64_t per_account_in_flight = 256;
  std::int64_t requests_per_second = 10'000;
  std::int64_t request_burst = 0;
  std::int64_t account_requests_per_second = 40'000;
  std::int64_t account_request_burst = 0;
  std::int64_t page_requests_per_second = 10'000;
  std::int64_t page_request_burst = 0;
  std::int64_t page_address_requests_per_second = 5'000;
  std::int64_t page_address_request_burst = 0;
  std::int64_t address_requests_per_second = 1'000;
  std::int64_t address_request_burst = 0;
  std::int64_t connections = 8192;
  std::int64_t header_seconds = 10;
  std::int64_t body_seconds = 30;
  std::int64_t idle_seconds = 75;
  std::int64_t write_seconds = 30;
  static constexpr std::array notes{
      ConfigNote{"commands_in_flight", "commands waiting in a shard; past it 503", 1, 1 << 20},
      ConfigNote{"per_account_in_flight", "the same of one account; past it 429", 1, 1 << 20},
      ConfigNote{"requests_per_second", "of one API key; past it 429; 0: no limit", 0, 1'000'000},
      ConfigNote{"request_burst", "requests a rested key may make at once; 0: two seconds' worth", 0,
                 1'000'000},
      ConfigNote{"account_requests_per_second", "of one account, by all its keys; past it 429; 0: no limit",
                 0, 1'000'000},
      ConfigNote{"account_request_burst", "requests a rested account may make at once; 0: two seconds' worth",
                 0, 1'000'000},
      ConfigNote{"page_requests_per_second",
                 "of one campaign's publishable key, by all pages that show it; past it 429; 0: no limit", 0,
                 1'000'000},
      ConfigNote{"page_request_burst", "of those at once; 0: two seconds' worth", 0, 1'000'000},
      ConfigNote{
          "page_address_requests_per_second",
          "visits begun with publishable keys from one address; past it 429; 0: no limit (behind a proxy "
          "all visitors have its address)",
          0, 1'000'000},
      ConfigNote{"page_address_request_burst", "of those at once; 0: two seconds' worth", 0, 1'000'000},
      ConfigNote{
          "address_requests_per_second",
          "without a valid key, from one address; past it 429; 0: no limit (behind a proxy all clients "
          "have its address)",
          0, 1'000'000},
      ConfigNote{"address_request_burst", "of those at once; 0: two seconds' worth", 0, 1'000'000},
      ConfigNote{"connections", "open connections; past it new ones wait", 1, 1 << 20},
      ConfigNote{"header_seconds", "time for a request's headers to arrive", 1, 3600},
      ConfigNote{"body_seconds", "time for a request's body to arrive", 1, 3600},
      ConfigNote{"idle_seconds", "time a kept connection may wait for its next request", 1, 86'400},
      ConfigNote{"write_seconds", "time for the peer to take an answer", 1, 3600}};
  RL_FIELDS(LimitsConfig, commands_in_flight, per_account_in_flight, requests_per_second, request_burst,
            account_requests_per_second, account_request_burst, page_requests_per_second, page_request_burst,
            page_address_requests_per_second, page_address_request_burst, address_requests_per_second,
            address_request_burst, connections, header_seconds, body_seconds, idle_seconds, write_seconds);
};

struct LoggingConfig {
  std::string level = "info";
  std::string format = "json";
  static constexpr std::array notes{
      ConfigNote{"level", "lines below it are not written", 0, 0, "debug|info|warn|error"},
      ConfigNote{"format", "json: one object a line; text: for a person's eyes", 0, 0, "json|text"}};
  RL_FIELDS(LoggingConfig, level, format);
};

struct Config {
  ServerConfig server;
  DataConfig data;
  LogConfig log;
  KafkaConfig kafka;
  ClusterConfig cluster;
  AuthConfig auth;
  CryptoConfig crypto;
  TwilioConfig twilio;
  LimitsConfig limits;
  LoggingConfig logging;
  RL_FIELDS(Config, server, data, log, kafka, cluster, auth, crypto, twilio, limits, logging);

  /// `server.public_url` without a slash at its end, or http://address:port. `bound_port`: the port
  /// really taken, when `server.port` is 0.
  [[nodiscard]] std::string public_url(std::uint16_t bound_port) const;
  /// The same of `server.node_url`.
  [[nodiscard]] std::string node_url(std::uint16_t bound_port) const;
  /// `server.threads`, or cores - 1, at least 1.
  [[nodiscard]] int threads() const;
};

using ConfigEnvironment = std::map<std::string, std::string>;
using ConfigFlags = std::vector<std::pair<std::string, std::string>>;  ///< ("server.port", "8080")

/// Defaults, then the TOML file ("" = none), then the environment (RINGLEDGER_SERVER_PORT), then flags:
/// the later wins. Code::validation_failed with *every* mistake, one a line, each naming its place
/// ("ringledger.toml:3: …", "RINGLEDGER_SERVER_PORT: …", "--server.port: …"), the nearest known key for
/// an unknown one, and never a secret's value. Environment variables of no section are not ours
/// (RINGLEDGER_OPERATOR_KEY). Code::not_found when the file cannot be read.
Result<Config> load_config(const std::string& file, const ConfigEnvironment& environment,
                           const ConfigFlags& flags);
/// This process's variables that begin with RINGLEDGER_.
ConfigEnvironment ringledger_environment();
/// A Markdown table of every key: name, environment variable, type and range, default, meaning.
std::string describe_config();
/// Every key with the value it has, as TOML; secrets as "(set)" or "".
std::string show_config(const Config& config);
/// "server.port" and so on, in order: what flags there are.
std::vector<std::string> config_keys();

}  // namespace ringledger
