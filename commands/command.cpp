#include "commands/command.hpp"

#include <algorithm>

namespace ringledger {
namespace {

bool all_of(std::string_view text, auto&& is) { return std::all_of(text.begin(), text.end(), is); }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool sid(std::string_view text, std::string_view prefix) {
  return text.size() == 34 && text.starts_with(prefix) && all_of(text.substr(2), hex);
}

}  // namespace

std::optional<std::string> text_fault(std::string_view text, std::size_t min, std::size_t max, Lines lines) {
  constexpr std::string_view between_lines = "\t\r\n";
  std::size_t characters = 0;
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    bool breaks = lines == Lines::several && between_lines.find(c) != std::string_view::npos;
    if ((u < 0x20 || u == 0x7F) && !breaks) return "must not contain control characters";
    if ((u & 0xC0U) != 0x80U) ++characters;  // not a UTF-8 continuation byte
  }
  if (characters > max) {
    return "must have at most " + std::to_string(max) + " characters, has " + std::to_string(characters);
  }
  bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (characters < min || (min > 0 && blank)) {
    return min <= 1 ? "must not be empty" : "must have at least " + std::to_string(min) + " characters";
  }
  return std::nullopt;
}

bool EmailShape::fits(std::string_view t) {
  auto at = t.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || t.size() > 254) return false;
  auto domain = t.substr(at + 1);
  auto printable = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '@'; };
  auto host = [](char c) {
    return letter(c) || digit(c) || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
  };
  return all_of(t.substr(0, at), printable) && all_of(domain, host) &&
         domain.find('.') != std::string_view::npos && !domain.starts_with('.') && !domain.ends_with('.') &&
         domain.find("..") == std::string_view::npos;
}
bool CountryShape::fits(std::string_view t) {
  return t.size() == 2 && all_of(t, [](char c) { return c >= 'A' && c <= 'Z'; });
}
bool TimeZoneShape::fits(std::string_view t) {
  auto in_name = [](char c) { return letter(c) || digit(c) || c == '_' || c == '+' || c == '-' || c == '/'; };
  return !t.empty() && t.size() <= 64 && letter(t.front()) && t.back() != '/' && all_of(t, in_name) &&
         t.find("//") == std::string_view::npos;
}
bool AccountSidShape::fits(std::string_view t) { return sid(t, "AC"); }
bool ApiKeySidShape::fits(std::string_view t) { return sid(t, "SK"); }
bool NumberSidShape::fits(std::string_view t) { return sid(t, "PN"); }

}  // namespace ringledger
