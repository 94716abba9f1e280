// Texts that look right and yet name nothing: countries and time zones that do not exist.
#pragma once

#include <optional>
#include <string>

#include "commands/command.hpp"

namespace ringledger {

template <class T>
inline constexpr bool is_looked_up = std::is_same_v<T, CountryCode> || std::is_same_v<T, TimeZone>;

/// Why it is none; nullopt: there is one.
std::optional<std::string> unknown_value(const CountryCode& country);
std::optional<std::string> unknown_value(const TimeZone& zone);

}  // namespace ringledger
