// Positions as clients see them: `<epoch>.<partition>.<offset>`, opaque to them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/result.hpp"

namespace ringledger {

std::string position_text(std::string_view epoch, std::uint64_t offset);
/// Code::log_replaced for another epoch, Code::validation_failed for what is no position.
Result<std::uint64_t> read_position(std::string_view text, std::string_view epoch);

}  // namespace ringledger
