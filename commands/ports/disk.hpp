// The disk, behind a port, so that the seeded simulation can tear, lose and fail what was not synced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

/// One open file. All calls block. Errors carry Code::internal and errno's text; Code::read_only
/// when the disk is full (ENOSPC, EDQUOT).
class File {
 public:
  virtual ~File() = default;
  /// Writes all bytes at `offset` (pwrite, repeated over short writes).
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  /// Reads up to `size` bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::string> read_at(std::uint64_t offset, std::size_t size) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  /// Reserves blocks so that later writes up to `size` cannot fail for want of space
  /// (posix_fallocate); the file's size becomes `size`, the new bytes read as zero.
  virtual Result<void> preallocate(std::uint64_t size) = 0;
  /// fdatasync. After an error nothing on this file can be believed: the caller must stop.
  virtual Result<void> sync() = 0;
};

class Disk {
 public:
  enum class Open { existing, create };  ///< create: made when absent, kept when present
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Names (not paths) of the entries of a folder, sorted; empty when the folder does not exist.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  virtual Result<void> make_folders(const std::string& folder) = 0;
  /// Atomic within a file system; durable after sync_folder of the parent.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> sync_folder(const std::string& folder) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& folder) = 0;
  /// Exclusive lock held while the returned object lives (flock); Code::not_writer when another
  /// process holds it.
  virtual Result<std::shared_ptr<void>> lock(const std::string& path) = 0;
};

/// Replaces a small file so that after a crash either the old or the new content is there:
/// write to `<path>.tmp`, sync, rename, sync the folder. Files of 0600.
Result<void> replace_file(Disk& disk, const std::string& path, std::string_view content);
/// The whole content; Code::not_found when absent.
Result<std::string> read_file(Disk& disk, const std::string& path);

}  // namespace ringledger
