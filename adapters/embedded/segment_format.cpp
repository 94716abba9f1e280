// Encoding and decoding of segment headers and frames.
#include "adapters/embedded/segment_format.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/embedded/crc32c.hpp"

namespace ringledger {
namespace {

constexpr std::string_view magic{"RLSEG\r\n\x1a", 8};
constexpr std::size_t crc_field_end = 8;                                  // len and crc
constexpr std::size_t fields_bytes = frame_prefix_bytes - crc_field_end;  // offset, kind, codec, dict
constexpr Offset max_offset_step = Offset{1} << 32U;  // what a search takes for a later record
constexpr std::size_t header_crc_at = segment_header_bytes - 4;

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    auto byte = static_cast<T>(static_cast<unsigned char>(bytes[at + i]));
    value = static_cast<T>(value | static_cast<T>(byte << (8 * i)));
  }
  return value;
}

bool is_kind(std::uint8_t kind) { return kind >= 1 && kind <= 3; }

/// crc over len and everything after the crc field.
std::uint32_t frame_crc(std::string_view frame, std::uint32_t seed) {
  return crc32c(crc32c(seed, frame.substr(0, 4)), frame.substr(crc_field_end));
}

}  // namespace

std::string segment_file_name(Offset first_offset) {
  std::string digits = std::to_string(first_offset);
  return std::string(20 - digits.size(), '0') + digits + ".seg";
}

std::optional<Offset> parse_segment_file_name(std::string_view name) {
  if (name.size() != 24 || !name.ends_with(".seg")) return std::nullopt;
  Offset value = 0;
  for (char c : name.substr(0, 20)) {
    if (c < '0' || c > '9') return std::nullopt;
    auto digit = static_cast<Offset>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::uint32_t epoch_seed(std::string_view epoch) { return crc32c(0, epoch); }

std::string encode_header(const SegmentHeader& header) {
  std::string out(magic);
  put<std::uint32_t>(out, segment_format_version);
  put<std::uint32_t>(out, static_cast<std::uint32_t>(header.epoch.size()));
  put<std::uint64_t>(out, header.first_offset);
  put<std::uint64_t>(out, header.before.exists ? 1 : 0);
  put<std::uint64_t>(out, header.before.first_offset);
  put<std::uint64_t>(out, header.before.records);
  put<std::uint64_t>(out, header.before.bytes);
  put<std::uint64_t>(out, header.before.last_position);
  put<std::uint32_t>(out, header.before.crc);
  out += header.epoch;
  out.resize(header_crc_at, '\0');
  put<std::uint32_t>(out, crc32c(0, out));
  return out;
}

Result<SegmentHeader> decode_header(std::string_view bytes) {
  if (bytes.size() < segment_header_bytes) return fail(Code::internal, "its header is cut short");
  if (!bytes.starts_with(magic)) return fail(Code::internal, "its header does not begin as a segment's does");
  if (crc32c(0, bytes.substr(0, header_crc_at)) != get<std::uint32_t>(bytes, header_crc_at)) {
    return fail(Code::internal, "its header does not match its checksum");
  }
  auto version = get<std::uint32_t>(bytes, 8);
  if (version != segment_format_version) {
    return fail(Code::internal, "it has format version " + std::to_string(version) + ", this program reads " +
                                    std::to_string(segment_format_version));
  }
  auto epoch_size = get<std::uint32_t>(bytes, 12);
  if (epoch_size == 0 || epoch_size > max_epoch_bytes) return fail(Code::internal, "its header has no epoch");
  SegmentHeader header;
  header.first_offset = get<std::uint64_t>(bytes, 16);
  header.before.exists = get<std::uint64_t>(bytes, 24) != 0;
  header.before.first_offset = get<std::uint64_t>(bytes, 32);
  header.before.records = get<std::uint64_t>(bytes, 40);
  header.before.bytes = get<std::uint64_t>(bytes, 48);
  header.before.last_position = get<std::uint64_t>(bytes, 56);
  header.before.crc = get<std::uint32_t>(bytes, 64);
  header.epoch = std::string(bytes.substr(68, epoch_size));
  return header;
}

std::uint32_t append_frame(std::string& out, std::uint32_t seed, const LogRecord& record,
                           bool first_of_group) {
  std::size_t begin = out.size();
  put<std::uint32_t>(out, static_cast<std::uint32_t>(fields_bytes + record.payload.size()));
  put<std::uint32_t>(out, 0);
  put<std::uint64_t>(out, record.offset);
  put<std::uint8_t>(out, static_cast<std::uint8_t>(record.kind));
  put<std::uint8_t>(out, first_of_group ? codec_raw | group_first_bit : codec_raw);
  put<std::uint16_t>(out, 0);
  out += record.payload;
  std::uint32_t crc = frame_crc(std::string_view(out).substr(begin), seed);
  std::string crc_bytes;
  put<std::uint32_t>(crc_bytes, crc);
  out.replace(begin + 4, 4, crc_bytes);
  return crc;
}

std::optional<std::size_t> frame_bytes(std::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  auto len = get<std::uint32_t>(bytes, 0);
  if (len == 0) return 0;
  if (len < fields_bytes || len > fields_bytes + max_payload_bytes) return std::nullopt;
  return crc_field_end + len;
}

std::optional<Frame> decode_frame(std::string_view bytes, std::uint32_t seed) {
  auto size = frame_bytes(bytes);
  if (!size || *size == 0 || *size > bytes.size()) return std::nullopt;
  bytes = bytes.substr(0, *size);
  Frame frame;
  frame.crc = get<std::uint32_t>(bytes, 4);
  if (frame_crc(bytes, seed) != frame.crc) return std::nullopt;
  frame.offset = get<std::uint64_t>(bytes, 8);
  auto kind = get<std::uint8_t>(bytes, 16);
  auto codec = get<std::uint8_t>(bytes, 17);
  if (!is_kind(kind) || (codec & ~group_first_bit) != codec_raw || get<std::uint16_t>(bytes, 18) != 0) {
    return std::nullopt;
  }
  frame.kind = static_cast<RecordKind>(kind);
  frame.first_of_group = (codec & group_first_bit) != 0;
  frame.payload = bytes.substr(frame_prefix_bytes);
  return frame;
}

std::optional<std::size_t> find_group_start(std::string_view bytes, Offset after) {
  constexpr char marked = static_cast<char>(codec_raw | group_first_bit);
  constexpr std::size_t mark_at = 17;
  for (std::size_t at = 0; at + frame_prefix_bytes <= bytes.size(); ++at) {
    const void* found = std::memchr(bytes.data() + at + mark_at, marked, bytes.size() - at - mark_at);
    if (found == nullptr) return std::nullopt;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) - mark_at;
    if (at + frame_prefix_bytes > bytes.size()) return std::nullopt;
    if (!is_kind(get<std::uint8_t>(bytes, at + 16)) || get<std::uint16_t>(bytes, at + 18) != 0) continue;
    auto size = frame_bytes(bytes.substr(at));
    auto offset = get<std::uint64_t>(bytes, at + 8);
    if (size && *size > 0 && offset > after && offset - after <= max_offset_step) return at;
  }
  return std::nullopt;
}

}  // namespace ringledger
