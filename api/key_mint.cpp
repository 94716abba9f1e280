#include "api/key_mint.hpp"

#include "adapters/crypto/api_key_token.hpp"
#include "adapters/crypto/hash.hpp"

namespace ringledger {
namespace {

/// As many bytes as are asked for, from SHA-256 over the words and a counter.
class WordStream final : public Random {
 public:
  explicit WordStream(std::span<const std::uint64_t> words) {
    for (auto w : words) x_seed.append(reinterpret_cast<const char*>(&w), sizeof w);
  }
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) {
      if (x_block.empty()) x_block = sha256(x_seed + std::to_string(x_count++));
      b = static_cast<std::uint8_t>(x_block.back());
      x_block.pop_back();
    }
  }

 private:
  std::string x_seed, x_block;
  std::uint64_t x_count = 0;
};

}  // namespace

KeyMint::Minted TokenMint::mint(KeyId key, std::span<const std::uint64_t> words) const {
  WordStream stream(words);
  Minted m;
  m.secret = api_key_token::make(key, stream);
  m.digest = api_key_token::digest(m.secret);
  return m;
}

std::string TokenMint::mark(std::string_view text) const {
  return hex_encode(x_vault.installation_hmac(text));
}

}  // namespace ringledger
