#include "api/copy_report.hpp"

#include <fmt/format.h>

#include "adapters/json/json_reader.hpp"
#include "adapters/json/json_writer.hpp"
#include "adapters/system/system_clock.hpp"

namespace ringledger::offline {
namespace {

std::string report_path(const std::string& dir) { return dir + "/copy-report.json"; }

}  // namespace

CopyReport report_of(std::string from, std::string to, const std::vector<CopySums>& sums) {
  CopyReport report{std::move(from), std::move(to), SystemClock().now(), {}};
  for (const auto& part : sums)
    report.partitions.push_back(
        {static_cast<std::int64_t>(report.partitions.size()), part.commits, part.hash});
  return report;
}

Result<void> keep_report(Disk& disk, const std::string& dir, const CopyReport& report) {
  return replace_file(disk, report_path(dir), json::to_text(report) + "\n");
}

Result<CopyReport> kept_report(Disk& disk, const std::string& dir) {
  auto text = read_file(disk, report_path(dir));
  if (!text) return std::unexpected(text.error());
  return json::from_stored_text<CopyReport>(*text);
}

std::string in_words(const CopyReport& report) {
  std::uint64_t commits = 0;
  for (const auto& part : report.partitions) commits += part.commits;
  if (report.partitions.size() == 1)
    return fmt::format("{} commits copied; both sides have hash {}", commits, report.partitions[0].hash);
  auto words = fmt::format("{} commits copied to {} partitions", commits, report.partitions.size());
  for (const auto& part : report.partitions)
    words += fmt::format("\npartition {}: {} commits; both sides have hash {}", part.partition, part.commits,
                         part.hash);
  return words;
}

}  // namespace ringledger::offline
