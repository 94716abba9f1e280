// Reading segments: the frame reader, the sparse index, and reads that span segments.
#include "adapters/embedded/segment.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;
constexpr std::uint64_t index_step_bytes = 64 * 1024;
constexpr std::size_t max_read_bytes = 64 * 1024 * 1024;  // whatever the caller asks for

}  // namespace

Error damaged(const std::string& path, std::uint64_t position, const std::string& fault,
              const std::string& remedy) {
  return Error{Code::internal,
               "log segment " + path + " at byte " + std::to_string(position) + ": " + fault + "; " + remedy,
               ""};
}

std::string_view FrameReader::buffered() const {
  return std::string_view(buffer_).substr(static_cast<std::size_t>(next_.position - buffer_at_));
}

/// True when the buffer holds `bytes` from the next record on; false when the file is shorter.
Result<bool> FrameReader::fill(std::size_t bytes) {
  bool inside = next_.position >= buffer_at_ && next_.position <= buffer_at_ + buffer_.size();
  if (inside && buffered().size() >= bytes) return true;
  std::uint64_t wanted = std::min<std::uint64_t>(std::max(bytes, chunk_bytes), limit_ - next_.position);
  auto read = file_.read_at(next_.position, static_cast<std::size_t>(wanted));
  if (!read) return std::unexpected(std::move(read.error()));
  buffer_ = std::move(*read);
  buffer_at_ = next_.position;
  return buffer_.size() >= bytes;
}

Result<FrameReader::Step> FrameReader::next() {
  if (next_.position > limit_ || limit_ - next_.position < 4) return Step::end;
  auto filled = fill(4);
  if (!filled) return std::unexpected(std::move(filled.error()));
  if (!*filled) return Step::bad;
  auto size = frame_bytes(buffered());
  if (size == 0) return Step::end;
  if (!size || *size > limit_ - next_.position) return Step::bad;
  filled = fill(*size);
  if (!filled) return std::unexpected(std::move(filled.error()));
  auto frame = *filled ? decode_frame(buffered(), next_.seed) : std::nullopt;
  if (!frame || frame->offset < next_.offset) return Step::bad;
  frame_ = *frame;
  next_ = {frame->offset + 1, next_.position + *size, frame->crc};
  return Step::record;
}

Segment::Segment(std::string path, SegmentHeader header)
    : path_(std::move(path)), header_(std::move(header)) {
  extent_.end = header_.start();
  marks_.push_back(header_.start());
}

Extent Segment::extent() const {
  std::lock_guard lock(mutex_);
  return extent_;
}

void Segment::set_extent(const Extent& extent) {
  std::lock_guard lock(mutex_);
  extent_ = extent;
}

void Segment::note(const Mark& mark) {
  std::lock_guard lock(mutex_);
  if (mark.position >= marks_.back().position + index_step_bytes) marks_.push_back(mark);
}

Mark Segment::nearest(Offset offset) const {
  std::lock_guard lock(mutex_);
  auto above = std::ranges::upper_bound(marks_, offset, {}, &Mark::offset);
  return above == marks_.begin() ? marks_.front() : *std::prev(above);
}

SegmentBefore Segment::as_before() const {
  std::lock_guard lock(mutex_);
  return {true,
          header_.first_offset,
          extent_.records,
          extent_.end.position,
          extent_.last_position,
          extent_.end.seed};
}

Result<bool> Segment::read(Disk& disk, Offset from, Offset limit, std::size_t max_bytes, std::size_t& bytes,
                           std::vector<LogRecord>& out) {
  std::uint64_t end = extent().end.position;
  auto file = disk.open(path_, Disk::Open::existing);
  if (!file) return std::unexpected(std::move(file.error()));
  FrameReader reader(**file, nearest(from), end);
  while (reader.mark().position < end) {
    std::uint64_t position = reader.mark().position;
    auto step = reader.next();
    if (!step) return std::unexpected(std::move(step.error()));
    if (*step != FrameReader::Step::record) {
      return std::unexpected(
          damaged(path_, position, "the record there does not match its checksum", restore_remedy));
    }
    note(reader.mark());
    const Frame& frame = reader.frame();
    if (frame.offset < from) continue;
    if (frame.offset >= limit) return false;
    if (!out.empty() && bytes + frame.payload.size() > max_bytes) return false;
    bytes += frame.payload.size();
    out.push_back(frame.record());
  }
  return bytes < max_bytes;
}

void SegmentSet::add(std::shared_ptr<Segment> segment) {
  std::lock_guard lock(mutex_);
  segments_.push_back(std::move(segment));
}

std::shared_ptr<Segment> SegmentSet::last() const {
  std::lock_guard lock(mutex_);
  return segments_.back();
}

std::size_t SegmentSet::size() const {
  std::lock_guard lock(mutex_);
  return segments_.size();
}

Offset SegmentSet::end() const {
  std::lock_guard lock(mutex_);
  return segments_.empty() ? 0 : segments_.back()->extent().end.offset;
}

void SegmentSet::extend(const Extent& extent, const std::vector<Mark>& marks) {
  auto segment = last();
  for (const auto& mark : marks) segment->note(mark);
  segment->set_extent(extent);
}

std::vector<std::shared_ptr<Segment>> SegmentSet::from(Offset offset) const {
  std::lock_guard lock(mutex_);
  auto above =
      std::ranges::upper_bound(segments_, offset, {}, [](const auto& s) { return s->first_offset(); });
  auto first = above == segments_.begin() ? above : std::prev(above);
  return {first, segments_.end()};
}

Result<std::vector<LogRecord>> SegmentSet::read(Offset from_offset, Offset limit,
                                                std::size_t max_bytes) const {
  max_bytes = std::min(max_bytes, max_read_bytes);
  std::vector<LogRecord> out;
  std::size_t bytes = 0;
  if (from_offset >= std::min(limit, end())) return out;
  for (const auto& segment : from(from_offset)) {
    if (segment->first_offset() >= limit) break;
    auto more = segment->read(disk_, from_offset, limit, max_bytes, bytes, out);
    if (!more) {
      if (out.empty()) return std::unexpected(std::move(more.error()));
      break;  // hand out what is whole; the next read meets the damage first and says so
    }
    if (!*more) break;
  }
  return out;
}

}  // namespace ringledger
