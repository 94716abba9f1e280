// AES-256-GCM against published vectors, and against changes.
#include "adapters/crypto/aead.hpp"

#include <doctest/doctest.h>

#include "adapters/crypto/hash.hpp"

using namespace ringledger;

namespace {

std::string bytes(std::string_view hex) { return hex_decode(hex).value(); }

}  // namespace

TEST_CASE("AES-256-GCM answers test cases 13, 14 and 16 of the GCM specification") {
  const Key256 zero;
  const std::string nonce(12, '\0');
  CHECK(hex_encode(aead_seal(zero, nonce, "", "").value()) == "530f8afbc74536b9a963b4f1c4cb738b");
  CHECK(hex_encode(aead_seal(zero, nonce, "", std::string(16, '\0')).value()) ==
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  const auto key = Key256::copy(bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const auto plain = bytes(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const auto associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto sealed = aead_seal(key, bytes("cafebabefacedbaddecaf888"), associated, plain);
  CHECK(hex_encode(sealed.value()) ==
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
        "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  CHECK(aead_open(key, bytes("cafebabefacedbaddecaf888"), associated, *sealed) == plain);
}

TEST_CASE("another key, nonce, associated data or any changed byte does not open") {
  const auto key = Key256::copy(std::string(32, 'k'));
  const std::string nonce(12, 'n');
  const auto sealed = aead_seal(key, nonce, "here", "a secret").value();
  CHECK(aead_open(key, nonce, "here", sealed) == "a secret");
  CHECK(!aead_open(Key256(), nonce, "here", sealed));
  CHECK(!aead_open(key, std::string(12, 'm'), "here", sealed));
  CHECK(!aead_open(key, nonce, "there", sealed));
  CHECK(!aead_open(key, nonce, "", sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(!aead_open(key, nonce, "here", changed));
    CHECK(!aead_open(key, nonce, "here", sealed.substr(0, i)));
  }
}

TEST_CASE("a nonce of another length is refused, not padded") {
  CHECK(!aead_seal(Key256(), "short", "", "text"));
  CHECK(!aead_open(Key256(), "short", "", std::string(20, 'x')));
}
