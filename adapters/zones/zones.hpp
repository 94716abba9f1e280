// The time zones there are, from the system's copy of the IANA database, and their days.
#pragma once

#include <string_view>
#include <vector>

#include "domain/result.hpp"
#include "domain/values.hpp"

namespace ringledger {

/// A zone or link of the IANA database, by its exact name ("America/New_York"). Thread-safe.
bool is_time_zone(std::string_view name);

/// A day of the calendar: how many after 1970-01-01.
using CalendarDay = std::int64_t;
/// Which day it is in the zone. Code::internal: the machine does not know the zone (any more). Thread-safe.
Result<CalendarDay> day_in(std::string_view zone, Timestamp at);
/// When each of `count` days begins there, and when the last one ends: at midnight, or when the clocks skip
/// that, when they do; of two midnights at the first. A day that a zone left out has no length.
Result<std::vector<Timestamp>> day_bounds(std::string_view zone, CalendarDay first, std::size_t count);

}  // namespace ringledger
