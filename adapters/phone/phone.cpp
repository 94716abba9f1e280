// Reading numbers and telling their facts with libphonenumber, which is thread-safe.
#include "adapters/phone/phone.hpp"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "adapters/phone/facts_cache.hpp"
#include "domain/utf8.hpp"

namespace ringledger {
namespace {

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using numbers::NumberType;

constexpr std::size_t max_text_bytes = 250;
constexpr int nanp = 1;  // North American Numbering Plan: +1

// The library writes to standard output unless told otherwise.
const PhoneNumberUtil& library() {
  static const PhoneNumberUtil& util = [] -> const PhoneNumberUtil& {
    auto* instance = PhoneNumberUtil::GetInstance();
    instance->SetLogger(std::make_unique<NullLogger>().release());  // it takes ownership
    return *instance;
  }();
  return util;
}

std::unexpected<Error> invalid(std::string why) {
  return fail(Code::validation_failed, "not a phone number: " + std::move(why));
}

// "us" -> "US"; "ZZ", the library's word for none, when it is empty or no country's code.
std::string region_of(std::string_view country) {
  if (country.size() != 2) return "ZZ";
  std::string region;
  for (const char c : country) region += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return library().GetCountryCodeForRegion(region) == 0 ? "ZZ" : region;
}

std::unexpected<Error> refusal(PhoneNumberUtil::ErrorType error) {
  switch (error) {
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return invalid("invalid country code; write it as + country code and number");
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
      return invalid("too short");
    case PhoneNumberUtil::TOO_LONG_NSN:
      return invalid("too long");
    case PhoneNumberUtil::NOT_A_NUMBER:
    case PhoneNumberUtil::NO_PARSING_ERROR:
      break;
  }
  return invalid("no digits that could be one");
}

// nullopt: a possible length for its country.
std::optional<std::string> impossible(const PhoneNumber& number) {
  switch (library().IsPossibleNumberWithReason(number)) {
    case PhoneNumberUtil::IS_POSSIBLE:
      return std::nullopt;
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
      return "too short: the area code is missing";
    case PhoneNumberUtil::INVALID_COUNTRY_CODE:
      return "invalid country code; write it as + country code and number";
    case PhoneNumberUtil::TOO_SHORT:
      return "too short";
    case PhoneNumberUtil::TOO_LONG:
      return "too long";
    case PhoneNumberUtil::INVALID_LENGTH:
      break;
  }
  return "not a valid number: its country has none of this length";
}

// Another number of the same area code that is assigned.
std::optional<PhoneNumber> assigned_sibling(const PhoneNumber& number, const std::string& national) {
  if (number.country_code() != nanp || national.size() != 10) return std::nullopt;
  PhoneNumber sibling = number;
  for (const std::uint64_t subscriber : {2'345'678U, 5'552'345U, 7'654'321U, 9'876'543U}) {
    std::uint64_t area = 0;
    for (const char c : national.substr(0, 3)) area = area * 10 + static_cast<std::uint64_t>(c - '0');
    sibling.set_national_number(area * 10'000'000 + subscriber);
    if (library().IsValidNumber(sibling)) return sibling;
  }
  return std::nullopt;
}

std::string country_of(const PhoneNumber& number) {
  std::string region;
  library().GetRegionCodeForNumber(number, &region);
  if (region == "ZZ" && number.country_code() != nanp)
    library().GetRegionCodeForCountryCode(number.country_code(), &region);
  // "ZZ": unknown; "001": no country's, as +800.
  return region.size() == 2 && region != "ZZ" ? region : std::string();
}

NumberType type_of_number(const PhoneNumber& number) {
  switch (library().GetNumberType(number)) {
    case PhoneNumberUtil::FIXED_LINE:
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:  // cannot be told apart under +1, where both are sold as
                                                 // local
      return NumberType::local;
    case PhoneNumberUtil::MOBILE:
      return NumberType::mobile;
    case PhoneNumberUtil::TOLL_FREE:
      return NumberType::toll_free;
    case PhoneNumberUtil::SHARED_COST:
      return NumberType::shared_cost;
    case PhoneNumberUtil::VOIP:
      return NumberType::voip;
    case PhoneNumberUtil::UAN:
      return NumberType::national;
    case PhoneNumberUtil::PREMIUM_RATE:
    case PhoneNumberUtil::PERSONAL_NUMBER:
    case PhoneNumberUtil::PAGER:
    case PhoneNumberUtil::VOICEMAIL:
    case PhoneNumberUtil::UNKNOWN:
      break;
  }
  return NumberType::unknown;
}

// "" when no number of the area code is known to be assigned.
std::string country_of_area(const E164& e164) {
  PhoneNumber number;
  if (library().Parse(e164.text, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR) return "";
  auto sibling = assigned_sibling(number, e164.text.substr(2));
  return sibling ? country_of(*sibling) : "";
}

PhoneFacts compute(const E164& e164) {
  const auto& util = library();
  PhoneFacts out;
  PhoneNumber number;
  if (util.Parse(e164.text, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR) {
    out.display = e164.text;  // the right shape, but no country's code: shown as it is
    return out;
  }
  std::string national;
  util.GetNationalSignificantNumber(number, &national);
  const bool valid = util.IsValidNumber(number);
  const PhoneNumber known = valid ? number : assigned_sibling(number, national).value_or(number);
  const bool in_nanp = number.country_code() == nanp;
  util.Format(number, in_nanp ? PhoneNumberUtil::NATIONAL : PhoneNumberUtil::INTERNATIONAL, &out.display);
  out.country = country_of(known);
  out.number_type = type_of_number(known);
  const int digits = util.GetLengthOfGeographicalAreaCode(known);
  if (digits > 0 && static_cast<std::size_t>(digits) < national.size())
    out.area_code = national.substr(0, static_cast<std::size_t>(digits));
  else if (in_nanp && national.size() == 10)
    out.area_code = national.substr(0, 3);
  return out;
}

}  // namespace

Result<E164> read_phone(std::string_view text, std::string_view default_country) {
  if (text.size() > max_text_bytes) return invalid("too long");
  if (!is_utf8(text)) return invalid("the text is not UTF-8");
  const auto& util = library();
  PhoneNumber number;
  const auto error = util.Parse(std::string(text), region_of(default_country), &number);
  if (error != PhoneNumberUtil::NO_PARSING_ERROR) return refusal(error);
  if (number.has_extension()) return invalid("it has an extension, which cannot be kept");
  if (auto why = impossible(number)) return invalid(*std::move(why));
  std::string formatted;
  util.Format(number, PhoneNumberUtil::E164, &formatted);
  auto e164 = E164::parse(formatted);
  if (!e164) return invalid("too short");  // some countries have numbers of fewer than 7 digits in all
  // "000563" in Germany is possible as typed, but its E.164 form, +4900563, reads as +49563.
  PhoneNumber again;
  std::string formatted_again;
  bool read_again = util.Parse(formatted, "ZZ", &again) == PhoneNumberUtil::NO_PARSING_ERROR;
  if (read_again) util.Format(again, PhoneNumberUtil::E164, &formatted_again);
  if (formatted_again != formatted || impossible(again)) return invalid("too short");
  return *std::move(e164);
}

bool is_country(std::string_view code) {
  static const auto known = [] {
    std::set<std::string> regions;
    library().GetSupportedRegions(&regions);
    return std::set<std::string, std::less<>>(regions.begin(), regions.end());
  }();
  return known.contains(code);
}

PhoneFacts facts(const E164& number) {
  static FactsCache cache;
  if (auto known = cache.find(number.text)) return *std::move(known);
  auto computed = compute(number);
  cache.put(number.text, computed);
  return computed;
}

std::string country(const E164& number) {
  constexpr std::size_t nanp_size = 12, area_size = 5;  // "+1", ten digits; "+1" and three
  if (!number.text.starts_with("+1") || number.text.size() != nanp_size) return facts(number).country;
  static FactsCache areas;
  auto area = number.text.substr(0, area_size);
  auto known = areas.find(area);
  if (!known) {
    known.emplace().country = country_of_area(number);
    areas.put(area, *known);
  }
  return known->country.empty() ? facts(number).country : known->country;
}

}  // namespace ringledger
