// What a RocksDB row store and its snapshots share: the database, its open families, its first error.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "adapters/rocksdb/rocksdb_row_store.hpp"

namespace ringledger {

/// Keeps the first error; everything after it is doubtful.
class FirstError {
 public:
  void note(const std::string& what, const rocksdb::Status& status);
  [[nodiscard]] Result<void> get() const;

 private:
  std::atomic<bool> x_failed = false;
  mutable std::mutex x_mutex;
  Error x_error;
};

/// Background errors of RocksDB, told as they happen.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(FirstError& first) : x_first(first) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;

 private:
  FirstError& x_first;
};

/// Decides whether there is room to write; looks at the disk only every so many bytes or so long.
class SpaceGuard {
 public:
  explicit SpaceGuard(const RocksDbOptions& options) : x_options(options) {}
  /// Code::read_only below the floor.
  Result<void> admit(std::size_t bytes);
  /// Code::read_only when fewer than `bytes` are free; looks at the disk.
  Result<void> room_for(std::uint64_t bytes);

 private:
  Result<std::uint64_t> free_bytes() const;
  const RocksDbOptions& x_options;
  std::mutex x_mutex;
  std::uint64_t x_since_look = 0;
  bool x_short = true;  ///< until the first look
  std::chrono::steady_clock::time_point x_looked_at;
};

using FamilyHandle = std::shared_ptr<rocksdb::ColumnFamilyHandle>;
using FamilyHandles = std::map<std::string, FamilyHandle, std::less<>>;

struct RocksDbRowStore::Core {
  explicit Core(RocksDbOptions o) : options(std::move(o)), space(options) {}
  ~Core();
  [[nodiscard]] std::shared_ptr<const FamilyHandles> handles() const;
  void replace(std::shared_ptr<const FamilyHandles> next);
  [[nodiscard]] FamilyHandle wrap(rocksdb::ColumnFamilyHandle* handle) const;

  RocksDbOptions options;
  FirstError first_error;  ///< before `db`: its listener writes here until the database is closed
  SpaceGuard space;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyOptions family_options;
  std::mutex changing;  ///< one creation or drop of a family at a time

 private:
  mutable std::mutex x_mutex;
  std::shared_ptr<const FamilyHandles> x_handles = std::make_shared<FamilyHandles>();
};

/// The options of the database and of every family, from ours.
rocksdb::DBOptions database_options(const RocksDbOptions& options,
                                    const std::shared_ptr<rocksdb::Cache>& cache, FirstError& errors);
rocksdb::ColumnFamilyOptions family_options(const RocksDbOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache);

/// RocksDB's status as our error.
Error rocksdb_error(const std::string& doing, const rocksdb::Status& status);

}  // namespace ringledger
