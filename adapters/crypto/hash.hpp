// Digests, MACs and the encodings they are written in, by OpenSSL. Thread-safe; nothing here fails: a
// machine whose OpenSSL has no SHA-256 stops with a message, as nothing could be answered there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringledger {

/// 32 raw bytes.
std::string sha256(std::string_view bytes);
/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// 32 raw bytes. The key may have any length, also none.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// 20 raw bytes (Twilio's signatures; for nothing new).
std::string hmac_sha1(std::string_view key, std::string_view bytes);

/// RFC 4648 section 4, padded, without line breaks.
std::string base64_encode(std::string_view bytes);
/// Reads exactly what base64_encode writes; nullopt for anything else (other alphabets, white space,
/// missing padding, stray bits).
std::optional<std::string> base64_decode(std::string_view text);

/// Two lower-case digits a byte.
std::string hex_encode(std::string_view bytes);
/// Either case; nullopt for an odd length or another character.
std::optional<std::string> hex_decode(std::string_view text);

/// Takes as long for a first difference anywhere. Lengths are not secret: unequal ones are false at once.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace ringledger
