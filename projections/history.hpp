// `history.v1`: where in the log everything is. For each entity the positions of the events that name
// it; for each account the commits that hold its events, so that its feed is read by offset.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct HistoryView {
  static constexpr std::string_view name = "history.v1";
  static std::vector<Entry> entries(const Fact& fact);
};

/// One event, as far as lists need it; the event itself is read from the log at `offset`.
struct HistoryPoint {
  std::uint64_t offset = 0;
  std::size_t index = 0;
  std::optional<WorkspaceId> workspace;
  std::string type;
  friend bool operator==(const HistoryPoint&, const HistoryPoint&) = default;
};

struct HistoryQuery {
  AccountId account{};
  std::string entity{};  ///< its id as text ("num_…")
  /// Only events of these workspaces, and those of none when `unplaced`; empty: of any.
  std::vector<WorkspaceId> workspaces{};
  bool unplaced = false;
  bool people = true;  ///< also who called or wrote, and what
  PageRequest page{};
};
/// The events that name an entity, newest first. The total is counted to count_to.
Result<Page<HistoryPoint>> history_of(const ViewReader& history, const HistoryQuery& query);

/// A commit with events of the account.
struct FeedPoint {
  std::uint64_t offset = 0;
  std::uint64_t first_sequence = 0;
  std::uint32_t count = 0;
  friend bool operator==(const FeedPoint&, const FeedPoint&) = default;
};
/// The account's commits with events in [from, to], in order, at most `limit`.
std::vector<FeedPoint> feed_of(const ViewReader& history, AccountId account, std::uint64_t from,
                               std::uint64_t to, std::size_t limit);
/// How many events the account has in [from, to]; exact, without reading them.
std::uint64_t feed_count(const ViewReader& history, AccountId account, std::uint64_t from, std::uint64_t to);
/// Positions of the events that name an entity in [from, to], in order, at most `limit`: the feed's
/// `number=` and `workspace=` filters.
std::vector<HistoryPoint> feed_of_entity(const ViewReader& history, AccountId account,
                                         const std::string& entity, std::uint64_t from, std::uint64_t to,
                                         std::size_t limit);

}  // namespace ringledger
