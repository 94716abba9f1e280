// The vault of threads that must not wait for a broker: a key that another node made, and that is not here
// yet, is asked for beside them (Code::position_not_reached until then).
#pragma once

#include "adapters/crypto/file_key_vault.hpp"

namespace ringledger {

/// Thread-safe.
class PromptVault final : public KeyVault {
 public:
  explicit PromptVault(FileKeyVault& vault) : x_vault(vault) {}

  Result<std::optional<std::string>> open(std::string_view subject, const SealPlace& place,
                                          const Sealed& sealed) override {
    return x_vault.open_now(subject, place, sealed);
  }
  Result<Sealed> seal(std::string_view subject, const SealPlace& place, std::string_view plaintext) override {
    return x_vault.seal(subject, place, plaintext);
  }
  Result<void> destroy(std::string_view subject) override { return x_vault.destroy(subject); }
  Result<void> destroy_all(const std::vector<std::string>& subjects) override {
    return x_vault.destroy_all(subjects);
  }
  Result<void> sync() override { return x_vault.sync(); }
  Result<void> sync_rows() override { return x_vault.sync_rows(); }
  [[nodiscard]] std::string installation_hmac(std::string_view text) const override {
    return x_vault.installation_hmac(text);
  }

 private:
  FileKeyVault& x_vault;
};

}  // namespace ringledger
