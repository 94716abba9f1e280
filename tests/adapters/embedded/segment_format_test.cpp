// The bytes of segments and of the head file.
#include "adapters/embedded/segment_format.hpp"

#include <doctest/doctest.h>

#include "adapters/embedded/crc32c.hpp"
#include "adapters/embedded/head_file.hpp"

namespace ringledger::test {
namespace {

SegmentHeader some_header() { return {42, "epoch-x", {true, 7, 35, 12345, 12000, 0xDEADBEEF}}; }

TEST_CASE("crc32c is the published one, by instruction and by table") {
  CHECK(crc32c(0, "123456789") == 0xE3069283);
  CHECK(crc32c_by_table(0, "123456789") == 0xE3069283);
  CHECK(crc32c(crc32c(0, "1234"), "56789") == 0xE3069283);
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(crc32c(77, bytes) == crc32c_by_table(77, bytes));
    bytes += static_cast<char>(i * 37);
  }
}

TEST_CASE("a segment's name is its first offset in 20 digits and nothing else") {
  CHECK(segment_file_name(42) == "00000000000000000042.seg");
  CHECK(parse_segment_file_name("00000000000000000042.seg") == 42);
  CHECK(parse_segment_file_name(segment_file_name(UINT64_MAX)) == UINT64_MAX);
  for (auto name :
       {"18446744073709551616.seg", "42.seg", "0000000000000000004x.seg", "00000000000000000042.tmp", ""}) {
    CHECK_FALSE(parse_segment_file_name(name).has_value());
  }
}

TEST_CASE("a segment header reads back, and no changed byte of it goes unseen") {
  std::string bytes = encode_header(some_header());
  REQUIRE(bytes.size() == segment_header_bytes);
  CHECK(decode_header(bytes) == some_header());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    CHECK_FALSE(decode_header(changed).has_value());
  }
  CHECK_FALSE(decode_header(bytes.substr(1)).has_value());
}

TEST_CASE("a frame reads back after its own predecessor only, and no changed byte of it goes unseen") {
  for (std::size_t size : {0UZ, 1UZ, 300UZ}) {
    std::string bytes;
    LogRecord record{9, RecordKind::claim, std::string(size, 'p')};
    std::uint32_t crc = append_frame(bytes, 5, record, true);
    REQUIRE(bytes.size() == frame_prefix_bytes + size);
    auto frame = decode_frame(bytes, 5);
    REQUIRE(frame.has_value());
    CHECK(frame->record() == record);
    CHECK(frame->crc == crc);
    CHECK(frame->first_of_group);
    CHECK_FALSE(decode_frame(bytes, 6).has_value());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string changed = bytes + std::string(300, '\0');
      changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
      CHECK_FALSE(decode_frame(changed, 5).has_value());
      CHECK_FALSE(decode_frame(bytes.substr(0, i), 5).has_value());
    }
  }
}

TEST_CASE("the bytes of a frame are a contract") {
  std::string bytes;
  append_frame(bytes, 0, {0x0102030405060708, RecordKind::commit, "{}"}, false);
  CHECK(bytes.substr(0, 4) == std::string("\x0e\0\0\0", 4));
  CHECK(bytes.substr(8) == std::string("\x08\x07\x06\x05\x04\x03\x02\x01\x03\0\0\0{}", 14));
}

TEST_CASE("the start of a later group is found at any place, the middle of a group is not") {
  for (std::size_t before : {0UZ, 1UZ, 19UZ, 20UZ, 1000UZ}) {
    std::string bytes(before, '\0');
    append_frame(bytes, 123, {101, RecordKind::commit, "{}"}, true);
    CHECK(find_group_start(bytes, 100) == before);
    CHECK_FALSE(find_group_start(bytes, 101).has_value());
    std::string inside(before, '\0');
    append_frame(inside, 123, {101, RecordKind::commit, "{}"}, false);
    CHECK_FALSE(find_group_start(inside, 100).has_value());
  }
}

TEST_CASE("the head file reads back, and no changed, missing or added byte goes unseen") {
  Head head{false, "epoch-x", 4096, 987654, 5000, 0xFFFFFFFF};
  std::string text = encode_head(head);
  CHECK(decode_head(text) == head);
  CHECK(decode_head(encode_head({true, "e", 0, 0, 0, 0}))->creating);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      CHECK_FALSE(decode_head(changed).has_value());
    }
    CHECK_FALSE(decode_head(text.substr(0, i)).has_value());
  }
  CHECK_FALSE(decode_head(text + "\n").has_value());
}

}  // namespace
}  // namespace ringledger::test
