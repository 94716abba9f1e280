// One segment of the log in memory: its place in the chain, how far it is durable, a sparse index into it;
// and the set of them, which is what readers see of the log.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/embedded/segment_format.hpp"
#include "commands/ports/disk.hpp"

namespace ringledger {

/// Reads frames one after another and checks that each continues the chain.
class FrameReader {
 public:
  enum class Step {
    record,
    end,
    bad
  };  ///< end: `limit`, or a zero len. bad: no frame that continues the chain
  /// Reads `file` from `start` up to byte `limit`.
  FrameReader(File& file, const Mark& start, std::uint64_t limit)
      : file_(file), next_(start), limit_(limit) {}
  /// Fails only when the disk does.
  Result<Step> next();
  /// The record just read; its payload is valid until the next call.
  [[nodiscard]] const Frame& frame() const { return frame_; }
  /// Where the record after it stands.
  [[nodiscard]] const Mark& mark() const { return next_; }

 private:
  Result<bool> fill(std::size_t bytes);
  [[nodiscard]] std::string_view buffered() const;

  File& file_;
  Mark next_;
  std::uint64_t limit_;
  Frame frame_;
  std::string buffer_;
  std::uint64_t buffer_at_ = 0;
};

/// How far a segment reaches.
struct Extent {
  Mark end;  ///< where the next record will stand
  std::uint64_t records = 0;
  std::uint64_t last_position = 0;  ///< where the last record begins; 0 when there is none
};

/// Thread-safe.
class Segment {
 public:
  Segment(std::string path, SegmentHeader header);
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const SegmentHeader& header() const { return header_; }
  [[nodiscard]] Offset first_offset() const { return header_.first_offset; }
  [[nodiscard]] Extent extent() const;
  void set_extent(const Extent& extent);
  /// Remembers a mark of every 64 KiB or so; marks may come in any order.
  void note(const Mark& mark);
  /// The last remembered mark at or before the record `offset`.
  [[nodiscard]] Mark nearest(Offset offset) const;
  /// What the header of the segment behind this one says of it.
  [[nodiscard]] SegmentBefore as_before() const;
  /// Appends to `out` the records in [from, limit) until it holds `max_bytes` of payload; true: there may
  /// be more in the next segment. `bytes` counts the payload.
  Result<bool> read(Disk& disk, Offset from, Offset limit, std::size_t max_bytes, std::size_t& bytes,
                    std::vector<LogRecord>& out);

 private:
  const std::string path_;
  const SegmentHeader header_;
  mutable std::mutex mutex_;
  Extent extent_;
  std::vector<Mark> marks_;  // ascending by position; the first is the header's end
};

/// The log's segments in order, and how far it is durable. Thread-safe.
class SegmentSet {
 public:
  explicit SegmentSet(Disk& disk) : disk_(disk) {}
  void add(std::shared_ptr<Segment> segment);
  /// The segment being written. REQUIRES: there is one.
  [[nodiscard]] std::shared_ptr<Segment> last() const;
  [[nodiscard]] std::size_t size() const;
  /// One past the last durable record.
  [[nodiscard]] Offset end() const;
  /// The last segment reaches further now.
  void extend(const Extent& extent, const std::vector<Mark>& marks);
  /// Durable records in [from, limit), at least one when there is one, up to `max_bytes` of payload.
  Result<std::vector<LogRecord>> read(Offset from, Offset limit, std::size_t max_bytes) const;

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Segment>> from(Offset offset) const;

  Disk& disk_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Segment>> segments_;
};

/// What every refusal of stored bytes says: file, byte, fault, and what to do.
Error damaged(const std::string& path, std::uint64_t position, const std::string& fault,
              const std::string& remedy);
inline constexpr const char* restore_remedy =
    "nothing was changed; restore the log's folder, all files of one moment, from a backup";

}  // namespace ringledger
