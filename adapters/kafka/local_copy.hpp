// The records of a shared log that count, kept in segment files of the embedded format: what views, feeds,
// history and the offline commands read. It is a copy: what is short, torn or damaged is fetched again.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/embedded/group_writer.hpp"
#include "adapters/embedded/log_folder.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

/// In the folder of a copy: what it is a copy of. A folder without it holds a log of its own.
inline constexpr std::string_view copy_of_file_name = "copy_of";

/// What `of` says of a partition.
std::string copied_partition(const std::string& topic, std::int32_t partition);

/// A folder that is a copy of something else, or a log of its own, is refused (Code::internal says what to
/// do). True: it is empty, or not there.
Result<bool> check_copy_of(Disk& disk, const std::string& folder, const std::string& of);

class LocalCopy {
 public:
  struct Options {
    std::string folder;
    std::uint64_t segment_bytes = 64 * 1024 * 1024;
    std::uint64_t floor_free_bytes = 0;  ///< below it nothing is kept
    std::string of;                      ///< the log it copies, in words
    std::string epoch;                   ///< of that log
    std::string first_record;            ///< its first record that counts
  };
  /// A copy of another log, or a log of its own, in the folder is refused (Code::internal says what to do). A
  /// damaged copy is thrown away: `discarded` says why.
  static Result<std::unique_ptr<LocalCopy>> open(Disk& disk, Options options);

  /// The records at `end()` and after it, in order, each with its offset; those before are passed over.
  /// Blocks; one caller at a time. Code::read_only: nothing was written, a later try may succeed.
  Result<void> keep(const std::vector<LogRecord>& counted);
  Result<std::vector<LogRecord>> read(Offset from, std::size_t max_bytes) const;
  /// One past the last record kept.
  [[nodiscard]] Offset end() const { return segments_->end(); }
  [[nodiscard]] const std::string& discarded() const { return discarded_; }
  /// Head file, lock. Nothing is kept from now on.
  Result<void> close();

 private:
  LocalCopy(Disk& disk, const Options& options, OpenedFolder opened);

  std::shared_ptr<void> lock_;
  std::string discarded_;
  std::mutex writing_;
  bool closed_ = false;
  std::unique_ptr<SegmentSet> segments_;
  HeadFile head_;
  GroupWriter writer_;
};

}  // namespace ringledger
