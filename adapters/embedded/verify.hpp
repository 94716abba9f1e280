// Reading a whole log folder without opening it for writing: `ringledger log verify` and `log inspect`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "commands/ports/disk.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

struct LogVerifyReport {
  std::string epoch;
  std::uint64_t segments = 0;
  std::uint64_t logs = 0;        ///< records of kind log
  std::uint64_t claims = 0;      ///< records of kind claim
  std::uint64_t commits = 0;     ///< records of kind commit, counted or void
  Offset first = 0;              ///< offset of the first record
  Offset last = 0;               ///< offset of the last record
  std::uint64_t bytes = 0;       ///< of headers and records, without what is only reserved
  std::uint32_t crc = 0;         ///< of the last record, which is chained to all before it
  std::uint64_t torn_bytes = 0;  ///< never acknowledged, behind the last record; cut when the log is opened
  [[nodiscard]] std::uint64_t records() const { return logs + claims + commits; }
};

/// Reads every record of every segment and holds it to its checksum, the chain and the head file.
/// Changes nothing. Code::internal names the segment, the byte and the remedy; Code::not_found: no log there.
Result<LogVerifyReport> verify_log(Disk& disk, const std::string& folder);

/// One record and where it stands.
struct InspectedRecord {
  const LogRecord& record;
  const std::string& segment;  ///< path
  std::uint64_t position;      ///< in bytes
  std::uint32_t crc;
};

/// The same, and hands every record in order to `visit`; an error it returns ends the reading.
Result<LogVerifyReport> inspect_log(Disk& disk, const std::string& folder,
                                    const std::function<Result<void>(const InspectedRecord&)>& visit);

/// Writes a lost or damaged head file anew after a full verification without one. Takes the log's lock.
/// Without the head a log that lost its last records cannot be told from a whole one: only for an operator
/// who knows the segments are complete (`ringledger log verify --rebuild-head`).
Result<LogVerifyReport> rebuild_head(Disk& disk, const std::string& folder);

}  // namespace ringledger
