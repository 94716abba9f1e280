// Strong values: times, phone numbers, money, personal and secret data.
#include "domain/values.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

TEST_CASE("times are written in UTC with milliseconds") {
  CHECK(to_rfc3339({0}) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339({1'795'253'400'007}) == "2026-11-21T09:30:00.007Z");
  CHECK(to_rfc3339({-1}) == "1969-12-31T23:59:59.999Z");
  CHECK(to_rfc3339({951'782'400'000}) == "2000-02-29T00:00:00.000Z");
}

TEST_CASE("times are read with Z or an offset, and any fraction") {
  CHECK(parse_rfc3339("2026-11-21T09:30:00.007Z") == Timestamp{1'795'253'400'007});
  CHECK(parse_rfc3339("2026-11-21t10:30:00+01:00") == Timestamp{1'795'253'400'000});
  CHECK(parse_rfc3339("2026-11-21T04:00:00-05:30") == Timestamp{1'795'253'400'000});
  CHECK(parse_rfc3339("2026-11-21T09:30:00.5z") == Timestamp{1'795'253'400'500});
  CHECK(parse_rfc3339("2026-11-21T09:30:00.123456789Z") == Timestamp{1'795'253'400'123});
}

TEST_CASE("what is no RFC 3339 time is refused") {
  for (auto text : {"", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21 09:30:00Z", "2026-13-01T00:00:00Z",
                    "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z",
                    "2026-11-21T09:30:60Z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00.1234567890Z",
                    "2026-11-21T09:30:00+0100", "2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00Zx",
                    "2026/11/21T09:30:00Z", "+026-11-21T09:30:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("every written time reads back to itself") {
  for (std::int64_t ms = -3'000'000'000'000; ms < 9'000'000'000'000; ms += 12'345'678'901) {
    CHECK(parse_rfc3339(to_rfc3339({ms})) == Timestamp{ms});
  }
}

TEST_CASE("a time that its offset puts outside the years 0000 to 9999 is refused, as no text could hold it") {
  CHECK(parse_rfc3339("9999-12-31T23:59:59.999Z") == last_timestamp);
  CHECK(parse_rfc3339("0000-01-01T00:00:00Z") == first_timestamp);
  CHECK(parse_rfc3339(to_rfc3339(last_timestamp)) == last_timestamp);
  CHECK(parse_rfc3339(to_rfc3339(first_timestamp)) == first_timestamp);
  CHECK(parse_rfc3339("9999-12-31T23:59:59.999-00:00") == last_timestamp);
  for (auto text :
       {"9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9-00:01", "0000-01-01T00:00:00+00:01"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("NUM-02 an E.164 number is a plus and 7 to 15 digits, the first not zero") {
  CHECK(E164::parse("+14155550100"));
  CHECK(E164::parse("+1234567"));
  CHECK(E164::parse("+123456789012345"));
  for (auto text : {"", "+", "+123456", "+1234567890123456", "+0123456789", "14155550100", "+1415555010x",
                    "+1 4155550100"}) {
    CAPTURE(text);
    CHECK_FALSE(E164::parse(text));
  }
}

TEST_CASE("money has four decimals and its sign in front") {
  CHECK(amount_text({100, "USD"}) == "0.0100");
  CHECK(amount_text({-5, "USD"}) == "-0.0005");
  CHECK(amount_text({1'234'567'890, "EUR"}) == "123456.7890");
  CHECK(amount_text({-10'000, "EUR"}) == "-1.0000");
  CHECK(amount_text({INT64_MIN, "EUR"}) == "-922337203685477.5808");
}

TEST_CASE("a personal value is empty until given, and equal by what it holds") {
  CHECK_FALSE(Personal<std::string>().clear());
  CHECK(Personal<std::string>("a").clear() == "a");
  CHECK(Personal<std::string>("a") != Personal<std::string>("b"));
  CHECK(Secret<std::string>("a") != Secret<std::string>());
}
