// Rows of one read model in memory, for what every webhook or page asks: a row that was written is never
// answered in its old state after the write.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "projections/runner.hpp"

namespace ringledger {

/// Thread-safe. Holds `most` rows.
template <class Id, class Row>
class WrittenCache {
 public:
  using Found = std::shared_ptr<const Row>;
  struct Source {
    std::string_view view;                               ///< whose writes are told
    Id (*id_in_key)(std::string_view key);               ///< of a row of that view
    std::function<Result<std::optional<Row>>(Id)> read;  ///< may read the disk; nullopt: there is none
  };
  /// Listens to the views, which must not fold before this returns; they must outlive it.
  WrittenCache(ViewRunner& views, Source source, std::size_t most = 4096)
      : x_read(std::move(source.read)), x_most(most) {
    views.on_rows_written([rows = x_rows, of = source.view, id_in_key = source.id_in_key](
                              std::string_view view, const std::vector<std::string>& keys) {
      if (view == of) rows->forget(keys, id_in_key);
    });
  }

  /// At once; nullptr: not in memory, ask `find`.
  [[nodiscard]] Found cached(Id id) const {
    std::lock_guard lock(x_rows->mutex);
    auto at = x_rows->by_id.find(id);
    return at == x_rows->by_id.end() ? nullptr : at->second;
  }

  /// May read the disk. nullptr: there is none.
  [[nodiscard]] Result<Found> find(Id id) {
    auto written = x_rows->writes();
    auto row = x_read(id);
    if (!row) return std::unexpected(row.error());
    if (!*row) return nullptr;
    auto found = std::make_shared<const Row>(std::move(**row));
    std::lock_guard lock(x_rows->mutex);
    if (x_rows->written != written) return found;
    if (x_rows->by_id.size() >= x_most) x_rows->by_id.erase(x_rows->by_id.begin());
    x_rows->by_id.insert_or_assign(id, found);
    return found;
  }

 private:
  struct Rows {
    mutable std::mutex mutex;
    std::unordered_map<Id, Found> by_id;
    std::uint64_t written = 0;  ///< grows with every write told: what was read before it is not kept

    std::uint64_t writes() const {
      std::lock_guard lock(mutex);
      return written;
    }
    /// No keys: a rebuild took over, any row may have changed.
    void forget(const std::vector<std::string>& keys, Id (*id_in_key)(std::string_view)) {
      std::lock_guard lock(mutex);
      ++written;
      if (keys.empty()) by_id.clear();
      for (const auto& key : keys) by_id.erase(id_in_key(key));
    }
  };
  decltype(Source::read) x_read;
  std::size_t x_most;
  std::shared_ptr<Rows> x_rows = std::make_shared<Rows>();  // shared with the runner's hook
};

}  // namespace ringledger
