// What read models are kept in: named families of ordered binary keys, where a batch over any number
// of families is atomic and a family may, after a crash, be *older* than another (each therefore keeps
// its own position). RocksDB without WAL in production, memory in tests and in the simulation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

struct RowWrite {
  std::string family, key;
  std::optional<std::string> value;  ///< nullopt deletes
};

/// A frozen sight of all families. Thread-safe; release it soon.
class RowSnapshot {
 public:
  virtual ~RowSnapshot() = default;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view family,
                                                       std::string_view key) const = 0;
  /// Visits keys in [from, to) in ascending (or, reversed, descending) order until `visit` is false.
  virtual void scan(std::string_view family, std::string_view from, std::string_view to, bool reversed,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  /// As RowStore::health.
  [[nodiscard]] virtual Result<void> health() const = 0;
};

class RowStore {
 public:
  virtual ~RowStore() = default;
  [[nodiscard]] virtual std::vector<std::string> families() const = 0;
  virtual Result<void> create_family(const std::string& name) = 0;
  virtual Result<void> drop_family(const std::string& name) = 0;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view family,
                                                       std::string_view key) const = 0;
  /// The first error met in a read or in the background. `get` and `scan` cannot tell "absent" from "not
  /// readable": whoever concludes something from an absence asks here afterwards.
  [[nodiscard]] virtual Result<void> health() const = 0;
  /// Atomic. Visible at once, durable only after a later flush. An error once a read has failed.
  virtual Result<void> write(const std::vector<RowWrite>& batch) = 0;
  [[nodiscard]] virtual std::shared_ptr<RowSnapshot> snapshot() const = 0;
  /// Makes everything written so far durable.
  virtual Result<void> flush() = 0;
  /// Lets what was deleted or overwritten so far vanish from the disk too. Blocks, for as long as rewriting
  /// all of it takes; nothing to do for a store that keeps no past. Code::overloaded when a snapshot from
  /// before is still held after 30 s: try again.
  virtual Result<void> scrub() { return {}; }
};

}  // namespace ringledger
