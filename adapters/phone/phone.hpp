// Phone numbers by libphonenumber: reading what people type, what can be told of a number, which countries
// there are.
#pragma once

#include <string>
#include <string_view>

#include "commands/ports/phone_reader.hpp"
#include "domain/result.hpp"
#include "domain/values.hpp"

namespace ringledger {

/// Reads any usual form: "(212) 555-1234", "+1 415 555 0100", "0044 20 7946 0958", "tel:+14155550100".
/// `default_country` (ISO 3166-1 alpha-2, either case; "" for none) is that of numbers without a country
/// code. Accepted is what has a possible length for its country, assigned or not (Twilio's magic numbers
/// are not). Else Code::validation_failed; the detail says why and never holds the text. Texts of more than
/// 250 bytes are refused unread. Thread-safe.
Result<E164> read_phone(std::string_view text, std::string_view default_country);

/// Facts of a number. An unassigned number is told by its area code (+1), or by its country code's main
/// country. The last 16,384 or more numbers asked for are remembered (under 1 us each). Thread-safe.
PhoneFacts facts(const E164& number);

/// The country of its facts. Under +1 an area code is one country's, so that 800 of them are remembered for
/// all numbers (under 1 us each). Thread-safe.
std::string country(const E164& number);

/// An ISO 3166-1 alpha-2 code, in capitals, of a country with phone numbers. Thread-safe.
bool is_country(std::string_view code);

/// All behind the port.
class LibPhoneReader final : public PhoneReader {
 public:
  [[nodiscard]] Result<E164> read(std::string_view text, std::string_view default_country) const override {
    return read_phone(text, default_country);
  }
  [[nodiscard]] PhoneFacts facts(const E164& number) const override { return ringledger::facts(number); }
  [[nodiscard]] std::string country(const E164& number) const override { return ringledger::country(number); }
};

}  // namespace ringledger
