#include "domain/ids.hpp"

namespace ringledger {
namespace {
constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  auto at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}
}  // namespace

RawId RawId::make(std::uint64_t ms, std::uint16_t slot, std::uint64_t random) {
  RawId id;
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(slot >> 8);
  id.bytes[7] = static_cast<std::uint8_t>(slot);
  for (unsigned i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(random >> (56 - 8 * i));
  return id;
}

std::uint64_t RawId::ms() const {
  std::uint64_t v = 0;
  for (unsigned i = 0; i < 6; ++i) v = v << 8 | bytes[i];
  return v;
}

std::uint16_t RawId::slot() const { return static_cast<std::uint16_t>(bytes[6] << 8 | bytes[7]); }

std::string encode_base32(const RawId& id) {
  std::string out(26, '0');
  unsigned __int128 v = 0;
  for (auto b : id.bytes) v = v << 8 | b;
  for (std::size_t i = 26; i-- > 0; v >>= 5) out[i] = alphabet[static_cast<std::size_t>(v & 31)];
  return out;
}

std::optional<RawId> decode_base32(std::string_view text) {
  if (text.size() != 26) return std::nullopt;
  unsigned __int128 v = 0;
  for (std::size_t i = 0; i < 26; ++i) {
    int d = digit_of(text[i]);
    if (d < 0 || (i == 0 && d > 7)) return std::nullopt;
    v = v << 5 | static_cast<unsigned>(d);
  }
  RawId id;
  for (std::size_t i = 16; i-- > 0; v >>= 8) id.bytes[i] = static_cast<std::uint8_t>(v);
  return id;
}

}  // namespace ringledger
