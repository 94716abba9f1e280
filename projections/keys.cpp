#include "projections/keys.hpp"

#include <algorithm>

namespace ringledger {
namespace {

template <class U>
void append_big_endian(std::string& out, U value) {
  for (int shift = static_cast<int>(sizeof(U) * 8) - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

template <class U>
U read_big_endian(std::string_view bytes) {
  U value = 0;
  for (char c : bytes) value = static_cast<U>(value << 8U | static_cast<unsigned char>(c));
  return value;
}

constexpr std::uint64_t sign_bit = 1ULL << 63U;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

KeyBuilder& KeyBuilder::id(const RawId& id) {
  x_key.append(id.bytes.begin(), id.bytes.end());
  return *this;
}
KeyBuilder& KeyBuilder::u32(std::uint32_t value) {
  append_big_endian(x_key, value);
  return *this;
}
KeyBuilder& KeyBuilder::u64(std::uint64_t value) {
  append_big_endian(x_key, value);
  return *this;
}
KeyBuilder& KeyBuilder::i64(std::int64_t value) { return u64(static_cast<std::uint64_t>(value) ^ sign_bit); }
KeyBuilder& KeyBuilder::text(std::string_view text) {
  for (auto zero = text.find('\0'); zero != std::string_view::npos; zero = text.find('\0')) {
    x_key.append(text.substr(0, zero + 1)).push_back('\xFF');
    text.remove_prefix(zero + 1);
  }
  x_key.append(text).append(2, '\0');
  return *this;
}

std::string_view KeyReader::take(std::size_t n) {
  if (!x_ok || x_rest.size() < n) {
    x_ok = false;
    x_rest = {};
    return {};
  }
  auto part = x_rest.substr(0, n);
  x_rest.remove_prefix(n);
  return part;
}
char KeyReader::byte() {
  auto part = take(1);
  return part.empty() ? '\0' : part.front();
}
RawId KeyReader::id() {
  RawId id;
  auto part = take(id.bytes.size());
  std::transform(part.begin(), part.end(), id.bytes.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return id;
}
std::uint32_t KeyReader::u32() { return read_big_endian<std::uint32_t>(take(4)); }
std::uint64_t KeyReader::u64() { return read_big_endian<std::uint64_t>(take(8)); }
std::int64_t KeyReader::i64() { return static_cast<std::int64_t>(u64() ^ sign_bit); }
std::string KeyReader::text() {
  std::string out;
  while (x_ok) {
    char c = byte();
    if (!x_ok) break;
    if (c != '\0') {
      out.push_back(c);
      continue;
    }
    if (byte() != '\xFF') break;  // \0\0: the end (or, not ok, no end)
    out.push_back('\0');
  }
  return x_ok ? out : std::string();
}

std::string after_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string digits_of(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out),
               [](char c) { return c >= '0' && c <= '9'; });
  return out;
}

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    auto b = static_cast<unsigned char>(c);
    out.push_back(hex[b >> 4U]);
    out.push_back(hex[b & 15U]);
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text[i]);
    int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

}  // namespace ringledger
