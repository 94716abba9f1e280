// Which time zones there are.
#include "adapters/zones/zones.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

TEST_CASE("zones and links of the IANA database are known by their exact names, nothing else is") {
  for (auto name : {"UTC", "America/New_York", "America/Argentina/Buenos_Aires", "US/Pacific", "Etc/GMT+5"})
    CHECK_MESSAGE(is_time_zone(name), name);
  for (auto name : {"", "Nowhere/Town", "america/new_york", "Europe", "localtime", "zone.tab", "posix/UTC"})
    CHECK_FALSE_MESSAGE(is_time_zone(name), name);
}

namespace {

Timestamp at(const char* text) { return parse_rfc3339(text).value(); }
CalendarDay day(const std::string& text) { return at((text + "T00:00:00Z").c_str()).ms / 86'400'000; }
std::vector<std::string> bounds(const char* zone, const std::string& first, std::size_t count) {
  std::vector<std::string> texts;
  const auto found = day_bounds(zone, day(first), count);
  REQUIRE(found);
  for (auto bound : *found) texts.push_back(to_rfc3339(bound).substr(0, 16));
  return texts;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a day begins at midnight of its zone; it has 23 or 25 hours when the clocks change") {
  CHECK(bounds("UTC", "2026-03-08", 1) == Texts{"2026-03-08T00:00", "2026-03-09T00:00"});
  CHECK(bounds("America/New_York", "2026-03-08", 2) ==
        Texts{"2026-03-08T05:00", "2026-03-09T04:00", "2026-03-10T04:00"});
  CHECK(bounds("America/New_York", "2026-11-01", 2) ==
        Texts{"2026-11-01T04:00", "2026-11-02T05:00", "2026-11-03T05:00"});
  CHECK(bounds("Asia/Kolkata", "2026-03-08", 1) == Texts{"2026-03-07T18:30", "2026-03-08T18:30"});
}

TEST_CASE(
    "a day whose midnight the clocks skip begins when they do; a day that a zone left out has no length") {
  CHECK(bounds("Africa/Cairo", "2024-04-25", 2) ==
        Texts{"2024-04-24T22:00", "2024-04-25T22:00", "2024-04-26T21:00"});
  CHECK(bounds("Pacific/Apia", "2011-12-29", 3) ==
        Texts{"2011-12-29T10:00", "2011-12-30T10:00", "2011-12-30T10:00", "2011-12-31T10:00"});
}

TEST_CASE("which day it is depends on the zone; an unknown zone is an error") {
  CHECK(day_in("UTC", at("2026-03-08T04:59:59.999Z")) == day("2026-03-08"));
  CHECK(day_in("America/New_York", at("2026-03-08T04:59:59.999Z")) == day("2026-03-07"));
  CHECK(day_in("America/New_York", at("2026-03-08T05:00:00Z")) == day("2026-03-08"));
  CHECK(day_in("Asia/Tokyo", at("2026-03-08T15:00:00Z")) == day("2026-03-09"));
  CHECK_FALSE(day_in("Nowhere/Town", at("2026-03-08T15:00:00Z")));
  CHECK_FALSE(day_bounds("Nowhere/Town", 0, 1));
}
