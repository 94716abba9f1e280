// How row keys and index keys are built: binary, the tenant first, and sorted by memcmp exactly as the
// values they hold are sorted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger {

/// Appends parts to a key. Ids are 16 raw bytes; integers are fixed width, big endian; texts end in
/// \0\0 with every \0 inside written as \0\xFF, so that "a" sorts before "ab" and no text runs into
/// the part behind it.
class KeyBuilder {
 public:
  KeyBuilder() { x_key.reserve(usual_bytes); }
  explicit KeyBuilder(std::string start) : x_key(std::move(start)) {}

  KeyBuilder& byte(char c) {
    x_key.push_back(c);
    return *this;
  }
  KeyBuilder& raw(std::string_view bytes) {
    x_key.append(bytes);
    return *this;
  }
  KeyBuilder& id(const RawId& id);
  template <class Tag>
  KeyBuilder& id(const Id<Tag>& typed) {
    return id(typed.raw);
  }
  KeyBuilder& u32(std::uint32_t value);
  KeyBuilder& u64(std::uint64_t value);
  KeyBuilder& i64(std::int64_t value);  ///< sign bit flipped: negative sorts first
  KeyBuilder& text(std::string_view text);

  [[nodiscard]] const std::string& view() const { return x_key; }
  [[nodiscard]] std::string done() { return std::move(x_key); }

 private:
  static constexpr std::size_t usual_bytes = 79;  ///< two ids, a text, an integer: one allocation
  std::string x_key;
};

/// Takes a key apart again, in the order it was built. After a part that is not there every further
/// part reads as empty and `ok()` is false.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : x_rest(key) {}
  char byte();
  RawId id();
  template <class I>
  I as() {
    return I{id()};
  }
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64();
  std::string text();
  [[nodiscard]] std::string_view rest() const { return x_rest; }
  [[nodiscard]] bool ok() const { return x_ok; }

 private:
  std::string_view take(std::size_t n);
  std::string_view x_rest;
  bool x_ok = true;
};

/// The end (exclusive) of the keys that start with `prefix`; empty when there is none ("\xFF…").
std::string after_prefix(std::string_view prefix);

/// ASCII lower case, other characters as they are: how labels are searched and sorted.
std::string lower_ascii(std::string_view text);
/// Only the decimal digits of a text.
std::string digits_of(std::string_view text);

/// Opaque text of binary bytes for cursors (lower-case hex), and back; nullopt when it is none.
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);

}  // namespace ringledger
