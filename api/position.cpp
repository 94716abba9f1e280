#include "api/position.hpp"

#include <charconv>

namespace ringledger {

std::string position_text(std::string_view epoch, std::uint64_t offset) {
  return std::string(epoch) + ".0." + std::to_string(offset);
}

Result<std::uint64_t> read_position(std::string_view text, std::string_view epoch) {
  auto last = text.rfind('.');
  auto middle = last == std::string_view::npos || last == 0 ? last : text.rfind('.', last - 1);
  if (middle == std::string_view::npos || middle == last || middle == 0) {
    return fail(Code::validation_failed, "is not a position");
  }
  auto number = [](std::string_view t, std::uint64_t& out) {
    auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), out);
    return !t.empty() && ec == std::errc{} && end == t.data() + t.size();
  };
  std::uint64_t partition = 0, offset = 0;
  if (!number(text.substr(middle + 1, last - middle - 1), partition) ||
      !number(text.substr(last + 1), offset)) {
    return fail(Code::validation_failed, "is not a position");
  }
  if (text.substr(0, middle) != epoch) {
    return fail(Code::log_replaced, "The position belongs to another log; read again from the beginning.");
  }
  if (partition != 0) return fail(Code::validation_failed, "names a partition that this log does not have");
  return offset;
}

}  // namespace ringledger
