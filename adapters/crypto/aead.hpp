// AES-256-GCM over byte strings, by OpenSSL. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/crypto/key256.hpp"
#include "domain/result.hpp"

namespace ringledger {

inline constexpr std::size_t aead_nonce_bytes = 12;
inline constexpr std::size_t aead_tag_bytes = 16;
/// Most bytes of one plaintext or associated data.
inline constexpr std::size_t aead_max_bytes = 64U << 20;

/// Ciphertext ‖ tag. REQUIRES: `nonce` has 12 bytes, never used before with this key for another text.
/// Code::too_large past aead_max_bytes; Code::internal when OpenSSL fails.
Result<std::string> aead_seal(const Key256& key, std::string_view nonce, std::string_view associated,
                              std::string_view plaintext);
/// The plaintext, or nullopt: another key, nonce or associated data, or changed bytes.
std::optional<std::string> aead_open(const Key256& key, std::string_view nonce, std::string_view associated,
                                     std::string_view sealed);

}  // namespace ringledger
