// The secrets of API keys.
#include "adapters/crypto/api_key_token.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/adapters/crypto/support/seeded_random.hpp"

using namespace ringledger;
using testing::SeededRandom;

namespace {

const KeyId some_key{RawId::make(1'700'000'000'000, 7, 42)};

}  // namespace

TEST_CASE("a key's secret names its key and is made of letters and digits") {
  SeededRandom random(1);
  const auto secret = api_key_token::make(some_key, random);
  CHECK(secret.size() == api_key_token::length);
  CHECK(secret.starts_with("rl_" + encode_base32(some_key.raw) + "_"));
  CHECK(secret.substr(30).find_first_not_of(
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == secret.npos);
  CHECK(api_key_token::parse(secret) == some_key);
}

TEST_CASE("no two secrets are the same, and every character is drawn about as often") {
  SeededRandom random(2);
  std::set<std::string> all;
  std::map<char, int> drawn;
  for (int i = 0; i < 2000; ++i) {
    const auto secret = api_key_token::make(some_key, random);
    all.insert(secret);
    for (const char c : secret.substr(30, 27)) ++drawn[c];
  }
  CHECK(all.size() == 2000);
  CHECK(drawn.size() == 62);
  for (const auto& [c, times] : drawn) CHECK_MESSAGE((times > 700 && times < 1050), c << ": " << times);
}

TEST_CASE("a secret with any character changed, lost or added is refused") {
  SeededRandom random(3);
  const auto secret = api_key_token::make(some_key, random);
  for (std::size_t i = 0; i < secret.size(); ++i) {
    CAPTURE(i);
    auto changed = secret;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    CHECK(!api_key_token::parse(changed));
    auto shorter = secret;
    shorter.erase(i, 1);
    CHECK(!api_key_token::parse(shorter));
    auto longer = secret;
    longer.insert(i, 1, '0');
    CHECK(!api_key_token::parse(longer));
  }
  for (const char* text : {"", "rl_", "Bearer", "rlp_"}) CHECK(!api_key_token::parse(text));
}

TEST_CASE("what is stored of a secret is its SHA-256") {
  CHECK(api_key_token::digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
