// The machine's disk: POSIX files below any folder, made 0600 (folders 0700).
#pragma once

#include "commands/ports/disk.hpp"

namespace ringledger {

/// Stateless and thread-safe; so is each open file. What is absent answers Code::not_found (open
/// existing, rename, remove, sync_folder, free_bytes), a full disk Code::read_only, all else
/// Code::internal; the detail names the call, the path and errno's text.
class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  /// Every folder it makes is durable on return (its parent is synced).
  Result<void> make_folders(const std::string& folder) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  /// Files only.
  Result<void> remove(const std::string& path) override;
  Result<void> sync_folder(const std::string& folder) override;
  /// What an unprivileged process may still use.
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& folder) override;
  /// The lock file is made when absent and never removed. Also excludes a second lock in this process.
  Result<std::shared_ptr<void>> lock(const std::string& path) override;
};

}  // namespace ringledger
