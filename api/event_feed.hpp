// Reading an account's events in order: which there are is told by history.v1, what they say by the log.
#pragma once

#include <compare>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "domain/commit.hpp"
#include "projections/history.hpp"

namespace ringledger {

/// Where an event stands: its commit's offset and its index in it.
struct EventPlace {
  std::uint64_t offset = 0;
  std::size_t index = 0;
  auto operator<=>(const EventPlace&) const = default;
};

/// Which events: an empty `types` or `numbers` asks nothing.
struct EventFilter {
  AccountId account{};
  bool whole_account = false;             ///< all events, those of no workspace too
  std::vector<WorkspaceId> workspaces{};  ///< else those of these workspaces only
  std::vector<NumberId> numbers{};        ///< the event's subject
  std::vector<std::string> types{};
  std::uint64_t from = 0, to = std::numeric_limits<std::uint64_t>::max();  ///< offsets, both inclusive
};

using CommitAt = std::function<Result<std::shared_ptr<const Commit>>(std::uint64_t offset)>;

struct FoundEvent {
  EventPlace place;
  std::shared_ptr<const Commit> commit;
};

struct FeedSlice {
  std::vector<FoundEvent> events;
  EventPlace next;      ///< go on here
  bool at_end = false;  ///< nothing further matches now
};

/// The events from `start` on, in order, at most `limit`, from at most `most_commits` commits read.
Result<FeedSlice> read_feed(const ViewReader& history, const CommitAt& commit_at, const EventFilter& filter,
                            EventPlace start, std::size_t limit, std::size_t most_commits);

struct FeedTotal {
  std::uint64_t total = 0;
  bool exact = true;
};
/// How many match; not exact: at least that many. Counted to count_to, with a bounded effort.
Result<FeedTotal> count_feed(const ViewReader& history, const CommitAt& commit_at, const EventFilter& filter);

}  // namespace ringledger
