// Digests, MACs and encodings against published vectors.
#include "adapters/crypto/hash.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace ringledger;

TEST_CASE("SHA-256 answers the vectors of FIPS 180-4") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(sha256("abc").size() == 32);
}

TEST_CASE("HMAC-SHA-256 answers the vectors of RFC 4231") {
  const auto mac = [](std::string_view key, std::string_view text) {
    return hex_encode(hmac_sha256(key, text));
  };
  CHECK(mac(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(mac("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("an empty HMAC key is a key, not the one used before") {
  static_cast<void>(hmac_sha256("another", "text"));
  CHECK(hex_encode(hmac_sha256(std::string_view(), "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("HMAC-SHA-1 answers the vectors of RFC 2202") {
  CHECK(hex_encode(hmac_sha1(std::string(20, '\x0b'), "Hi There")) ==
        "b617318655057264e28bc0b6fb378c8ef146be00");
  CHECK(hex_encode(hmac_sha1("Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hmac_sha1("Jefe", "").size() == 20);
}

TEST_CASE("base64 answers the vectors of RFC 4648, both ways") {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    CHECK(base64_encode(plain) == encoded);
    CHECK(base64_decode(encoded) == plain);
  }
}

TEST_CASE("base64 reads only what it writes") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Zm9v\n\n\n\n",
                           "Z===", "====", "Zg==Zg==", "Zm-v", "Zm_v", "Zm9v====", "=m9v", "Zm=v"}) {
    CAPTURE(std::string(text));
    CHECK(!base64_decode(text));
  }
}

TEST_CASE("base64 and hex give every length back, also past the size of one piece") {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{255}, (3UZ << 20) - 1, 3UZ << 20, (3UZ << 20) + 1}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 131 + i / 256);
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
    CHECK(hex_decode(hex_encode(bytes)) == bytes);
  }
}

TEST_CASE("hex is lower case when written, of either case when read, and nothing else") {
  CHECK(hex_encode(std::string_view("\x00\x7f\xff", 3)) == "007fff");
  CHECK(hex_decode("aAfF") == "\xaa\xff");
  for (const char* text : {"a", "0g", "0x", " 00", "é"}) CHECK(!hex_decode(text));
  CHECK(!hex_decode(std::string_view("abcd").substr(0, 3)));
}

TEST_CASE("equality in constant time is equality") {
  CHECK(constant_time_equal("", ""));
  CHECK(constant_time_equal("secret", "secret"));
  CHECK(!constant_time_equal("secret", "secreT"));
  CHECK(!constant_time_equal("Secret", "secret"));
  CHECK(!constant_time_equal("secret", "secret "));
}

TEST_CASE("threads hash without disturbing one another") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&wrong, t] {
      const auto key = std::string(t + 1, 'k');
      const auto digest = sha256(key), mac = hmac_sha256(key, "text");
      for (int i = 0; i < 500; ++i) wrong[t] += sha256(key) != digest || hmac_sha256(key, "text") != mac;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}
