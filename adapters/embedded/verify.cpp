// Full verification of a log folder, by the same examination that opening uses.
#include "adapters/embedded/verify.hpp"

#include "adapters/embedded/recovery.hpp"

namespace ringledger {
namespace {

using Visit = std::function<Result<void>(const InspectedRecord&)>;

void count(LogVerifyReport& report, const Frame& frame) {
  if (report.records() == 0) report.first = frame.offset;
  report.last = frame.offset;
  report.crc = frame.crc;
  switch (frame.kind) {
    case RecordKind::log:
      ++report.logs;
      break;
    case RecordKind::claim:
      ++report.claims;
      break;
    case RecordKind::commit:
      ++report.commits;
      break;
    case RecordKind::foreign:
      break;  // is never stored
  }
}

Result<LogFacts> examine_all(Disk& disk, const std::string& folder, const std::optional<Head>& head,
                             LogVerifyReport& report, const Visit& visit) {
  auto see = [&](const Frame& frame, const Segment& segment, std::uint64_t position) -> Result<void> {
    count(report, frame);
    if (!visit) return {};
    LogRecord record = frame.record();
    return visit({record, segment.path(), position, frame.crc});
  };
  auto facts = examine_log(disk, folder, head, Depth::all, see);
  if (!facts) return facts;
  report.epoch = facts->segments.front()->header().epoch;
  report.segments = facts->segments.size();
  report.torn_bytes = facts->torn_bytes;
  for (const auto& segment : facts->segments) report.bytes += segment->extent().end.position;
  return facts;
}

/// Code::not_found when there is neither a head nor a segment.
Result<void> must_be_log(Disk& disk, const std::string& folder, bool has_head) {
  auto segments = list_segments(disk, folder);
  if (!segments) return std::unexpected(std::move(segments.error()));
  if (segments->empty() && !has_head) return fail(Code::not_found, "no log in folder " + folder);
  return {};
}

}  // namespace

Result<LogVerifyReport> inspect_log(Disk& disk, const std::string& folder, const Visit& visit) {
  auto head = read_known_head(disk, folder);
  if (!head) return std::unexpected(std::move(head.error()));
  if (auto is = must_be_log(disk, folder, head->has_value()); !is)
    return std::unexpected(std::move(is.error()));
  if (head->has_value() && (*head)->creating)
    return fail(Code::not_found, "the log in " + folder + " was never finished");
  LogVerifyReport report;
  auto facts = examine_all(disk, folder, *head, report, visit);
  if (!facts) return std::unexpected(std::move(facts.error()));
  return report;
}

Result<LogVerifyReport> verify_log(Disk& disk, const std::string& folder) {
  return inspect_log(disk, folder, nullptr);
}

Result<LogVerifyReport> rebuild_head(Disk& disk, const std::string& folder) {
  auto lock = disk.lock(folder + "/" + std::string(lock_file_name));
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (auto is = must_be_log(disk, folder, false); !is) return std::unexpected(std::move(is.error()));
  LogVerifyReport report;
  auto facts = examine_all(disk, folder, std::nullopt, report, nullptr);
  if (!facts) return std::unexpected(std::move(facts.error()));
  if (report.records() == 0) return fail(Code::internal, "the log in " + folder + " holds no record");
  if (auto mended = mend_tail(disk, *facts); !mended) return std::unexpected(std::move(mended.error()));
  const Segment& last = *facts->segments.back();
  Mark end = last.extent().end;
  Head head{false, report.epoch, last.first_offset(), end.position, end.offset, end.seed};
  auto written = replace_file(disk, folder + "/" + std::string(head_file_name), encode_head(head));
  if (!written) return std::unexpected(std::move(written.error()));
  return report;
}

}  // namespace ringledger
