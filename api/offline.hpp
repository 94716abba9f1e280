// What the command line does on a stopped data folder: verify, inspect, rebuild. Exit code 0 iff all is well.
#pragma once

#include <string>

#include "api/config.hpp"

namespace ringledger::offline {

int log_verify(const std::string& data, bool rebuild_head);  ///< prints `<n> commits`
/// Makes the Kafka topic of `[kafka]` a log, or mends its settings; repeating it changes nothing.
int log_create(const Config& config, std::int32_t partitions);
/// Moves a stopped folder's embedded log into the topic of `to` (kafka://HOST:PORT[,…]/PREFIX): what counts,
/// in order, ids and sequences kept, accounts spread over `partitions` (0: as the topic has, or 1), keys too;
/// may be interrupted and run again.
int log_copy(const Config& config, const std::string& to, std::int32_t partitions);
/// Makes an embedded installation in a new folder of the log at `from` (as `to` above), which it claims; keys
/// are fetched, all partitions become one log. May be interrupted and run again.
int log_copy_back(const Config& config, const std::string& from);
int log_inspect(const std::string& data, bool payloads);  ///< one line a record
int views_list(const Config& config);                     ///< name and position of each
/// Compares with a fresh fold of the whole log: the book ("book.v1") and each view; "" = all.
int views_verify(const Config& config, const std::string& view);
int views_rebuild(const Config& config, const std::string& view);  ///< "" = all
int parked_list(const Config& config);
int parked_retry(const Config& config, const std::string& view);
/// Every event of the log, of all accounts in the log's order, a line each as GET /v1/events gives it as
/// NDJSON.
int events_export(const Config& config);

}  // namespace ringledger::offline
