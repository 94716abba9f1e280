// Secrets of API keys from words drawn with the command: the same words give the same secret, so a
// decision may be made twice.
#pragma once

#include "commands/decision.hpp"
#include "commands/ports/key_vault.hpp"

namespace ringledger {

class TokenMint final : public KeyMint {
 public:
  explicit TokenMint(const KeyVault& vault) : x_vault(vault) {}
  [[nodiscard]] Minted mint(KeyId key, std::span<const std::uint64_t> words) const override;
  [[nodiscard]] std::string mark(std::string_view text) const override;

 private:
  const KeyVault& x_vault;
};

}  // namespace ringledger
