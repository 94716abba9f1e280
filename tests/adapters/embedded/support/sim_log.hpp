// An embedded log on a simulated disk and scheduler, with a ledger of what it acknowledged.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/embedded/embedded_log.hpp"
#include "adapters/embedded/verify.hpp"
#include "adapters/simulation/sim_disk.hpp"
#include "adapters/simulation/sim_scheduler.hpp"

namespace ringledger::test {

/// Every file's bytes by path.
using DiskImage = std::map<std::string, std::string>;
inline const std::string log_folder = "/data/log";

inline DiskImage image_of(Disk& disk) {
  DiskImage image;
  auto names = disk.list(log_folder);
  REQUIRE(names.has_value());
  for (const auto& name : *names) {
    auto content = read_file(disk, log_folder + "/" + name);
    REQUIRE(content.has_value());
    image[log_folder + "/" + name] = *content;
  }
  return image;
}

inline void put_image(Disk& disk, const DiskImage& image) {
  REQUIRE(disk.make_folders(log_folder).has_value());
  for (const auto& [path, content] : image) {
    auto file = disk.open(path, Disk::Open::create);
    REQUIRE(file.has_value());
    REQUIRE((*file)->truncate(0).has_value());
    REQUIRE((*file)->write_at(0, content).has_value());
    REQUIRE((*file)->sync().has_value());
  }
  REQUIRE(disk.sync_folder(log_folder).has_value());
}

class SimLog {
 public:
  explicit SimLog(std::uint64_t seed = 1) : disk(seed), scheduler(seed) {
    options.folder = log_folder;
    options.segment_bytes = 16 * 1024;
    options.new_epoch = "epoch-" + std::to_string(seed);
    options.first_record = "{\"log\":" + std::to_string(seed) + "}";
    options.on_fatal = [this](Error e) { fatal.push_back(std::move(e)); };
  }
  explicit SimLog(const DiskImage& image, std::uint64_t seed = 1) : SimLog(seed) { put_image(disk, image); }

  Result<void> open() {
    log.reset();
    auto opened = EmbeddedLog::open(disk, options, scheduler.executor("log"), scheduler.executor("tail"));
    if (!opened) return std::unexpected(opened.error());
    log = std::move(*opened);
    return {};
  }
  void must_open() {
    auto opened = open();
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
  }
  /// Queues one commit; its fate is noted once `settle` ran.
  void append(const std::string& payload) {
    log->append({RecordKind::commit, payload, {}}, [this, payload](Result<void> r) {
      if (r) {
        acknowledged.push_back(payload);
      } else {
        refused.push_back(r.error());
      }
    });
  }
  void settle() {
    scheduler.run_until([] { return false; }, 100'000);
  }
  /// Queues and settles `count` commits, one group each or all together.
  void fill(int count, std::size_t size = 100, bool one_by_one = true) {
    for (int i = 0; i < count; ++i) {
      std::string payload = "{\"n\":" + std::to_string(filled_++) + "}";
      payload.resize(std::max(size, payload.size()), ' ');
      append(payload);
      if (one_by_one) run_log();
    }
    run_log();
  }
  /// Runs what is runnable, without letting time pass.
  void run_log() { scheduler.run_for(0, 100'000); }
  /// As kill -9: the process is gone, the disk's cache is not.
  void kill() {
    log.reset();
    scheduler.drop_all();
  }
  void power_cut() {
    disk.crash();
    kill();
  }

  /// Payloads of all commits that can be read; the error of the first read that fails.
  Result<std::vector<std::string>> commits(std::size_t step_bytes = 64 * 1024) {
    std::vector<std::string> payloads;
    for (Offset from = 0; from < log->end();) {
      auto records = log->read(from, step_bytes);
      if (!records) return std::unexpected(records.error());
      REQUIRE_FALSE(records->empty());
      for (const auto& record : *records) {
        if (record.kind == RecordKind::commit) payloads.push_back(record.payload);
      }
      from = records->back().offset + 1;
    }
    return payloads;
  }
  std::vector<std::string> segment_paths() {
    std::vector<std::string> paths;
    for (const auto& [path, content] : image_of(disk)) {
      if (path.ends_with(".seg")) paths.push_back(path);
    }
    return paths;
  }

  SimDisk disk;
  SimScheduler scheduler;
  EmbeddedLog::Options options;
  std::unique_ptr<EmbeddedLog> log;
  std::vector<std::string> acknowledged;
  std::vector<Error> refused;
  std::vector<Error> fatal;

 private:
  int filled_ = 0;
};

}  // namespace ringledger::test
