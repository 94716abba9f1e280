// Keys of data subjects and the sealing of what is personal or secret. Subject keys live outside the
// log; destroying one erases its subject in every copy of the log.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

/// What binds a sealed text to its place; a text moved elsewhere does not open.
struct SealPlace {
  std::string_view account;  ///< acc_…
  std::string_view commit;   ///< cmt_…
  std::string_view index;    ///< the event's index in decimal, or "result"
};

struct Sealed {
  std::string key;   ///< id of the subject key's version
  std::string text;  ///< base64 of nonce ‖ AES-256-GCM ciphertext ‖ tag
};

/// The subject of what this machine keeps sealed in rows of its own: its key is never shared.
inline constexpr std::string_view rows_subject = "book rows";

class KeyVault {
 public:
  virtual ~KeyVault() = default;
  /// Seals with the subject's key, made at first use (in memory: durable after `sync`, which the log
  /// calls before it writes any record). Nonce = first 96 bits of HMAC-SHA-256(subject key,
  /// commit ‖ index ‖ plaintext). Thread-safe.
  virtual Result<Sealed> seal(std::string_view subject, const SealPlace& place,
                              std::string_view plaintext) = 0;
  /// nullopt: the key was destroyed (the subject was erased). Error: the text was tampered with or
  /// the key store lacks a key it should have; Code::position_not_reached, of a vault that never waits:
  /// another node made it, and it is on its way; try again.
  virtual Result<std::optional<std::string>> open(std::string_view subject, const SealPlace& place,
                                                  const Sealed& sealed) = 0;
  /// Destroys the subject's key for ever (rewrites the store). Idempotent.
  virtual Result<void> destroy(std::string_view subject) = 0;
  /// Many at once, for one rewriting of the store. Idempotent. Code::read_only and Code::unknown_outcome
  /// (keys that other nodes share could not be told): to be tried again.
  virtual Result<void> destroy_all(const std::vector<std::string>& subjects) {
    for (const auto& subject : subjects) {
      if (auto ok = destroy(subject); !ok) return ok;
    }
    return {};
  }
  /// Makes every key handed out so far durable. Cheap when nothing is new.
  virtual Result<void> sync() = 0;
  /// Makes the keys of `rows_subject` durable: all that rows need, which wait for no other node.
  virtual Result<void> sync_rows() { return sync(); }
  /// HMAC-SHA-256 under the installation key (32 bytes): request hashes, key hashes.
  [[nodiscard]] virtual std::string installation_hmac(std::string_view text) const = 0;
};

}  // namespace ringledger
