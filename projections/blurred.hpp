// Personal texts in keys. A store's own bookkeeping (RocksDB's manifest names the keys that a file begins and
// ends with) outlives a row that is erased, so keys of entries and counters hold a hash in the place of such
// a text; the value beside the key tells a collision.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringledger {

/// FNV-1a, 64 bits, as 16 hex digits: one text, one hash, on every machine.
inline std::string blurred(std::string_view text) {
  std::uint64_t h = 14695981039346656037U;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out.push_back(digits[(h >> static_cast<unsigned>(shift)) & 15U]);
  return out;
}

}  // namespace ringledger
