// A key vault whose keys follow from their subject's name, so that what it seals can be a golden file.
#pragma once

#include <set>

#include "adapters/crypto/aead.hpp"
#include "adapters/crypto/hash.hpp"
#include "commands/ports/key_vault.hpp"

namespace ringledger::testing {

class FixedVault : public KeyVault {
 public:
  Result<Sealed> seal(std::string_view subject, const SealPlace& place, std::string_view plaintext) override {
    auto key = key_of(subject);
    auto nonce = hmac_sha256(key.view(), std::string(place.commit) + "|" + std::string(place.index) + "|" +
                                             std::string(plaintext))
                     .substr(0, aead_nonce_bytes);
    auto sealed = aead_seal(key, nonce, bound(place), plaintext);
    if (!sealed) return std::unexpected(sealed.error());
    return Sealed{"1", base64_encode(nonce + *sealed)};
  }
  Result<std::optional<std::string>> open(std::string_view subject, const SealPlace& place,
                                          const Sealed& sealed) override {
    if (x_destroyed.contains(std::string(subject))) return std::optional<std::string>{};
    auto bytes = base64_decode(sealed.text);
    if (!bytes || bytes->size() < aead_nonce_bytes) return fail(Code::internal, "not a sealed text");
    auto clear = aead_open(key_of(subject), bytes->substr(0, aead_nonce_bytes), bound(place),
                           bytes->substr(aead_nonce_bytes));
    if (!clear) return fail(Code::internal, "a sealed text does not open");
    return clear;
  }
  Result<void> destroy(std::string_view subject) override {
    x_destroyed.emplace(subject);
    return {};
  }
  Result<void> sync() override { return {}; }
  std::string installation_hmac(std::string_view text) const override {
    return hmac_sha256("installation", text);
  }

 private:
  static Key256 key_of(std::string_view subject) {
    return Key256::copy(sha256("key of " + std::string(subject)));
  }
  static std::string bound(const SealPlace& p) {
    return std::string(p.account) + "|" + std::string(p.commit) + "|" + std::string(p.index);
  }
  std::set<std::string> x_destroyed;
};

}  // namespace ringledger::testing
