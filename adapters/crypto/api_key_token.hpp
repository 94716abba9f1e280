// Secrets of API keys: `rl_` + 26 characters of the key's id + `_` + 27 random base62 characters (160.7
// bits) + 6 base62 characters of checksum. The checksum lets us refuse a mistyped or made-up secret
// without a lookup, and secret scanners tell ours from other text; it protects nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "commands/ports/system.hpp"
#include "domain/ids.hpp"

namespace ringledger::api_key_token {

inline constexpr std::size_t length = 3 + 26 + 1 + 27 + 6;

/// A new secret for this key; shown once, stored only as its digest.
std::string make(const KeyId& key, Random& random);
/// Whose secret the text would be; nullopt when its shape or checksum is wrong. Proves nothing: compare
/// `digest` with the stored one.
std::optional<KeyId> parse(std::string_view secret);
/// What is stored of a secret: 64 lower-case hex digits of its SHA-256.
std::string digest(std::string_view secret);

}  // namespace ringledger::api_key_token
