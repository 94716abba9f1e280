// Reading phone numbers as people write them: a pure function, behind a port because libphonenumber
// is behind it.
#pragma once

#include <string>
#include <string_view>

#include "domain/number.hpp"
#include "domain/result.hpp"

namespace ringledger {

/// What a number tells about itself.
struct PhoneFacts {
  std::string display;    ///< as people of its country write it: "(415) 555-0100"
  std::string country;    ///< ISO 3166-1 alpha-2; "" when unknown
  std::string area_code;  ///< "" when its country has none
  numbers::NumberType number_type = numbers::NumberType::unknown;  ///< a guess: plans do not tell all
  friend bool operator==(const PhoneFacts&, const PhoneFacts&) = default;
};

class PhoneReader {
 public:
  virtual ~PhoneReader() = default;
  /// Any usual form; `default_country` (ISO 3166-1 alpha-2) reads national forms. Refused with
  /// Code::validation_failed and the reason.
  [[nodiscard]] virtual Result<E164> read(std::string_view text, std::string_view default_country) const = 0;
  [[nodiscard]] virtual PhoneFacts facts(const E164& number) const = 0;
  /// The country of its facts, cheaper where it can be.
  [[nodiscard]] virtual std::string country(const E164& number) const { return facts(number).country; }
};

}  // namespace ringledger
