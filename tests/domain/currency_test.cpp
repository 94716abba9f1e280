// Which currencies there are.
#include "domain/currency.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

TEST_CASE("a currency is an ISO 4217 code in capitals, of today or the past") {
  for (const char* code : {"USD", "EUR", "JPY", "DEM"}) CHECK(is_currency(code));
  for (const char* none : {"", "US", "usd", "USDD", "ZZZ", "BTC", "€", "U\nD"})
    CHECK_FALSE(is_currency(none));
}
