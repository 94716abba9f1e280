// One view in one family: its position, its parked keys, and the batches folded into it.
#pragma once

#include <atomic>
#include <memory>

#include "projections/view_fold.hpp"

namespace ringledger {

/// A commit where it stands in the log.
struct PlacedCommit {
  std::uint64_t offset = 0;
  std::shared_ptr<const Commit> commit;
};

/// Counted commits of a stretch of the log: every commit with an offset in [from, next), in order.
/// Records that are no counted commits (claims, void ones) are simply not there.
struct CommitBatch {
  std::uint64_t from = 0, next = 0;
  std::size_t bytes = 0;  ///< of log, for the forced flush
  std::vector<PlacedCommit> commits;
};

/// Reads on from an offset, a bounded stretch at a time; `next == from` means the end of the log.
using CommitReader = std::function<Result<CommitBatch>(std::uint64_t from)>;

/// Most keys a view may park; past it the view is broken, not its data, and folding stops.
inline constexpr std::size_t max_parked_keys = 10'000;

/// What a family was written for; another log or another row layout means: build it anew.
struct FamilyMark {
  std::string epoch;
  std::string layout;
};

/// Not thread-safe but for `position`.
class FamilyFold {
 public:
  FamilyFold(const RegisteredView& view, std::string family) : x_view(&view), x_family(std::move(family)) {}

  /// Reads position and parked keys. False: the family is fresh or was written for another mark.
  Result<bool> load(const RowStore& store, const FamilyMark& mark);
  /// The writes that make an empty family one of this mark at position 0.
  [[nodiscard]] std::vector<RowWrite> first_writes(const FamilyMark& mark) const;

  /// Appends the writes of the batch's commits that this family has not seen, and its new position.
  /// Nothing counts before `committed`. Code::internal when the batch begins past the position.
  Result<void> collect(const RowStore& store, const CommitBatch& batch, std::vector<RowWrite>& out);
  /// The collected writes are in the store. Returns the keys of the rows written.
  std::vector<std::string> committed();

  [[nodiscard]] std::uint64_t position() const { return x_position.load(std::memory_order_acquire); }
  [[nodiscard]] const std::string& family() const { return x_family; }
  [[nodiscard]] const RegisteredView& view() const { return *x_view; }
  ParkedKeys& parked() { return x_parked; }
  [[nodiscard]] const ParkedKeys& parked() const { return x_parked; }

 private:
  const RegisteredView* x_view;
  std::string x_family;
  std::atomic<std::uint64_t> x_position = 0;
  ParkedKeys x_parked;
  std::uint64_t x_next_position = 0;
  std::vector<std::string> x_keys;
  ParkedKeys x_newly_parked;
};

/// Calls `visit(fact)` for each event of the batch at `from` or later.
void each_fact(const CommitBatch& batch, std::uint64_t from, const std::function<void(const Fact&)>& visit);

}  // namespace ringledger
