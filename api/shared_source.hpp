// One partition of a Kafka log as the source of a copy: what counts in it up to a CLAIM of the copy's own,
// after which nobody else's commits count until somebody claims anew.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/embedded/embedded_log.hpp"
#include "adapters/json/book_row_store.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/kafka/kafka_log.hpp"
#include "adapters/rocksdb/rocksdb_row_store.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/thread_executor.hpp"
#include "api/copy_source.hpp"
#include "commands/log_count.hpp"
#include "commands/ports/http_client.hpp"

namespace ringledger::offline {

class SharedSource {
 public:
  struct Ports {
    PosixDisk* disk;
    KeyVault* vault;
    json::JsonCommitCodec* codec;
    HttpClient* http;  ///< to the nodes
  };
  /// `folder`: its work, which a later run goes on with: what counts, and the rows that tell so.
  SharedSource(Ports ports, KafkaSettings settings, std::string folder)
      : x_ports(ports), x_settings(std::move(settings)), x_folder(std::move(folder)) {}
  ~SharedSource();
  SharedSource(const SharedSource&) = delete;
  SharedSource& operator=(const SharedSource&) = delete;

  /// Reads everything, claims as `node`, and reads up to where that claim counts. `progress(next, end)`.
  /// Code::validation_failed, and nothing claimed: the writer still runs.
  Result<void> fence(const std::string& node, const std::function<void(Offset next, Offset end)>& progress);
  /// Code::validation_failed: something was written behind the claim.
  Result<void> check_fenced() const;
  /// After `fence`.
  Result<CopySource> source();

 private:
  Result<void> open();
  Result<void> read_to(Offset end, const std::function<void(Offset, Offset)>& progress);
  Result<void> read_some();
  Result<void> count(const std::vector<LogRecord>& records);
  Result<void> check_stopped() const;
  Result<void> claim(const std::string& node);
  Result<Offset> end_now();
  Result<void> close();

  const Ports x_ports;
  const KafkaSettings x_settings;
  const std::string x_folder;
  ThreadExecutor x_log_thread{"copy-log"}, x_tail_thread{"copy-tail"};
  PoolExecutor x_blocking{"copy-ask", 1};
  std::unique_ptr<RocksDbRowStore> x_rows;
  std::unique_ptr<json::BookRowStore> x_book;
  std::unique_ptr<KafkaLog> x_log;
  std::unique_ptr<LogCount> x_count;
  std::unique_ptr<EmbeddedLog> x_copy;  ///< of what counts, after `fence`
  Offset x_fence = 0;                   ///< one past the claim

  std::mutex x_mutex;  ///< guards what follows
  std::condition_variable x_changed;
  std::deque<std::vector<LogRecord>> x_arrived;
  std::optional<Error> x_failed;
};

}  // namespace ringledger::offline
