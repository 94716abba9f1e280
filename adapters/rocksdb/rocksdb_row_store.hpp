// Read models' rows in RocksDB: one column family each, no write-ahead log (the event log is the truth).
//
// A crash loses what was not flushed: each family comes back as a prefix of the batches written to it,
// families perhaps of different age. RocksDB aborts the process when it meets a full disk (Debian's build
// has assertions on), so writes are refused below a floor of free space that leaves room for what is in
// memory and for running compactions.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "projections/row_store.hpp"

namespace ringledger {

struct RocksDbOptions {
  std::string path;
  std::size_t cache_bytes = 256UL * 1024 * 1024;        ///< blocks, index and filter blocks, memtables
  std::size_t write_buffer_bytes = 64UL * 1024 * 1024;  ///< all families together; part of the cache
  std::uint64_t free_floor_bytes = 512ULL * 1024 * 1024;
  std::uint64_t check_every_bytes = 1024ULL * 1024;  ///< written between two looks at the free space
  std::int64_t check_every_ms = 1000;                ///< and the longest time between two
  /// Free bytes where `path` lies; statvfs when absent.
  std::function<Result<std::uint64_t>()> free_bytes;
};

/// Thread-safe. Closing does not flush: call `flush` first.
class RocksDbRowStore final : public RowStore {
 public:
  /// Opens with whatever families exist; creates the folder and an empty database when there is none.
  /// Code::internal with RocksDB's reason when it cannot be opened (locked, damaged, no access).
  static Result<std::unique_ptr<RocksDbRowStore>> open(RocksDbOptions options);
  ~RocksDbRowStore() override;

  [[nodiscard]] std::vector<std::string> families() const override;
  Result<void> create_family(const std::string& name) override;  ///< nothing happens when it is there
  Result<void> drop_family(const std::string& name) override;    ///< nothing happens when it is not
  [[nodiscard]] std::optional<std::string> get(std::string_view family, std::string_view key) const override;
  /// Code::read_only below the floor of free space (nothing written), Code::internal for an unknown
  /// family, after a read that failed, or after an error of RocksDB's background work.
  Result<void> write(const std::vector<RowWrite>& batch) override;
  [[nodiscard]] std::shared_ptr<RowSnapshot> snapshot() const override;
  /// Code::read_only when the disk has no room for what is in memory.
  Result<void> flush() override;
  Result<void> scrub() override;

  [[nodiscard]] Result<void> health() const override;
  /// Bytes on disk of all families, and of one (0 when unknown).
  [[nodiscard]] std::uint64_t disk_bytes() const;
  [[nodiscard]] std::uint64_t disk_bytes(std::string_view family) const;

 private:
  struct Core;
  explicit RocksDbRowStore(std::shared_ptr<Core> core);
  [[nodiscard]] Result<void> wait_for_readers() const;
  friend class RocksDbSnapshot;
  std::shared_ptr<Core> x_core;
};

}  // namespace ringledger
