// The runner of read models: folds the log into every view, each exactly once, and rebuilds, verifies
// and repairs them.
//
// Life of a batch: each view that has not seen it folds it over its rows; the writes of all views with
// their new positions are one atomic batch in the row store. Nothing is durable before a flush (forced
// every 64 MiB of log); after a crash each family stands at some older position and `catch_up` folds
// it forward from the log.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <stop_token>

#include "projections/family_fold.hpp"
#include "projections/sight.hpp"

namespace ringledger {

/// The views of an installation.
class ViewSet {
 public:
  template <RowView V>
  void add(RowCodec<typename V::Row> codec = binary_codec<typename V::Row>()) {
    x_views.push_back(std::make_shared<RegisteredRowView<V>>(std::move(codec)));
  }
  template <EntryView V>
  void add() {
    x_views.push_back(std::make_shared<RegisteredEntryView<V>>());
  }
  [[nodiscard]] const std::vector<std::shared_ptr<const RegisteredView>>& all() const { return x_views; }

 private:
  std::vector<std::shared_ptr<const RegisteredView>> x_views;
};

struct ViewRunnerOptions {
  std::string epoch;                                 ///< of the log; another log means views built anew
  std::size_t flush_every_bytes = 64 * 1024 * 1024;  ///< of log
  std::size_t max_differences = 20;                  ///< told by verify
};

/// Told after a write which rows of a view changed; no keys: any may have (a rebuild took over).
/// Called on the folding thread; must be quick and must not call the runner.
using RowsWritten = std::function<void(std::string_view view, const std::vector<std::string>& keys)>;

struct ParkedEntity {
  std::string key;                                             ///< of the row, binary
  std::string reason;                                          ///< why its first fact could not be folded
  std::vector<std::pair<std::uint64_t, std::size_t>> waiting;  ///< (offset, index) of its facts
};

struct VerifyReport {
  std::uint64_t position = 0;            ///< both sides hold the log up to here
  std::size_t keys = 0;                  ///< compared
  std::vector<std::string> differences;  ///< the first ones, readable; empty: equal, key for key
};

/// Thread-safe: `sight`, `position`, `parked` at any time; the others wait for each other.
class ViewRunner {
 public:
  /// Holds view name -> family name, for views that were rebuilt.
  static constexpr std::string_view places_family = "views";

  /// Makes missing families, forgets those of another epoch or layout and builds that never took over.
  /// `store` must outlive the runner.
  static Result<std::unique_ptr<ViewRunner>> open(RowStore& store, ViewSet views, ViewRunnerOptions options);

  /// Call before the first batch; hooks are never removed.
  void on_rows_written(RowsWritten hook) { x_hooks.push_back(std::move(hook)); }

  /// Folds a batch into every view that has not seen it: all or nothing. Code::internal when a view is
  /// behind `batch.from` (catch up first); Code::read_only while the disk is short (repeat later).
  Result<void> apply(const CommitBatch& batch);
  /// Folds every view forward to the end of the log and flushes.
  Result<void> catch_up(const CommitReader& read);
  Result<void> flush();

  [[nodiscard]] std::uint64_t position() const;  ///< the lowest of all views
  /// Code::not_found: no such view.
  [[nodiscard]] Result<std::uint64_t> position(std::string_view view) const;
  [[nodiscard]] std::vector<std::string> views() const;
  [[nodiscard]] Sight sight() const;

  /// Builds the view beside itself from offset 0 and lets the new rows take over at once, while batches
  /// go on being applied. `progress` is told the offset reached. Stopped: Code::internal, all as before.
  Result<void> rebuild(std::string_view view, const CommitReader& read, std::stop_token stop = {},
                       const std::function<void(std::uint64_t)>& progress = {});
  /// Builds the view in `scratch` from the log and compares it with what is served, key for key.
  Result<VerifyReport> verify(std::string_view view, RowStore& scratch, const CommitReader& read) const;

  /// Parked entities of a view, at most `limit`, after the key `after`.
  [[nodiscard]] Result<std::vector<ParkedEntity>> parked(std::string_view view, std::size_t limit = 100,
                                                         const std::string& after = {}) const;
  [[nodiscard]] std::size_t parked_count() const;
  /// Folds the facts an entity waits with, in order; an error tells at which one it still stops.
  Result<void> retry_parked(std::string_view view, const std::string& key, const CommitReader& read);

 private:
  struct Live {
    std::shared_ptr<const RegisteredView> view;
    std::unique_ptr<FamilyFold> fold;
  };

  ViewRunner(RowStore& store, ViewRunnerOptions options) : x_store(store), x_options(std::move(options)) {}
  Result<void> open_view(const std::shared_ptr<const RegisteredView>& view);
  Result<void> drop_strays();
  Result<void> fresh_family(FamilyFold& fold, RowStore& store) const;
  [[nodiscard]] const Live* find(std::string_view view) const;
  Result<void> apply_locked(const CommitBatch& batch);
  Result<void> flush_when_due(std::size_t bytes);
  Result<void> take_over(Live& live, std::unique_ptr<FamilyFold> built);
  Result<std::unique_ptr<FamilyFold>> build(const Live& live, const CommitReader& read, std::stop_token stop,
                                            const std::function<void(std::uint64_t)>& progress);
  [[nodiscard]] FamilyMark mark(const RegisteredView& view) const;
  void publish_places();
  void tell(std::string_view view, const std::vector<std::string>& keys) const;

  RowStore& x_store;
  ViewRunnerOptions x_options;
  std::vector<RowsWritten> x_hooks;
  std::mutex x_rebuilding;              ///< one rebuild at a time; taken before x_folding
  mutable std::mutex x_folding;         ///< one batch, rebuild step or retry at a time
  std::vector<Live> x_live;             ///< changed under x_folding and x_reading
  mutable std::shared_mutex x_reading;  ///< families do not go while a sight is taken
  std::shared_ptr<const Sight::Places> x_places;
  std::size_t x_unflushed_bytes = 0;
};

/// Reads [from, end) of what `read` gives into one family of `store`, batch by batch.
Result<void> fold_forward(FamilyFold& fold, RowStore& store, const CommitReader& read, std::uint64_t end,
                          std::stop_token stop = {}, const std::function<void(std::uint64_t)>& progress = {});

}  // namespace ringledger
