#include "api/position.hpp"

#include <charconv>

namespace ringledger {

std::string position_text(std::string_view log, std::uint64_t offset) {
  return std::string(log) + "." + std::to_string(offset);
}

Result<Position> read_position(std::string_view text, std::string_view log) {
  auto last = text.rfind('.');
  auto middle = last == std::string_view::npos || last == 0 ? last : text.rfind('.', last - 1);
  if (middle == std::string_view::npos || middle == last || middle == 0) {
    return fail(Code::validation_failed, "is not a position");
  }
  auto number = [](std::string_view t, std::uint64_t& out) {
    auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), out);
    return !t.empty() && ec == std::errc{} && end == t.data() + t.size();
  };
  Position at;
  if (!number(text.substr(middle + 1, last - middle - 1), at.partition) ||
      !number(text.substr(last + 1), at.offset)) {
    return fail(Code::validation_failed, "is not a position");
  }
  if (text.substr(0, middle) != log.substr(0, log.rfind('.'))) {
    return fail(Code::log_replaced, "The position belongs to another log; read again from the beginning.");
  }
  return at;
}

Result<std::uint64_t> read_offset(std::string_view text, std::string_view log) {
  auto at = read_position(text, log);
  if (!at) return std::unexpected(at.error());
  if (std::to_string(at->partition) != log.substr(log.rfind('.') + 1))
    return fail(Code::validation_failed, "names a partition in which this account does not live");
  return at->offset;
}

}  // namespace ringledger
