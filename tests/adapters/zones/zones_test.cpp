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
