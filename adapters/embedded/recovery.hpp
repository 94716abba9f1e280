// What a log folder holds, judged when it is opened or verified. Only a torn tail, which was never
// acknowledged, may be cut; every other fault is refused with the segment, the byte and the remedy.
//
// How the two are told apart: the head file names a record that was durable, and a mark in the first record
// of each group says that all before it were. So a record that does not continue the chain is a torn tail
// only when it stands behind the head and no later group follows. What no single machine can see: the whole
// folder, head included, replaced by an older copy of itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/embedded/head_file.hpp"
#include "adapters/embedded/segment.hpp"

namespace ringledger {

/// tail: from the segment the head names, of those before only headers, sizes and last records.
enum class Depth { tail, all };

/// A record where it stands; an error ends the examination and is handed on.
using VisitRecord = std::function<Result<void>(const Frame&, const Segment&, std::uint64_t position)>;

struct LogFacts {
  Head head;
  std::vector<std::shared_ptr<Segment>> segments;  ///< at least one; extents set
  std::uint64_t torn_bytes = 0;  ///< in the last segment, behind its extent, up to the last that is not zero
  std::uint64_t proven_position =
      0;  ///< in the last segment; records behind it may be in the page cache only
};

/// First offsets of the segments in the folder, ascending. Code::internal for a `.seg` file of another name.
Result<std::vector<Offset>> list_segments(Disk& disk, const std::string& folder);

/// nullopt: neither head nor segment is there. Code::internal, with the remedy, when the head file is
/// damaged, or missing beside segments.
Result<std::optional<Head>> read_known_head(Disk& disk, const std::string& folder);

/// Changes nothing. `head` nullopt: none is known, every record is then only held to the chain.
Result<LogFacts> examine_log(Disk& disk, const std::string& folder, const std::optional<Head>& head,
                             Depth depth, const VisitRecord& visit = nullptr);

/// Cuts the torn tail and makes what is kept behind `proven_position` durable (after a failed fsync pages
/// can look written and not be). Returns when all is synced; may be repeated after a crash.
Result<void> mend_tail(Disk& disk, const LogFacts& facts);

}  // namespace ringledger
