#include "adapters/kafka/local_copy.hpp"

#include <algorithm>

namespace ringledger {
namespace {

LogFolderOptions folder_options(const LocalCopy::Options& options) {
  return {options.folder, options.segment_bytes, true, true, options.epoch, options.first_record};
}

/// Made a copy's folder when it is empty.
Result<void> claim_folder(Disk& disk, const LocalCopy::Options& options) {
  if (auto made = disk.make_folders(options.folder); !made) return made;
  auto empty = check_copy_of(disk, options.folder, options.of);
  if (!empty) return std::unexpected(empty.error());
  if (!*empty) return {};
  return replace_file(disk, options.folder + "/" + std::string(copy_of_file_name), options.of + "\n");
}
/// Everything but what the folder is.
Result<void> clear(Disk& disk, const std::string& folder) {
  auto names = disk.list(folder);
  if (!names) return std::unexpected(names.error());
  for (const auto& name : *names) {
    if (name == copy_of_file_name || name == lock_file_name) continue;
    if (auto removed = disk.remove(folder + "/" + name); !removed) return removed;
  }
  return disk.sync_folder(folder);
}

}  // namespace

std::string copied_partition(const std::string& topic, std::int32_t partition) {
  return "partition " + std::to_string(partition) + " of Kafka topic " + topic;
}

Result<bool> check_copy_of(Disk& disk, const std::string& folder, const std::string& of) {
  auto said = read_file(disk, folder + "/" + std::string(copy_of_file_name));
  if (said && *said == of + "\n") return false;
  if (said) {
    return fail(Code::internal, folder + " is a copy of " + said->substr(0, said->find('\n')) + ", not of " +
                                    of + "; use another data.dir for another log");
  }
  if (said.error().code != Code::not_found) return std::unexpected(said.error());
  auto segments = list_segments(disk, folder);
  if (!segments) return std::unexpected(segments.error());
  if (!segments->empty()) {
    return fail(Code::internal, folder + " holds a log of its own, not a copy of " + of +
                                    "; use another data.dir, or move it with `ringledger log copy`");
  }
  return true;
}

LocalCopy::LocalCopy(Disk& disk, const Options& options, OpenedFolder opened)
    : lock_(std::move(opened.lock)),
      segments_(std::make_unique<SegmentSet>(disk)),
      head_(disk, options.folder),
      writer_(disk, options.folder, {options.segment_bytes, true, options.floor_free_bytes}, *segments_,
              head_, nullptr) {
  head_.assume(opened.facts.head);
  for (auto& segment : opened.facts.segments) segments_->add(std::move(segment));
}

Result<std::unique_ptr<LocalCopy>> LocalCopy::open(Disk& disk, Options options) {
  if (auto ok = claim_folder(disk, options); !ok) return std::unexpected(ok.error());
  auto opened = open_log_folder(disk, folder_options(options));
  std::string discarded;
  if (!opened && opened.error().code == Code::internal) {
    discarded = opened.error().detail;
  } else if (opened && opened->facts.segments.back()->header().epoch != options.epoch) {
    return fail(Code::internal,
                options.folder + " is a copy of log " + opened->facts.segments.back()->header().epoch +
                    ", but " + options.of + " is log " + options.epoch +
                    " now: that topic was made anew. Restore it, or begin with another data.dir");
  }
  if (!discarded.empty()) {
    if (auto ok = clear(disk, options.folder); !ok) return std::unexpected(ok.error());
    opened = open_log_folder(disk, folder_options(options));
  }
  if (!opened) return std::unexpected(opened.error());
  std::unique_ptr<LocalCopy> copy(new LocalCopy(disk, options, std::move(*opened)));
  copy->discarded_ = std::move(discarded);
  if (auto ready = copy->writer_.open(); !ready) return std::unexpected(ready.error());
  return copy;
}

Result<void> LocalCopy::keep(const std::vector<LogRecord>& counted) {
  std::lock_guard lock(writing_);
  if (closed_) return fail(Code::not_writer, "the log's local copy is closed");
  std::vector<LogRecord> news;
  std::ranges::copy_if(counted, std::back_inserter(news), [&](const auto& r) { return r.offset >= end(); });
  for (std::span<LogRecord> rest(news); !rest.empty();) {
    auto written = writer_.write(rest);
    if (!written) return std::unexpected(written.error());
    rest = rest.subspan(*written);
  }
  return {};
}

Result<std::vector<LogRecord>> LocalCopy::read(Offset from, std::size_t max_bytes) const {
  return segments_->read(from, UINT64_MAX, max_bytes);
}

Result<void> LocalCopy::close() {
  std::lock_guard lock(writing_);
  if (std::exchange(closed_, true)) return {};
  auto advanced = head_.advance(writer_.head());
  writer_.release();
  head_.retire();
  lock_.reset();
  return advanced;
}

}  // namespace ringledger
