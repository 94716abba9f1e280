// What `ringledger log copy` copies: the commits of a log that count, in order; a part of them, or several
// logs as one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "commands/ports/event_log.hpp"

namespace ringledger::offline {

/// Commits that count, in order. `next`: some from `from` on and where to go on; none at the end. Begun at 0,
/// then each time at the `next` of the call before; may be begun again.
struct CopySource {
  struct Stretch {
    std::vector<LogRecord> commits;
    Offset next = 0;
  };
  std::function<Result<Stretch>(Offset from)> next;
};

/// What a copy keeps of a commit. Code::internal: it was not written by Ringledger.
Result<std::string_view> kept_part(const LogRecord& record);

/// The commits that `log` can read, but for the void ones.
CopySource counted_of(EventLog& log, std::function<bool(Offset)> is_void);
/// Those of the accounts that live in this partition of so many.
CopySource of_partition(CopySource all, std::uint32_t partition, std::uint32_t partitions);
/// All of all, by log time, each source's in its own order: an account has all its commits in one. The same
/// sources give the same order, and what comes behind all of them later comes last.
CopySource merged(std::vector<CopySource> sources);

/// What is compared at the end.
struct CopySums {
  std::uint64_t commits = 0;
  std::string hash;  ///< chained SHA-256, hex, of what a copy keeps of each commit
  friend bool operator==(const CopySums&, const CopySums&) = default;
};
/// Over a whole log.
Result<CopySums> sums_of(const CopySource& source);

}  // namespace ringledger::offline
