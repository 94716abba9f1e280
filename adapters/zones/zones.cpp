#include "adapters/zones/zones.hpp"

#include <date/tz.h>

#include <algorithm>
#include <set>
#include <string>

namespace ringledger {

bool is_time_zone(std::string_view name) {
  static const auto names = [] {
    std::set<std::string, std::less<>> all;
    for (const auto& zone : date::get_tzdb().zones) all.insert(zone.name());
    all.erase("localtime");  // this machine's own, Debian's addition
    all.erase("Factory");    // "not set"
    return all;
  }();
  return names.contains(name);
}

namespace {

using Days = date::days;
using LocalDays = date::local_time<Days>;

Result<const date::time_zone*> zone_named(std::string_view name) {
  if (!is_time_zone(name))
    return fail(Code::internal, "the time zone " + std::string(name) + " is not known to this machine");
  return date::locate_zone(std::string(name));
}

date::sys_time<std::chrono::milliseconds> instant(Timestamp at) {
  return date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(at.ms));
}

}  // namespace

Result<CalendarDay> day_in(std::string_view zone, Timestamp at) {
  auto found = zone_named(zone);
  if (!found) return std::unexpected(found.error());
  return date::floor<Days>((*found)->to_local(instant(at))).time_since_epoch().count();
}

Result<std::vector<Timestamp>> day_bounds(std::string_view zone, CalendarDay first, std::size_t count) {
  auto found = zone_named(zone);
  if (!found) return std::unexpected(found.error());
  std::vector<Timestamp> bounds;
  for (std::size_t i = 0; i <= count; ++i) {
    LocalDays midnight{Days(first + static_cast<CalendarDay>(i))};
    auto begins = (*found)->to_sys(midnight, date::choose::earliest);
    bounds.push_back(
        {std::chrono::duration_cast<std::chrono::milliseconds>(begins.time_since_epoch()).count()});
  }
  return bounds;
}

}  // namespace ringledger
