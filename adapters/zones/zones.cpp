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

}  // namespace ringledger
