// Read models in memory, which forget after a crash as RocksDB without a WAL does.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>

#include "adapters/simulation/sim_random.hpp"
#include "projections/row_store.hpp"

namespace ringledger {

/// Thread-safe. A snapshot costs a pointer a family; the first write to a family after one copies that
/// family. Errors: Code::internal for a batch that names an unknown family.
class MemoryRowStore final : public RowStore {
 public:
  /// Sorted.
  [[nodiscard]] std::vector<std::string> families() const override;
  /// Durable at once, like drop_family. Nothing happens when it is there already.
  Result<void> create_family(const std::string& name) override;
  Result<void> drop_family(const std::string& name) override;
  [[nodiscard]] std::optional<std::string> get(std::string_view family, std::string_view key) const override;
  Result<void> write(const std::vector<RowWrite>& batch) override;
  [[nodiscard]] std::shared_ptr<RowSnapshot> snapshot() const override;
  Result<void> flush() override;
  [[nodiscard]] Result<void> health() const override { return health_of(*unreadable_); }
  /// From now on reads find nothing, also in snapshots taken before, as on a disk that went bad; or as
  /// before.
  void fail_reads(bool failing = true) { *unreadable_ = failing; }
  /// Each family falls back, by itself, to a random moment between its last flush and now: of the
  /// batches since then it keeps a prefix, each of them whole. (Batches more than 4,096 ago are
  /// durable without a flush, as RocksDB's are once its write buffer is full.)
  void crash(SimRandom& random);

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;
  using Change = std::pair<std::string, std::optional<std::string>>;  // key, value (nullopt: absent)
  using Undo = std::vector<Change>;                                   // of one batch, in the order made
  struct Family {
    std::shared_ptr<Rows> rows = std::make_shared<Rows>();
    std::deque<Undo> undo;  // of each batch not yet durable, the oldest first
  };
  class Snapshot;

  static Result<void> health_of(bool unreadable);
  static Rows& writable(Family& family);
  static std::optional<std::string> exchange(Rows& rows, const Change& change);

  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();  // snapshots may outlive the store
  std::map<std::string, Family, std::less<>> families_;
  std::shared_ptr<std::atomic<bool>> unreadable_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace ringledger
