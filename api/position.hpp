// Positions as clients see them: `<epoch>.<partition>.<offset>`, opaque to them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/result.hpp"

namespace ringledger {

/// `log`: `<epoch>.<partition>`.
std::string position_text(std::string_view log, std::uint64_t offset);
struct Position {
  std::uint64_t partition = 0, offset = 0;
};
/// Code::log_replaced for another epoch, Code::validation_failed for what is no position.
Result<Position> read_position(std::string_view text, std::string_view log);
/// The offset, when it must be one of this partition; Code::validation_failed for another's.
Result<std::uint64_t> read_offset(std::string_view text, std::string_view log);

}  // namespace ringledger
