// A member of a JSON object as it stands in the text: what must be given back byte for byte is not parsed and
// written again (a number may be written in many ways).
#pragma once

#include <string_view>

namespace ringledger::json {

/// REQUIRES: `object` is the text of a JSON object that was parsed without an error; `name` has no escapes.
/// "" when it has no such member.
inline std::string_view raw_member(std::string_view object, std::string_view name) {
  auto end_of_string = [&](std::size_t at) {  // `at`: its first quote; one past its last
    for (++at; object[at] != '"'; ++at) at += object[at] == '\\' ? 1 : 0;
    return at + 1;
  };
  auto skip = [&](std::size_t at, std::string_view these) { return object.find_first_not_of(these, at); };
  auto end_of_value = [&](std::size_t at) {
    for (int depth = 0;;) {
      char c = object[at];
      bool ends = c == ',' || c == '}' || c == ']';
      if (depth == 0 && ends) return at;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      at = c == '"' ? end_of_string(at) : at + 1;
    }
  };
  constexpr std::string_view blanks = " \t\r\n";
  for (auto at = skip(object.find('{') + 1, blanks); object[at] == '"';) {
    auto key_end = end_of_string(at);
    auto key = object.substr(at + 1, key_end - at - 2);
    auto value = skip(object.find(':', key_end) + 1, blanks);
    auto end = end_of_value(value);
    if (key == name) {
      auto text = object.substr(value, end - value);
      return text.substr(0, text.find_last_not_of(blanks) + 1);
    }
    at = object[end] == ',' ? skip(end + 1, blanks) : end;
  }
  return {};
}

}  // namespace ringledger::json
