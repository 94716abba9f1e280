// `ringledger log …`: reading a stopped folder's log, making a Kafka one.
#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "adapters/embedded/verify.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/kafka/kafka_create.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/system_random.hpp"
#include "api/key_engine.hpp"
#include "api/log_engine.hpp"
#include "api/offline.hpp"
#include "api/offline_folder.hpp"
#include "api/random_name.hpp"

namespace ringledger::offline {
namespace {

void tell(const LogVerifyReport& report) {
  fmt::print("{} records in {} segments, {} bytes, offsets {} to {}, epoch {}, crc {:08x}\n",
             report.records(), report.segments, report.bytes, report.first, report.last, report.epoch,
             report.crc);
  if (report.torn_bytes > 0) {
    fmt::print("{} bytes of a torn tail, never acknowledged; cut at the next start\n", report.torn_bytes);
  }
}

}  // namespace

/// All partitions are read before anything is told: the first line is about all.
int log_verify(const std::string& data, bool rebuild) {
  PosixDisk disk;
  auto partitions = count_kept_partitions(disk, data);
  if (!partitions) return failed(partitions.error());
  std::vector<LogVerifyReport> reports;
  std::uint64_t commits = 0;
  for (std::uint32_t p = 0; p < *partitions; ++p) {
    const auto folder = partition_folder(data + "/log", p, *partitions);
    auto report = rebuild ? rebuild_head(disk, folder) : verify_log(disk, folder);
    if (!report) return failed(report.error());
    commits += report->commits;
    reports.push_back(std::move(*report));
  }
  fmt::print("{} commits\n", commits);
  for (std::uint32_t p = 0; p < *partitions; ++p) {
    tell_partition(p, *partitions);
    tell(reports[p]);
  }
  return 0;
}

int log_create(const Config& config, std::int32_t partitions) {
  auto settings = kafka_settings(config);
  if (!settings) return failed(settings.error());
  SystemRandom random;
  LogHeader header{"log_" + random_name(random), "ins_" + random_name(random),
                   static_cast<std::uint32_t>(partitions)};
  auto made = create_kafka_log(*settings, partitions, json::encode_header(header));
  if (!made) return failed(made.error());
  if (auto ok = make_keys_topic(config); !ok) return failed(ok.error());
  if (*made)
    fmt::print("topic {} is a log now: epoch {}, {} partitions\n", settings->topic, header.epoch, partitions);
  else
    fmt::print("topic {} is a log already; its settings are right\n", settings->topic);
  return 0;
}

int log_inspect(const std::string& data, bool payloads) {
  PosixDisk disk;
  auto partitions = count_kept_partitions(disk, data);
  if (!partitions) return failed(partitions.error());
  for (std::uint32_t p = 0; p < *partitions; ++p) {
    tell_partition(p, *partitions);
    const auto folder = partition_folder(data + "/log", p, *partitions);
    auto report = inspect_log(disk, folder, [&](const InspectedRecord& r) -> Result<void> {
      fmt::print("{} {} {}@{} {} bytes crc {:08x}{}{}\n", r.record.offset, text_of(r.record.kind), r.segment,
                 r.position, r.record.payload.size(), r.crc, payloads ? " " : "",
                 payloads ? r.record.payload : "");
      return {};
    });
    if (!report) return failed(report.error());
  }
  return 0;
}

}  // namespace ringledger::offline
