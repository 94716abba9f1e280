// What a copy came to, for the operator's audit: printed, and kept in the data folder (`copy-report.json`).
#pragma once

#include <string>
#include <vector>

#include "api/copy_source.hpp"
#include "commands/ports/disk.hpp"
#include "domain/described.hpp"
#include "domain/values.hpp"

namespace ringledger::offline {

/// What was compared of one partition, and is equal on both sides.
struct CopiedPartition {
  std::int64_t partition = 0;
  std::uint64_t commits = 0;
  std::string hash;  ///< as in CopySums
  RL_FIELDS(CopiedPartition, partition, commits, hash);
};

struct CopyReport {
  std::string from, to;  ///< a data folder, or kafka://…
  Timestamp copied_at;
  std::vector<CopiedPartition> partitions;  ///< of the target
  RL_FIELDS(CopyReport, from, to, copied_at, partitions);
};

/// Of now.
CopyReport report_of(std::string from, std::string to, const std::vector<CopySums>& sums);
/// In `dir`, durable; one of an earlier copy is replaced.
Result<void> keep_report(Disk& disk, const std::string& dir, const CopyReport& report);
Result<CopyReport> kept_report(Disk& disk, const std::string& dir);
std::string in_words(const CopyReport& report);

}  // namespace ringledger::offline
