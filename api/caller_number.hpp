// A phone number of a person as a query parameter.
#pragma once

#include <expected>
#include <string>

#include "domain/values.hpp"

namespace ringledger {

/// A caller's number, its plus written, left out or (in a query) read as a space.
struct CallerNumber {
  std::string value;
  static std::expected<CallerNumber, std::string> read_text(std::string_view text) {
    if (text.starts_with(' ') || text.starts_with('+')) text.remove_prefix(1);
    auto number = E164::parse("+" + std::string(text));
    if (!number) return std::unexpected("must be a phone number in E.164 (+14155550100)");
    return CallerNumber{number->text};
  }
  [[nodiscard]] const std::string& text_form() const { return value; }
};

}  // namespace ringledger
