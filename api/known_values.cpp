#include "api/known_values.hpp"

#include "adapters/phone/phone.hpp"
#include "adapters/zones/zones.hpp"

namespace ringledger {

std::optional<std::string> unknown_value(const CountryCode& country) {
  if (is_country(country.value)) return std::nullopt;
  return "is no country that has phone numbers";
}

std::optional<std::string> unknown_value(const TimeZone& zone) {
  if (is_time_zone(zone.value)) return std::nullopt;
  return "is no time zone of the IANA database";
}

}  // namespace ringledger
