#include "domain/currency.hpp"

#include <unicode/ucurr.h>

#include <algorithm>
#include <string>

namespace ringledger {

bool is_currency(std::string_view code) {
  auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (code.size() != 3 || !std::ranges::all_of(code, capital)) return false;
  std::u16string text(code.begin(), code.end());
  UErrorCode status = U_ZERO_ERROR;
  bool known = ucurr_isAvailable(text.c_str(), U_DATE_MIN, U_DATE_MAX, &status) != 0;
  return known && U_SUCCESS(status);
}

}  // namespace ringledger
