// Opening a log's folder: creation that a crash cannot leave half done, examination, the mended tail.
#include "adapters/embedded/log_folder.hpp"

#include <algorithm>

#include "adapters/embedded/group_writer.hpp"

namespace ringledger {
namespace {

bool is_epoch(std::string_view text) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= max_epoch_bytes &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Makes the log's files: a head that says so, the first segment with its record, then the real head. Until
/// that one is there nothing was ever acknowledged, and a next open begins anew.
Result<Head> create_log(Disk& disk, const LogFolderOptions& options) {
  if (!is_epoch(options.new_epoch)) {
    return fail(Code::validation_failed, "a new log needs an epoch of 1 to 64 characters of [A-Za-z0-9_-]");
  }
  if (options.first_record.size() > max_payload_bytes)
    return fail(Code::too_large, "the log's first record is too large");
  SegmentHeader header{0, options.new_epoch, {}};
  header.before.crc = epoch_seed(options.new_epoch);
  std::string frames;
  std::uint32_t crc =
      append_frame(frames, header.before.crc, {0, RecordKind::log, options.first_record}, true);
  std::string head_path = options.folder + "/" + std::string(head_file_name);
  Head creating{true, options.new_epoch, 0, 0, 0, 0};
  Head ready{false, options.new_epoch, 0, segment_header_bytes + frames.size(), 1, crc};
  auto done = replace_file(disk, head_path, encode_head(creating));
  if (done)
    done =
        create_segment(disk, options.folder, header, frames, options.preallocate ? options.segment_bytes : 0);
  if (done) done = replace_file(disk, head_path, encode_head(ready));
  if (!done) return std::unexpected(std::move(done.error()));
  return ready;
}

/// A creation that a crash cut short left at most the first segment; more than that is no such thing.
Result<void> check_unfinished(Disk& disk, const std::string& folder) {
  auto segments = list_segments(disk, folder);
  if (!segments) return std::unexpected(std::move(segments.error()));
  bool untouched = segments->empty() || (segments->size() == 1 && segments->front() == 0);
  if (untouched && !segments->empty()) {
    std::uint64_t records = 0;
    auto count = [&](const Frame&, const Segment&, std::uint64_t) -> Result<void> {
      return ++records, Result<void>{};
    };
    auto facts = examine_log(disk, folder, std::nullopt, Depth::all, count);
    untouched = facts && records == 1 && facts->torn_bytes == 0;
  }
  if (untouched) return {};
  return fail(
      Code::internal,
      "log folder " + folder +
          ": the head file says that the log was never finished, yet it "
          "holds more than its first record: the head file is an old copy; restore it, or write it anew with "
          "`ringledger log verify --rebuild-head`");
}

Result<void> remove_leftovers(Disk& disk, const std::string& folder) {
  auto names = disk.list(folder);
  if (!names) return std::unexpected(std::move(names.error()));
  for (const auto& name : *names) {
    if (!name.ends_with(".seg.tmp")) continue;
    if (auto removed = disk.remove(folder + "/" + name); !removed) return removed;
  }
  return {};
}

}  // namespace

Result<OpenedFolder> open_log_folder(Disk& disk, const LogFolderOptions& options) {
  if (auto made = disk.make_folders(options.folder); !made) return std::unexpected(std::move(made.error()));
  auto lock = disk.lock(options.folder + "/" + std::string(lock_file_name));
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto head = read_known_head(disk, options.folder);
  if (!head) return std::unexpected(std::move(head.error()));
  bool unfinished = head->has_value() && (*head)->creating;
  if (unfinished) {
    if (auto checked = check_unfinished(disk, options.folder); !checked)
      return std::unexpected(std::move(checked.error()));
  }
  OpenedFolder opened;
  opened.lock = std::move(*lock);
  if (unfinished || !head->has_value()) {
    if (!options.create_if_absent) return fail(Code::not_found, "no log in folder " + options.folder);
    auto created = create_log(disk, options);
    if (!created) return std::unexpected(std::move(created.error()));
    *head = std::move(*created);
    opened.created = true;
  }
  auto facts = examine_log(disk, options.folder, *head, Depth::tail);
  if (!facts) return std::unexpected(std::move(facts.error()));
  if (auto mended = mend_tail(disk, *facts); !mended) return std::unexpected(std::move(mended.error()));
  opened.facts = std::move(*facts);
  if (auto removed = remove_leftovers(disk, options.folder); !removed)
    return std::unexpected(std::move(removed.error()));
  // A name whose folder could not be synced before is seen, and would still be lost with the power.
  if (auto synced = disk.sync_folder(options.folder); !synced)
    return std::unexpected(std::move(synced.error()));
  return opened;
}

}  // namespace ringledger
