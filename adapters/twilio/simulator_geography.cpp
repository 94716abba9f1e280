// What the simulation knows about phone numbers: country, toll-free, format, patterns.
#include <algorithm>
#include <array>

#include "adapters/twilio/simulator_rest.hpp"

namespace ringledger::simulated {
namespace {

using Code3 = std::string_view;

constexpr std::array<Code3, 7> toll_free_codes{"800", "833", "844", "855", "866", "877", "888"};

constexpr std::array<Code3, 42> canadian_codes{
    "204", "226", "236", "249", "250", "263", "289", "306", "343", "354", "365", "367", "368", "382",
    "387", "403", "416", "418", "428", "431", "437", "438", "450", "468", "474", "506", "514", "519",
    "548", "579", "581", "584", "587", "604", "613", "639", "647", "672", "683", "705", "709", "742"};

/// +1, but neither the US nor Canada: the islands.
constexpr std::array<Code3, 22> island_codes{"242", "246", "264", "268", "284", "345", "441", "473",
                                             "649", "658", "664", "721", "758", "767", "784", "809",
                                             "829", "849", "868", "869", "876", "939"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> prefixes{{{"+44", "GB"},
                                                                                 {"+49", "DE"},
                                                                                 {"+33", "FR"},
                                                                                 {"+34", "ES"},
                                                                                 {"+39", "IT"},
                                                                                 {"+31", "NL"},
                                                                                 {"+61", "AU"},
                                                                                 {"+353", "IE"}}};

Code3 area_code(std::string_view e164) {
  return e164.starts_with("+1") && e164.size() == 12 ? e164.substr(2, 3) : Code3{};
}

template <class Codes>
bool among(const Codes& codes, Code3 code) {
  return std::ranges::find(codes, code) != codes.end();
}

bool matches_at(std::string_view phone, std::string_view pattern) {
  return phone.size() >= pattern.size() &&
         std::ranges::equal(phone.substr(0, pattern.size()), pattern,
                            [](char digit, char p) { return p == '*' ? digit != '+' : p == digit; });
}

}  // namespace

bool is_toll_free(std::string_view e164) { return among(toll_free_codes, area_code(e164)); }

std::string country_of(std::string_view e164) {
  const auto code = area_code(e164);
  if (!code.empty()) return among(canadian_codes, code) ? "CA" : among(island_codes, code) ? "" : "US";
  for (const auto& [prefix, country] : prefixes)
    if (e164.starts_with(prefix)) return std::string(country);
  return "";
}

std::string formatted(std::string_view e164) {
  if (area_code(e164).empty()) return std::string(e164);
  std::string out = "(";
  out.append(e164.substr(2, 3)).append(") ").append(e164.substr(5, 3)).append("-").append(e164.substr(8));
  return out;
}

std::string number_type(std::string_view text) {
  static constexpr std::array<std::string_view, 7> types{
      "local", "mobile", "toll-free", "national", "shared-cost", "voip", "machine-to-machine"};
  const auto letters = [](std::string_view word) {
    std::string out;
    for (const char c : word)
      if (c != '-' && c != '_' && c != ' ') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  };
  for (const auto type : types)
    if (letters(type) == letters(text)) return std::string(type);
  return "";
}

bool matches_pattern(std::string_view phone, std::string_view pattern) {
  if (pattern.empty()) return true;
  if (pattern.front() == '+') return matches_at(phone, pattern);
  for (std::size_t i = 0; i < phone.size(); ++i)
    if (matches_at(phone.substr(i), pattern)) return true;
  return false;
}

}  // namespace ringledger::simulated
