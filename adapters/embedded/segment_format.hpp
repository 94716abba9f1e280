// The bytes of a segment file: a header page that chains it to the segment before, then frames.
//
// Frame, little endian: len u32 | crc32c u32 | offset u64 | kind u8 | codec u8 | dict u16 | payload.
// `len` counts the bytes after the crc field, so it is never 0: a zero len in the preallocated rest of
// the file is the end of data. `crc` covers len and all after the crc field, seeded with the crc of the
// record before; the first record of all is seeded with the crc of the log's epoch. Bit 7 of codec marks
// the first record of a group: everything before it had been synced when it was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/ports/event_log.hpp"
#include "domain/result.hpp"

namespace ringledger {

inline constexpr std::size_t frame_prefix_bytes = 20;      ///< a frame without its payload
inline constexpr std::size_t segment_header_bytes = 4096;  ///< a page of its own
inline constexpr std::uint32_t segment_format_version = 1;
inline constexpr std::size_t max_epoch_bytes = 64;
inline constexpr std::uint8_t codec_raw = 0;  ///< the one codec so far: as is
inline constexpr std::uint8_t group_first_bit = 0x80;

/// The place between two records: where the next one stands and what its crc is seeded with.
struct Mark {
  Offset offset = 0;           ///< the next record's offset, or less (offsets may have gaps)
  std::uint64_t position = 0;  ///< in bytes from the start of the file
  std::uint32_t seed = 0;      ///< crc of the record before
  friend bool operator==(const Mark&, const Mark&) = default;
};

/// What a header says of the segment before; `exists` is false in the first segment of a log.
struct SegmentBefore {
  bool exists = false;
  Offset first_offset = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;          ///< header and frames
  std::uint64_t last_position = 0;  ///< where its last record begins
  std::uint32_t crc = 0;            ///< of its last record; of the epoch in the first segment
  friend bool operator==(const SegmentBefore&, const SegmentBefore&) = default;
};

struct SegmentHeader {
  Offset first_offset = 0;
  std::string epoch;
  SegmentBefore before;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
  [[nodiscard]] Mark start() const { return {first_offset, segment_header_bytes, before.crc}; }
};

/// One frame as it stands in a buffer; the payload is a view into it.
struct Frame {
  std::uint32_t crc = 0;
  Offset offset = 0;
  RecordKind kind = RecordKind::commit;
  bool first_of_group = false;
  std::string_view payload;
  [[nodiscard]] std::size_t bytes() const { return frame_prefix_bytes + payload.size(); }
  [[nodiscard]] LogRecord record() const { return {offset, kind, std::string(payload)}; }
};

/// "00000000000000000042.seg"
std::string segment_file_name(Offset first_offset);
/// The first offset; nullopt when it is not a segment's name.
std::optional<Offset> parse_segment_file_name(std::string_view name);

/// The seed of the first record of a log.
std::uint32_t epoch_seed(std::string_view epoch);

/// segment_header_bytes bytes. REQUIRES: epoch of 1 to max_epoch_bytes bytes.
std::string encode_header(const SegmentHeader& header);
/// Code::internal, saying why, when the bytes are no intact header of a version read here.
Result<SegmentHeader> decode_header(std::string_view bytes);

/// Appends a frame to `out`; returns its crc, the next one's seed.
std::uint32_t append_frame(std::string& out, std::uint32_t seed, const LogRecord& record,
                           bool first_of_group);

/// Bytes of the frame that begins at `bytes`; 0 when its len is 0 (end of data); nullopt when fewer than
/// 4 bytes are given or the len cannot be one.
std::optional<std::size_t> frame_bytes(std::string_view bytes);
/// The frame at the start of `bytes` if it is whole, its crc is right after `seed` and every field can
/// be read here.
std::optional<Frame> decode_frame(std::string_view bytes, std::uint32_t seed);

/// Where in `bytes` a frame begins that starts a group, by its fields only (its seed is lost): an offset
/// above `after` by at most 2^32, a len, kind, codec and dict that can be. JSON text, which holds no NUL,
/// is never taken for one.
std::optional<std::size_t> find_group_start(std::string_view bytes, Offset after);

}  // namespace ringledger
