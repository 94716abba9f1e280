// Examination of a log folder and the mending of its tail.
#include "adapters/embedded/recovery.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr std::size_t copy_bytes = 1024 * 1024;

std::string text(std::uint64_t n) { return std::to_string(n); }

struct Examination {
  Disk& disk;
  const std::string& folder;
  const std::optional<Head>& head;
  const VisitRecord& visit;
  LogFacts facts;
};

Result<std::unique_ptr<File>> open_segment(Disk& disk, const std::string& path) {
  return disk.open(path, Disk::Open::existing);
}

/// Headers of all segments, each intact, of this log and under its own name.
Result<void> read_headers(Examination& e, const std::vector<Offset>& offsets) {
  for (Offset offset : offsets) {
    std::string path = e.folder + "/" + segment_file_name(offset);
    auto file = open_segment(e.disk, path);
    if (!file) return std::unexpected(std::move(file.error()));
    auto bytes = (*file)->read_at(0, segment_header_bytes);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    auto header = decode_header(*bytes);
    if (!header) return std::unexpected(damaged(path, 0, header.error().detail, restore_remedy));
    const std::string& epoch = e.head                     ? e.head->epoch
                               : e.facts.segments.empty() ? header->epoch
                                                          : e.facts.segments.front()->header().epoch;
    if (header->epoch != epoch) {
      return std::unexpected(
          damaged(path, 0, "it belongs to log " + header->epoch + ", this folder holds log " + epoch,
                  "move the foreign file away and restore the right one from a backup"));
    }
    if (header->first_offset != offset) {
      return std::unexpected(damaged(
          path, 0, "it begins with record " + text(header->first_offset) + " by its header, not by its name",
          "give the file its own name back"));
    }
    e.facts.segments.push_back(std::make_shared<Segment>(path, std::move(*header)));
  }
  return {};
}

/// Every segment names the one before it, and the head's is there.
Result<void> check_chain(Examination& e) {
  const auto& segments = e.facts.segments;
  const SegmentHeader& first = segments.front()->header();
  if (first.before.exists) {
    return std::unexpected(damaged(e.folder + "/" + segment_file_name(first.before.first_offset), 0,
                                   "the file is missing: " + segments.front()->path() + " continues it",
                                   restore_remedy));
  }
  if (first.before.crc != epoch_seed(first.epoch)) {
    return std::unexpected(
        damaged(segments.front()->path(), 0, "its header does not fit its epoch", restore_remedy));
  }
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const SegmentBefore& before = segments[i]->header().before;
    if (!before.exists || before.first_offset != segments[i - 1]->first_offset()) {
      return std::unexpected(damaged(e.folder + "/" + segment_file_name(before.first_offset), 0,
                                     "the file is missing: " + segments[i]->path() + " continues it",
                                     restore_remedy));
    }
  }
  if (!e.head) return {};
  bool there =
      std::ranges::any_of(segments, [&](const auto& s) { return s->first_offset() == e.head->segment; });
  if (there) return {};
  return std::unexpected(
      damaged(e.folder + "/" + segment_file_name(e.head->segment), 0,
              "the file is missing: the head file says the log goes on in it up to record " +
                  text(e.head->end) + " (not included)",
              restore_remedy));
}

/// A sealed segment is as long as the next one says, and ends with the record it says.
Result<void> check_sealed(Examination& e, Segment& segment, const SegmentHeader& next) {
  const SegmentBefore& said = next.before;
  auto file = open_segment(e.disk, segment.path());
  if (!file) return std::unexpected(std::move(file.error()));
  auto size = (*file)->size();
  if (!size) return std::unexpected(std::move(size.error()));
  if (*size < said.bytes) {
    return std::unexpected(damaged(segment.path(), *size,
                                   "the file was cut short: " + text(said.bytes) + " bytes were written",
                                   restore_remedy));
  }
  auto last = (*file)->read_at(said.last_position, 8);
  if (!last) return std::unexpected(std::move(last.error()));
  std::string expected_crc;
  for (unsigned i = 0; i < 4; ++i) expected_crc += static_cast<char>(said.crc >> (8 * i) & 0xFFU);
  bool same = last->size() == 8 && frame_bytes(*last) == said.bytes - said.last_position &&
              last->ends_with(expected_crc);
  if (!same) {
    return std::unexpected(damaged(segment.path(), said.last_position,
                                   "its last record is not the one that segment " +
                                       segment_file_name(next.first_offset) +
                                       " continues: an older copy, or damage",
                                   restore_remedy));
  }
  segment.set_extent({{next.first_offset, said.bytes, said.crc}, said.records, said.last_position});
  return {};
}

/// Reads records up to `limit` or the first that does not continue the chain; true: the head's record was
/// met.
Result<bool> scan(Examination& e, File& file, Segment& segment, std::uint64_t limit, Extent& extent) {
  bool is_head = e.head && e.head->segment == segment.first_offset();
  bool met = false;
  FrameReader reader(file, segment.header().start(), limit);
  while (true) {
    const Mark& mark = reader.mark();
    extent.end = mark;
    if (is_head && mark.position == e.head->position)
      met = mark.seed == e.head->crc && mark.offset == e.head->end;
    auto step = reader.next();
    if (!step) return std::unexpected(std::move(step.error()));
    if (*step != FrameReader::Step::record) return !is_head || met;
    segment.note(reader.mark());
    extent.last_position = extent.end.position;
    ++extent.records;
    if (e.visit) {
      if (auto visited = e.visit(reader.frame(), segment, extent.end.position); !visited) {
        return std::unexpected(std::move(visited.error()));
      }
    }
  }
}

Error behind_head(const Examination& e, const Segment& segment, const Extent& extent) {
  std::string reached = "record " + text(extent.end.offset) +
                        " is missing or does not match its checksum, but the "
                        "head file says that records up to " +
                        text(e.head->end) +
                        " (not included) were durable: "
                        "damage, a shortened file, or an older copy";
  if (extent.end.position >= e.head->position)
    reached = "its records are not those the head file knows: another history";
  return damaged(segment.path(), extent.end.position, reached, restore_remedy);
}

Result<void> scan_sealed(Examination& e, Segment& segment) {
  Extent said = segment.extent();
  auto file = open_segment(e.disk, segment.path());
  if (!file) return std::unexpected(std::move(file.error()));
  Extent found;
  auto met = scan(e, **file, segment, said.end.position, found);
  if (!met) return std::unexpected(std::move(met.error()));
  if (found.end.position != said.end.position) {
    return std::unexpected(damaged(segment.path(), found.end.position,
                                   "the record there does not match its checksum", restore_remedy));
  }
  if (!*met) return std::unexpected(behind_head(e, segment, found));
  if (found.records == said.records && found.end.seed == said.end.seed && found.end.offset <= said.end.offset)
    return {};
  return std::unexpected(
      damaged(segment.path(), found.end.position,
              "it holds " + text(found.records) + " records, " + text(said.records) + " were written",
              restore_remedy));
}

/// Bytes of [from, size) up to the last that is not zero; refuses when a later group stands among them.
Result<std::uint64_t> judge_rest(File& file, const Segment& segment, const Mark& end) {
  auto size = file.size();
  if (!size) return std::unexpected(std::move(size.error()));
  std::uint64_t torn = 0;
  std::string window;
  for (std::uint64_t at = end.position; at < *size;) {
    auto read = file.read_at(at, static_cast<std::size_t>(std::min<std::uint64_t>(copy_bytes, *size - at)));
    if (!read) return std::unexpected(std::move(read.error()));
    if (read->empty()) break;
    auto last = read->find_last_not_of('\0');
    if (last != std::string::npos) torn = at + last + 1 - end.position;
    std::size_t kept =
        std::min(window.size(), frame_prefix_bytes - 1);  // a frame may begin in the part before
    window = window.substr(window.size() - kept) + *read;
    std::size_t skip = at == end.position ? 1 : 0;  // the torn record itself may be the first of its group
    auto later = find_group_start(std::string_view(window).substr(skip), end.offset);
    if (later) {
      std::uint64_t position = at - kept + skip + *later;
      return std::unexpected(
          damaged(segment.path(), end.position,
                  "record " + text(end.offset) +
                      " does not match its checksum, yet a group of later records stands at byte " +
                      text(position) + ", so it had been durable",
                  restore_remedy));
    }
    at += read->size();
  }
  return torn;
}

Result<void> scan_last(Examination& e, Segment& segment) {
  auto file = open_segment(e.disk, segment.path());
  if (!file) return std::unexpected(std::move(file.error()));
  auto size = (*file)->size();
  if (!size) return std::unexpected(std::move(size.error()));
  Extent found;
  auto met = scan(e, **file, segment, *size, found);
  if (!met) return std::unexpected(std::move(met.error()));
  if (!*met) return std::unexpected(behind_head(e, segment, found));
  auto torn = judge_rest(**file, segment, found.end);
  if (!torn) return std::unexpected(std::move(torn.error()));
  segment.set_extent(found);
  e.facts.torn_bytes = *torn;
  bool is_head = e.head && e.head->segment == segment.first_offset();
  e.facts.proven_position = is_head ? e.head->position : segment_header_bytes;
  return {};
}

/// Writes what is kept once more: the same bytes, so a crash in between changes nothing.
Result<void> rewrite(File& file, std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    auto bytes = file.read_at(from, static_cast<std::size_t>(std::min<std::uint64_t>(copy_bytes, to - from)));
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    if (bytes->empty()) return fail(Code::internal, "the log segment became shorter while it was opened");
    if (auto written = file.write_at(from, *bytes); !written) return written;
    from += bytes->size();
  }
  return {};
}

}  // namespace

Result<std::vector<Offset>> list_segments(Disk& disk, const std::string& folder) {
  auto names = disk.list(folder);
  if (!names) return std::unexpected(std::move(names.error()));
  std::vector<Offset> offsets;
  for (const auto& name : *names) {
    if (!name.ends_with(".seg")) continue;
    auto offset = parse_segment_file_name(name);
    if (!offset) {
      return std::unexpected(
          damaged(folder + "/" + name, 0, "this is no segment's name", "move the file away"));
    }
    offsets.push_back(*offset);
  }
  std::ranges::sort(offsets);
  return offsets;
}

Result<std::optional<Head>> read_known_head(Disk& disk, const std::string& folder) {
  const std::string remedy =
      "; restore it with the segments of the same moment, or, when these are known to be "
      "complete, write it anew with `ringledger log verify --rebuild-head`";
  auto head = read_head(disk, folder);
  if (!head && head.error().code == Code::internal) head.error().detail += remedy;
  if (!head || head->has_value()) return head;
  auto segments = list_segments(disk, folder);
  if (!segments) return std::unexpected(std::move(segments.error()));
  if (segments->empty()) return head;
  return fail(Code::internal, "log folder " + folder + ": the head file is missing, though segment " +
                                  segment_file_name(segments->back()) + " is there" + remedy);
}

Result<LogFacts> examine_log(Disk& disk, const std::string& folder, const std::optional<Head>& head,
                             Depth depth, const VisitRecord& visit) {
  auto offsets = list_segments(disk, folder);
  if (!offsets) return std::unexpected(std::move(offsets.error()));
  if (offsets->empty()) {
    return fail(Code::internal, "log folder " + folder +
                                    ": no segment is there, though the head file says that the log "
                                    "holds records up to " +
                                    text(head ? head->end : 0) + " (not included); " + restore_remedy);
  }
  Examination e{disk, folder, head, visit, {}};
  e.facts.head = head.value_or(Head{});
  if (auto read = read_headers(e, *offsets); !read) return std::unexpected(std::move(read.error()));
  if (auto checked = check_chain(e); !checked) return std::unexpected(std::move(checked.error()));
  auto& segments = e.facts.segments;
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    auto checked = check_sealed(e, *segments[i], segments[i + 1]->header());
    if (checked && (depth == Depth::all || (head && segments[i]->first_offset() >= head->segment))) {
      checked = scan_sealed(e, *segments[i]);
    }
    if (!checked) return std::unexpected(std::move(checked.error()));
  }
  if (auto scanned = scan_last(e, *segments.back()); !scanned)
    return std::unexpected(std::move(scanned.error()));
  return std::move(e.facts);
}

Result<void> mend_tail(Disk& disk, const LogFacts& facts) {
  const Segment& segment = *facts.segments.back();
  std::uint64_t end = segment.extent().end.position;
  bool unproven = end > facts.proven_position;
  if (facts.torn_bytes == 0 && !unproven) return {};
  auto file = open_segment(disk, segment.path());
  if (!file) return std::unexpected(std::move(file.error()));
  if (facts.torn_bytes > 0) {
    if (auto cut = (*file)->truncate(end); !cut) return cut;
  }
  if (unproven) {
    if (auto written = rewrite(**file, facts.proven_position, end); !written) return written;
  }
  return (*file)->sync();
}

}  // namespace ringledger
