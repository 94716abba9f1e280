// The time zones there are, from the system's copy of the IANA database.
#pragma once

#include <string_view>

namespace ringledger {

/// A zone or link of the IANA database, by its exact name ("America/New_York"). Thread-safe.
bool is_time_zone(std::string_view name);

}  // namespace ringledger
