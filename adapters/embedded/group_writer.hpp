// Writes groups of records: room first (so that a full disk is met before anything is written), then one
// write and one sync. Rolls to a new segment when the current one is full.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "adapters/embedded/head_file.hpp"
#include "adapters/embedded/segment.hpp"

namespace ringledger {

struct WriterLimits {
  std::uint64_t segment_bytes = 0;     ///< a record never spans segments; a bigger one gets a bigger segment
  bool preallocate = true;             ///< the whole segment at once; else step by step
  std::uint64_t floor_free_bytes = 0;  ///< below it nothing is written
};

/// A new segment file with its header and, when given, its first frames: after a crash it is there whole
/// or not at all. `reserve_bytes` of it are preallocated. Code::read_only when the disk is full.
Result<void> create_segment(Disk& disk, const std::string& folder, const SegmentHeader& header,
                            std::string_view frames, std::uint64_t reserve_bytes);

/// Not thread-safe: one caller at a time.
class GroupWriter {
 public:
  GroupWriter(Disk& disk, std::string folder, WriterLimits limits, SegmentSet& segments, HeadFile& head,
              std::function<Result<void>()> before_write);
  /// Opens the last segment for writing.
  Result<void> open();
  /// Makes the first records of `group` durable: as many as fit the segment, at least one. Each gets the next
  /// offset, or keeps the higher one it has (a copy has gaps). Returns how many. Code::read_only: nothing was
  /// written, and a later try may succeed. Any other error: unknown what is on the disk; never call again.
  Result<std::size_t> write(std::span<LogRecord> group);
  /// What the head file should say now.
  [[nodiscard]] Head head() const;
  /// Of the files; from now on nothing can be written.
  void release() { file_.reset(); }

 private:
  Result<void> make_room(std::size_t first_frame_bytes);
  Result<void> roll();
  Result<void> reserve(std::uint64_t end);
  Result<void> write_and_sync(std::span<LogRecord> group);
  [[nodiscard]] std::size_t fitting(std::span<const LogRecord> group) const;

  Disk& disk_;
  const std::string folder_;
  const WriterLimits limits_;
  SegmentSet& segments_;
  HeadFile& head_;
  std::function<Result<void>()> before_write_;
  std::unique_ptr<File> file_;
  Extent extent_;               // of the segment being written
  std::uint64_t capacity_ = 0;  // of it
  std::uint64_t reserved_ = 0;  // of it
};

}  // namespace ringledger
