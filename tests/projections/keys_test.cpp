// Keys sort as the values they hold.
#include "projections/keys.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace ringledger {
namespace {

using namespace std::string_literals;

TEST_CASE("integers in keys sort as integers, negative ones first") {
  std::vector<std::int64_t> values = {std::numeric_limits<std::int64_t>::min(), -256, -1, 0, 1, 255, 256,
                                      std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 1; i < values.size(); ++i) {
    CHECK(KeyBuilder().i64(values[i - 1]).done() < KeyBuilder().i64(values[i]).done());
    CHECK(KeyReader(KeyBuilder().i64(values[i]).view()).i64() == values[i]);
  }
  CHECK(KeyBuilder().u64(255).done() < KeyBuilder().u64(256).done());
  CHECK(KeyBuilder().u32(7).done() == "\0\0\0\7"s);
}

TEST_CASE("texts in keys sort as texts whatever follows them, zero bytes included") {
  std::vector<std::string> texts = {"",      "\0"s,  "\0\0"s, "\0a"s, "\1"s, "a",   "a\0"s,
                                    "a\0b"s, "a\1"s, "aa",    "ab",   "b",   "\xff"};
  REQUIRE(std::is_sorted(texts.begin(), texts.end()));
  for (const auto& a : texts) {
    for (const auto& b : texts) {
      auto ka = KeyBuilder().text(a).raw("\xff").done();
      auto kb = KeyBuilder().text(b).raw("\0"s).done();
      if (a != b) CHECK((ka < kb) == (a < b));
    }
    auto key = KeyBuilder().text(a).u32(5).done();
    KeyReader reader(key);
    CHECK(reader.text() == a);
    CHECK(reader.u32() == 5);
    CHECK(reader.ok());
  }
}

TEST_CASE("a key that ends too early reads as not ok and empty") {
  KeyReader reader("\0\0\1"s);
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.byte() == '\0');
  KeyReader unended("abc");
  CHECK(unended.text().empty());
  CHECK_FALSE(unended.ok());
}

TEST_CASE("the end of a prefix is after all that starts with it, and before all else") {
  CHECK(after_prefix("ab") == "ac");
  CHECK(after_prefix("a\xff\xff") == "b");
  CHECK(after_prefix("\xff\xff") == "");
  CHECK(after_prefix("") == "");
}

TEST_CASE("hex says bytes and refuses everything else") {
  CHECK(to_hex("\0\xff\x1a"s) == "00ff1a");
  CHECK(from_hex("00ff1a") == "\0\xff\x1a"s);
  CHECK_FALSE(from_hex("0").has_value());
  CHECK_FALSE(from_hex("0G").has_value());
  CHECK_FALSE(from_hex("0A").has_value());
}

TEST_CASE("digits and lower case are taken from any text") {
  CHECK(digits_of("+1 (415) 555-01") == "141555501");
  CHECK(lower_ascii("Ärger ÀB Zz") == "Ärger Àb zz");
}

}  // namespace
}  // namespace ringledger
