// A log's folder, opened for writing: locked, created when there is none, judged, its torn tail cut. The
// embedded engine's log and the local copy of a shared one begin with it.
#pragma once

#include <memory>
#include <string>

#include "adapters/embedded/recovery.hpp"

namespace ringledger {

struct LogFolderOptions {
  std::string folder;  ///< made when absent
  std::uint64_t segment_bytes = 64 * 1024 * 1024;
  bool preallocate = true;
  bool create_if_absent = true;  ///< else an empty folder is Code::not_found
  std::string new_epoch;         ///< used when the log is created
  std::string first_record;      ///< payload of its first record, of kind `log`
};

struct OpenedFolder {
  std::shared_ptr<void> lock;  ///< held while it lives
  LogFacts facts;
  bool created = false;
};

/// Code::not_writer when another process holds the lock; Code::internal, naming segment, byte and remedy, at
/// damage; Code::validation_failed for an epoch that is none.
Result<OpenedFolder> open_log_folder(Disk& disk, const LogFolderOptions& options);

}  // namespace ringledger
