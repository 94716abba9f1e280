// Ids: Crockford base32, order by time, the slot that routes them.
#include "domain/ids.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

TEST_CASE("an id of zeros is 26 zeros, an id of ones begins with 7") {
  RawId ones;
  ones.bytes.fill(0xFF);
  CHECK(encode_base32(RawId{}) == "00000000000000000000000000");
  CHECK(encode_base32(ones) == "7zzzzzzzzzzzzzzzzzzzzzzzzz");
  CHECK(decode_base32("7zzzzzzzzzzzzzzzzzzzzzzzzz") == ones);
}

TEST_CASE("base32 follows Crockford's alphabet, most significant digit first") {
  RawId last;
  last.bytes[15] = 0x1F;
  CHECK(encode_base32(last) == "0000000000000000000000000z");
  last.bytes[15] = 0x20;
  CHECK(encode_base32(last) == "00000000000000000000000010");
  // The example of the ULID specification: 01ARZ3NDEKTSV4RRFFQ69G5FAV.
  RawId ulid{
      {0x01, 0x56, 0x3E, 0x3A, 0xB5, 0xD3, 0xD6, 0x76, 0x4C, 0x61, 0xEF, 0xB9, 0x93, 0x02, 0xBD, 0x5B}};
  CHECK(encode_base32(ulid) == "01arz3ndektsv4rrffq69g5fav");
  CHECK(decode_base32("01ARZ3NDEKTSV4RRFFQ69G5FAV") == ulid);
}

TEST_CASE("what is not 26 digits of 128 bits is no id") {
  for (auto text :
       {"", "0", "0000000000000000000000000", "000000000000000000000000000", "80000000000000000000000000",
        "0000000000000000000000000i", "0000000000000000000000000l", "0000000000000000000000000o",
        "0000000000000000000000000u", "0000000000000-000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base32(text));
  }
}

TEST_CASE("ids sort by time, as bytes and as text") {
  auto early = RawId::make(1'700'000'000'000, 0xFFFF, ~0ULL), late = RawId::make(1'700'000'000'001, 0, 0);
  CHECK(early < late);
  CHECK(encode_base32(early) < encode_base32(late));
}

TEST_CASE("an id carries its time and its account's slot") {
  auto made = RawId::make(0xFFFF'1234'5678'9ABC, 0xBEEF, 0x0102030405060708);
  CHECK(made.ms() == 0x1234'5678'9ABC);
  CHECK(made.slot() == 0xBEEF);
  CHECK(made.bytes[8] == 1);
  CHECK(made.bytes[15] == 8);
}

TEST_CASE("an id's text has its own prefix and no other noun's") {
  NumberId number{RawId::make(1, 2, 3)};
  CHECK(NumberId::parse(number.to_string()) == number);
  CHECK_FALSE(CampaignId::parse(number.to_string()));
  CHECK_FALSE(NumberId::parse("num_"));
  CHECK_FALSE(NumberId::parse("Num_" + encode_base32(number.raw)));
  CHECK(number.to_string().starts_with("num_"));
}
