// Making and reading the secrets of API keys.
#include "adapters/crypto/api_key_token.hpp"

#include <array>

#include "adapters/crypto/hash.hpp"

namespace ringledger::api_key_token {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view prefix = "rl_";
constexpr std::size_t id_chars = 26, random_chars = 27, checksum_chars = 6;
static_assert(length == prefix.size() + id_chars + 1 + random_chars + checksum_chars);

// The first 8 bytes of SHA-256 of the text, modulo 62^6.
std::string checksum(std::string_view text) {
  const auto digest = sha256(text);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(digest[i]);
  std::string out(checksum_chars, '0');
  for (auto c = out.rbegin(); c != out.rend(); ++c, value /= alphabet.size())
    *c = alphabet[value % alphabet.size()];
  return out;
}

// Characters drawn evenly: bytes of 248 and more are drawn again, as 256 is no multiple of 62.
void append_random(std::string& out, Random& random) {
  constexpr unsigned limit = 256 / alphabet.size() * alphabet.size();
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t left = random_chars; left > 0;) {
    random.fill(bytes);
    for (std::size_t i = 0; i < bytes.size() && left > 0; ++i) {
      if (bytes[i] >= limit) continue;
      out += alphabet[bytes[i] % alphabet.size()];
      --left;
    }
  }
}

}  // namespace

std::string make(const KeyId& key, Random& random) {
  std::string out(prefix);
  out += encode_base32(key.raw);
  out += '_';
  append_random(out, random);
  return out + checksum(out);
}

std::optional<KeyId> parse(std::string_view secret) {
  if (secret.size() != length || !secret.starts_with(prefix)) return std::nullopt;
  const auto id = decode_base32(secret.substr(prefix.size(), id_chars));
  const auto body = secret.substr(0, length - checksum_chars);
  if (!id || !constant_time_equal(checksum(body), secret.substr(body.size()))) return std::nullopt;
  return KeyId{*id};
}

std::string digest(std::string_view secret) { return sha256_hex(secret); }

}  // namespace ringledger::api_key_token
