// A stopped data folder, opened for one command of the command line.
#pragma once

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

/// Everything of the folder, folded to the log's end. The log's lock keeps a running server out.
struct OfflineFolder {
  PosixDisk disk;
  SystemRandom random;
  ThreadExecutor log_thread{"log"}, tail_thread{"tail"};
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<json::JsonCommitCodec> codec;
  std::unique_ptr<EmbeddedLog> log;
  std::unique_ptr<RocksDbRowStore> rows;
  std::unique_ptr<json::BookRowStore> book;
  std::unique_ptr<ViewRunner> views;

  /// Code::not_found when there is no data; damage is refused with what to do.
  Result<void> open(const Config& config);
  CommitReader reader();
  ~OfflineFolder();

 private:
  Result<void> open_rows(const Config& config);
  Result<void> fold_to_end();
};

}  // namespace ringledger::offline
