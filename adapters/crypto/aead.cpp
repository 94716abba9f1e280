// AES-256-GCM: the cipher is fetched once, a context kept per thread.
#include "adapters/crypto/aead.hpp"

#include <openssl/evp.h>

#include <memory>

namespace ringledger {
namespace {

struct Free {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// A thread's context, begun with key and nonce; null when OpenSSL fails. `encrypt`: 1 or 0.
EVP_CIPHER_CTX* begin(const Key256& key, std::string_view nonce, int encrypt) {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  if (cipher == nullptr || context == nullptr || nonce.size() != aead_nonce_bytes) return nullptr;
  const int done = EVP_CipherInit_ex2(context.get(), cipher, key.data(), octets(nonce), encrypt, nullptr);
  return done == 1 ? context.get() : nullptr;
}

// Associated data, then text into `out`; the last call of both directions is the caller's.
bool feed(EVP_CIPHER_CTX* context, std::string_view associated, std::string_view text, std::string& out) {
  int n = 0;
  if (!associated.empty() &&
      EVP_CipherUpdate(context, nullptr, &n, octets(associated), static_cast<int>(associated.size())) != 1)
    return false;
  if (text.empty()) return true;
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  return EVP_CipherUpdate(context, to, &n, octets(text), static_cast<int>(text.size())) == 1 &&
         static_cast<std::size_t>(n) == text.size();
}

}  // namespace

Result<std::string> aead_seal(const Key256& key, std::string_view nonce, std::string_view associated,
                              std::string_view plaintext) {
  if (plaintext.size() > aead_max_bytes || associated.size() > aead_max_bytes)
    return fail(Code::too_large, "a text of more than 64 MiB cannot be sealed");
  std::string out(plaintext.size() + aead_tag_bytes, '\0');
  auto* tag = reinterpret_cast<unsigned char*>(out.data()) + plaintext.size();
  EVP_CIPHER_CTX* context = begin(key, nonce, 1);
  int n = 0;
  if (context == nullptr || !feed(context, associated, plaintext, out) ||
      EVP_CipherFinal_ex(context, tag, &n) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, aead_tag_bytes, tag) != 1)
    return fail(Code::internal, "OpenSSL could not encrypt with AES-256-GCM");
  return out;
}

std::optional<std::string> aead_open(const Key256& key, std::string_view nonce, std::string_view associated,
                                     std::string_view sealed) {
  if (sealed.size() < aead_tag_bytes || sealed.size() - aead_tag_bytes > aead_max_bytes ||
      associated.size() > aead_max_bytes)
    return std::nullopt;
  const auto text = sealed.substr(0, sealed.size() - aead_tag_bytes);
  std::string tag(sealed.substr(text.size()));
  std::string out(text.size(), '\0');
  EVP_CIPHER_CTX* context = begin(key, nonce, 0);
  unsigned char none[aead_tag_bytes];
  int n = 0;
  if (context == nullptr || !feed(context, associated, text, out) ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, aead_tag_bytes, tag.data()) != 1 ||
      EVP_CipherFinal_ex(context, none, &n) != 1) {
    OPENSSL_cleanse(out.data(), out.size());
    return std::nullopt;
  }
  return out;
}

}  // namespace ringledger
