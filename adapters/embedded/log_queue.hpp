// Records waiting for their group: bounded, taken in the order appended.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "commands/ports/event_log.hpp"

namespace ringledger {

struct WaitingRecord {
  NewRecord record;
  EventLog::Appended done;
};

/// Thread-safe.
class LogQueue {
 public:
  LogQueue(std::size_t max_bytes, std::size_t max_group_records, std::size_t max_group_bytes)
      : max_bytes_(max_bytes), max_group_records_(max_group_records), max_group_bytes_(max_group_bytes) {}
  /// Takes the record (leaving it empty), or says why not and leaves it whole. True: the caller must see to
  /// it that `next_group` is called; false: that is under way.
  Result<bool> push(WaitingRecord& waiting);
  /// The next group; empty, and then nothing is under way any more, when none waits.
  std::vector<WaitingRecord> next_group();
  /// Nothing is taken from now on: every push answers `why`.
  void refuse(Error why);
  [[nodiscard]] std::size_t bytes() const;

 private:
  const std::size_t max_bytes_;
  const std::size_t max_group_records_;
  const std::size_t max_group_bytes_;
  mutable std::mutex mutex_;
  std::deque<WaitingRecord> waiting_;
  std::size_t bytes_ = 0;
  bool under_way_ = false;
  std::optional<Error> refusal_;
};

}  // namespace ringledger
