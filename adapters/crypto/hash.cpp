// Digests and MACs: algorithms are fetched once, contexts kept per thread (a fetch costs more than a hash).
#include "adapters/crypto/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace ringledger {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
  void operator()(EVP_MAC_CTX* c) const { EVP_MAC_CTX_free(c); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free>;

void require(bool done, const char* what) {
  if (done) return;
  static_cast<void>(std::fprintf(stderr, "OpenSSL cannot compute %s; check openssl.cnf and memory\n", what));
  std::abort();
}

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// The digest named, one context a thread and digest.
EVP_MAC_CTX* hmac_context(const char* digest) {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr, "HMAC");
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  require(context != nullptr, "HMAC");
  OSSL_PARAM name[2] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
                        OSSL_PARAM_construct_end()};
  require(EVP_MAC_CTX_set_params(context, name) == 1, digest);
  return context;
}

std::string hmac(EVP_MAC_CTX* context, std::size_t size, std::string_view key, std::string_view bytes) {
  // A null key means "the key before": an absent one must point somewhere.
  const unsigned char* k = key.empty() ? octets(std::string_view("")) : octets(key);
  std::string out(size, '\0');
  std::size_t written = 0;
  const bool done = EVP_MAC_init(context, k, key.size(), nullptr) == 1 &&
                    EVP_MAC_update(context, octets(bytes), bytes.size()) == 1 &&
                    EVP_MAC_final(context, octets(out), &written, size) == 1 && written == size;
  require(done, "HMAC");
  return out;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const DigestContext context(EVP_MD_CTX_new());
  std::string out(32, '\0');
  const bool done = algorithm != nullptr && context != nullptr &&
                    EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), octets(out), nullptr) == 1;
  require(done, "SHA-256");
  return out;
}

std::string sha256_hex(std::string_view bytes) { return hex_encode(sha256(bytes)); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  thread_local const MacContext context(hmac_context("SHA256"));
  return hmac(context.get(), 32, key, bytes);
}

std::string hmac_sha1(std::string_view key, std::string_view bytes) {
  thread_local const MacContext context(hmac_context("SHA1"));
  return hmac(context.get(), 20, key, bytes);
}

std::string base64_encode(std::string_view bytes) {
  constexpr std::size_t piece = 3U << 20;  // a multiple of 3, far below INT_MAX
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  std::size_t at = 0;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const int n = static_cast<int>(std::min(piece, bytes.size()));
    // Writes a '\0' behind: the next piece's place, or the string's own end.
    at += static_cast<std::size_t>(EVP_EncodeBlock(octets(out) + at, octets(bytes), n));
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  constexpr std::size_t piece = 4U << 20;
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out(text.size() / 4 * 3, '\0');
  std::size_t at = 0;
  for (auto rest = text; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
    const auto size = std::min(piece, rest.size());
    const int n = EVP_DecodeBlock(octets(out) + at, octets(rest), static_cast<int>(size));
    if (n < 0 || static_cast<std::size_t>(n) != size / 4 * 3) return std::nullopt;
    at += static_cast<std::size_t>(n);
  }
  out.resize(out.size() - padding);
  // EVP_DecodeBlock forgives white space, inner padding and stray bits: we do not.
  if (base64_encode(out) != text) return std::nullopt;
  return out;
}

std::string hex_encode(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = OPENSSL_hexchar2int(static_cast<unsigned char>(text[i]));
    const int low = OPENSSL_hexchar2int(static_cast<unsigned char>(text[i + 1]));
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(static_cast<unsigned char>(high << 4 | low));
  }
  return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ringledger
