// A disk in memory with a page cache: a crash loses or tears what was not synced, calls fail on order,
// space ends, bits flip. Driven by a seed.
#pragma once

#include <memory>
#include <string>

#include "commands/ports/disk.hpp"

namespace ringledger {

/// Thread-safe. Answers as PosixDisk does (tests/adapters/system/disk_contract.hpp). Content is durable
/// after File::sync; that a file was made, renamed or removed after sync_folder of its folder (of both
/// for a rename across folders, either suffices); folders at once.
class SimDisk final : public Disk {
 public:
  /// The kinds of calls that are counted and can fail. `other`: exists, size, make_folders, free_bytes, lock.
  enum class Call : std::uint8_t {
    open,
    read,
    write,
    truncate,
    preallocate,
    sync,
    list,
    rename,
    remove,
    sync_folder,
    other,
    any
  };
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};

  explicit SimDisk(std::uint64_t seed);

  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> make_folders(const std::string& folder) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_folder(const std::string& folder) override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& folder) override;
  Result<std::shared_ptr<void>> lock(const std::string& path) override;

  /// The power goes. Durable is what was synced; every later write, and every later making, renaming
  /// and removing, is kept or lost by itself, a write also torn at a byte. Open files answer
  /// Code::internal from now on, locks are free, faults on order stay.
  void crash();
  /// The `nth` (from 1) call of this kind from now on fails with EIO, once or, `for_ever`, from then
  /// on. A write that fails may have written its beginning. After a failed sync what was not durable
  /// yet may never be. Several may be on order at once.
  void fail_call(Call kind, std::uint64_t nth, bool for_ever = false);
  void clear_faults();
  /// Code::read_only once the sizes of all files would pass this; a write then fills what is left.
  void limit_bytes(std::uint64_t most);
  /// A disk that lies: sync and sync_folder answer well and do nothing (the negative control).
  void ignore_syncs(bool ignore);
  /// Flips the bits of `mask` in one stored byte. Code::not_found: no such file or byte.
  Result<void> corrupt(const std::string& path, std::uint64_t offset, std::uint8_t mask);

  /// Calls of a kind so far, failed ones included.
  [[nodiscard]] std::uint64_t calls(Call kind) const;
  /// Sum of the sizes of all files.
  [[nodiscard]] std::uint64_t used_bytes() const;

 private:
  struct State;
  class OpenFile;
  std::shared_ptr<State> state_;  // shared with open files
};

}  // namespace ringledger
