// Which currencies there are.
#pragma once

#include <string_view>

namespace ringledger {

/// An ISO 4217 code in capitals, of today or the past ("USD", "DEM").
bool is_currency(std::string_view code);

}  // namespace ringledger
