// 256 secret bits in memory, wiped when they go out of scope.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "commands/ports/system.hpp"

namespace ringledger {

class Key256 {
 public:
  static constexpr std::size_t size = 32;

  Key256() = default;
  Key256(const Key256&) = default;
  Key256& operator=(const Key256&) = default;
  ~Key256() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  static Key256 random(Random& random) {
    Key256 key;
    random.fill(key.bytes_);
    return key;
  }
  /// REQUIRES: `bytes` has 32 bytes (shorter is filled with zeros, longer is cut).
  static Key256 copy(std::string_view bytes) {
    Key256 key;
    std::memcpy(key.bytes_.data(), bytes.data(), bytes.size() < size ? bytes.size() : size);
    return key;
  }
  [[nodiscard]] const unsigned char* data() const { return bytes_.data(); }
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  std::array<std::uint8_t, size> bytes_{};
};

}  // namespace ringledger
