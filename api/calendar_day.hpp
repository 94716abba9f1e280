// A day of the calendar as a query parameter: "2026-03-29" (RFC 3339 full-date).
#pragma once

#include <expected>
#include <string>

#include "domain/values.hpp"

namespace ringledger {

struct DateShape {
  static constexpr std::string_view format = "date";
};

struct Date {
  std::int64_t days = 0;  ///< after 1970-01-01
  std::string text;
  using shape = DateShape;
  static std::expected<Date, std::string> read_text(std::string_view text) {
    auto midnight = text.size() == 10 ? parse_rfc3339(std::string(text) + "T00:00:00Z") : std::nullopt;
    if (!midnight || midnight->ms < 0) return std::unexpected("must be a day from 1970 on (2026-03-29)");
    return Date{midnight->ms / day_ms, std::string(text)};
  }
  static Date of(std::int64_t days) { return {days, to_rfc3339({days * day_ms}).substr(0, 10)}; }
  [[nodiscard]] const std::string& text_form() const { return text; }

 private:
  static constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
};

}  // namespace ringledger
