// The write path of the embedded log.
#include "adapters/embedded/group_writer.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr std::uint64_t reserve_step_bytes = 1024 * 1024;

std::size_t frame_size(const LogRecord& record) { return frame_prefix_bytes + record.payload.size(); }

/// Past the point where something may have been written a full disk is no longer a clean refusal.
Error outcome_unknown(Error error) {
  if (error.code == Code::read_only) error.code = Code::internal;
  return error;
}

Result<void> fill_new_segment(Disk& disk, const std::string& path, std::string_view content,
                              std::uint64_t reserve_bytes) {
  auto file = disk.open(path, Disk::Open::create);
  if (!file) return std::unexpected(std::move(file.error()));
  if (auto reserved = (*file)->preallocate(std::max<std::uint64_t>(reserve_bytes, content.size()));
      !reserved) {
    return reserved;
  }
  if (auto written = (*file)->write_at(0, content); !written) return written;
  return (*file)->sync();
}

}  // namespace

Result<void> create_segment(Disk& disk, const std::string& folder, const SegmentHeader& header,
                            std::string_view frames, std::uint64_t reserve_bytes) {
  std::string path = folder + "/" + segment_file_name(header.first_offset);
  std::string making = path + ".tmp";
  auto stale = disk.exists(making);
  if (!stale) return std::unexpected(std::move(stale.error()));
  if (*stale) {
    if (auto removed = disk.remove(making); !removed) return removed;
  }
  auto filled = fill_new_segment(disk, making, encode_header(header) + std::string(frames), reserve_bytes);
  if (!filled) {
    static_cast<void>(disk.remove(making));  // gives the space back; what is left over is removed next time
    return filled;
  }
  if (auto renamed = disk.rename(making, path); !renamed) return renamed;
  return disk.sync_folder(folder);
}

GroupWriter::GroupWriter(Disk& disk, std::string folder, WriterLimits limits, SegmentSet& segments,
                         HeadFile& head, std::function<Result<void>()> before_write)
    : disk_(disk),
      folder_(std::move(folder)),
      limits_(limits),
      segments_(segments),
      head_(head),
      before_write_(std::move(before_write)) {}

Result<void> GroupWriter::open() {
  auto segment = segments_.last();
  auto file = disk_.open(segment->path(), Disk::Open::existing);
  if (!file) return std::unexpected(std::move(file.error()));
  auto size = (*file)->size();
  if (!size) return std::unexpected(std::move(size.error()));
  file_ = std::move(*file);
  extent_ = segment->extent();
  capacity_ = std::max(limits_.segment_bytes, extent_.end.position);
  reserved_ = *size;
  return {};
}

Head GroupWriter::head() const {
  auto segment = segments_.last();
  Mark end = segment->extent().end;
  return {false, segment->header().epoch, segment->first_offset(), end.position, end.offset, end.seed};
}

Result<std::size_t> GroupWriter::write(std::span<LogRecord> group) {
  if (auto room = make_room(frame_size(group.front())); !room)
    return std::unexpected(std::move(room.error()));
  group = group.first(fitting(group));
  std::uint64_t end = extent_.end.position;
  for (const auto& record : group) end += frame_size(record);
  if (auto reserved = reserve(end); !reserved) return std::unexpected(std::move(reserved.error()));
  if (before_write_) {
    if (auto allowed = before_write_(); !allowed) return std::unexpected(std::move(allowed.error()));
  }
  if (auto written = write_and_sync(group); !written) {
    return std::unexpected(outcome_unknown(std::move(written.error())));
  }
  return group.size();
}

/// After it the first frame fits the current segment, and the head file names that segment.
Result<void> GroupWriter::make_room(std::size_t first_frame_bytes) {
  if (limits_.floor_free_bytes > 0) {
    auto free = disk_.free_bytes(folder_);
    if (!free) return std::unexpected(std::move(free.error()));
    if (*free < limits_.floor_free_bytes) {
      return fail(Code::read_only, "only " + std::to_string(*free) + " bytes are free in " + folder_ + ", " +
                                       std::to_string(limits_.floor_free_bytes) + " are the floor");
    }
  }
  bool full = extent_.end.position + first_frame_bytes > capacity_;
  if (full && extent_.records > 0) {
    if (auto rolled = roll(); !rolled) return rolled;
  }
  capacity_ = std::max(capacity_, extent_.end.position + first_frame_bytes);  // grows for one big record only
  if (head_.segment() == segments_.last()->first_offset()) return {};
  return head_.advance(head());
}

Result<void> GroupWriter::roll() {
  auto sealed = segments_.last();
  SegmentHeader header{extent_.end.offset, sealed->header().epoch, sealed->as_before()};
  std::uint64_t reserve_bytes = limits_.preallocate ? limits_.segment_bytes : 0;
  if (auto created = create_segment(disk_, folder_, header, {}, reserve_bytes); !created) return created;
  std::string path = folder_ + "/" + segment_file_name(header.first_offset);
  static_cast<void>(file_->truncate(extent_.end.position));  // only gives back what was reserved
  segments_.add(std::make_shared<Segment>(path, header));
  return open();
}

/// Blocks for all bytes up to `end`, so that the write cannot find the disk full.
Result<void> GroupWriter::reserve(std::uint64_t end) {
  std::uint64_t wanted = limits_.preallocate ? capacity_ : std::min(capacity_, end + reserve_step_bytes);
  if (reserved_ >= end) return {};
  if (auto reserved = file_->preallocate(wanted); !reserved) return reserved;
  reserved_ = wanted;
  return {};
}

std::size_t GroupWriter::fitting(std::span<const LogRecord> group) const {
  std::uint64_t end = extent_.end.position;
  std::size_t count = 0;
  for (; count < group.size(); ++count) {
    end += frame_size(group[count]);
    if (count > 0 && end > capacity_) break;
  }
  return count;
}

Result<void> GroupWriter::write_and_sync(std::span<LogRecord> group) {
  Extent extent = extent_;
  std::vector<Mark> marks;
  std::string bytes;
  for (auto& record : group) {
    record.offset = std::max(record.offset, extent.end.offset);
    extent.last_position = extent.end.position;
    std::uint32_t crc = append_frame(bytes, extent.end.seed, record, &record == &group.front());
    extent.end = {record.offset + 1, extent.end.position + frame_size(record), crc};
    ++extent.records;
    marks.push_back(extent.end);
  }
  if (auto written = file_->write_at(extent_.end.position, bytes); !written) return written;
  if (auto synced = file_->sync(); !synced) return synced;
  extent_ = extent;
  segments_.extend(extent, marks);
  return {};
}

}  // namespace ringledger
