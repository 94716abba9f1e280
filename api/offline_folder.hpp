// A stopped data folder, opened for one command of the command line.
#pragma once

#include <functional>
#include <memory>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/embedded/embedded_log.hpp"
#include "adapters/json/book_row_store.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/rocksdb/rocksdb_row_store.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/system_random.hpp"
#include "adapters/system/thread_executor.hpp"
#include "api/config.hpp"
#include "projections/runner.hpp"

namespace ringledger::offline {

/// Says it on standard error; 1, the exit code.
int failed(const Error& error);

/// How many partitions the log of a stopped folder has: `DIR/log`, or `DIR/log/<p>`. Code::internal when the
/// folder of one is missing.
Result<std::uint32_t> count_kept_partitions(Disk& disk, const std::string& dir);

/// What the partitions share. The keys' lock keeps a running server out.
struct OfflineFolder {
  PosixDisk disk;
  SystemRandom random;
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<json::JsonCommitCodec> codec;
  std::uint32_t partitions = 1;

  /// Code::not_found when there is no data; damage is refused with what to do.
  Result<void> open(const Config& config);
};

/// One partition's log and read models, folded to the log's end.
struct OfflinePartition {
  OfflineFolder& folder;
  const std::uint32_t index;
  ThreadExecutor log_thread{"log"}, tail_thread{"tail"};
  std::unique_ptr<EmbeddedLog> log;
  std::unique_ptr<RocksDbRowStore> rows;
  std::unique_ptr<json::BookRowStore> book;
  std::unique_ptr<ViewRunner> views;

  OfflinePartition(OfflineFolder& in, std::uint32_t partition) : folder(in), index(partition) {}
  /// Damage is refused with what to do.
  Result<void> open(const Config& config);
  CommitReader reader();
  ~OfflinePartition();
  OfflinePartition(const OfflinePartition&) = delete;
  OfflinePartition& operator=(const OfflinePartition&) = delete;

 private:
  Result<void> open_rows(const Config& config);
  Result<void> fold_to_end();
};

/// Opens the folder, then one partition after the other, each only for `work`. The greatest exit code; an
/// error is said, and ends it with 1.
int for_each_partition(const Config& config, const std::function<Result<int>(OfflinePartition&)>& work);

/// Before what is told of one of several partitions; nothing when there is one.
void tell_partition(std::uint32_t partition, std::uint32_t of);

}  // namespace ringledger::offline
