// Secrets of API keys from words drawn with the command: the same words give the same secret, so a
// decision may be made twice.
#pragma once

#include "commands/decision.hpp"

namespace ringledger {

class TokenMint final : public KeyMint {
 public:
  [[nodiscard]] Minted mint(KeyId key, std::span<const std::uint64_t> words) const override;
};

}  // namespace ringledger
