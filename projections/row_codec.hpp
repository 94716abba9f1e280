// How a read model's row is kept in its family: a small binary format derived from its described fields.
//
// A described struct is its fields in order; integers and enumerations are zigzag varints; a text is its
// length and bytes; an optional is one byte and perhaps the value; a list is its length and elements, a map
// of texts its length, names and values. A
// secret is left out and reads as empty: a read model holds no credentials.
// Rows are disposable, so the format knows no versions: `layout` names every field and type, and a
// family that was written under another layout is built anew (projections/runner.hpp).
#pragma once

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "domain/ids.hpp"
#include "domain/result.hpp"
#include "domain/values.hpp"

namespace ringledger {

/// What a view's rows are encoded with. `layout` changes when the format does.
template <class Row>
struct RowCodec {
  std::function<std::string(const Row&)> encode;
  std::function<Result<Row>(std::string_view)> decode;
  std::string layout;
};

namespace row_codec {

void put_varint(std::string& out, std::uint64_t value);
/// False (and `in` unspecified) when there is no varint.
bool take_varint(std::string_view& in, std::uint64_t& value);
inline std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1U) ^ (v < 0 ? ~0ULL : 0ULL);
}
inline std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1U) ^ -static_cast<std::int64_t>(v & 1U);
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;
template <class T>
inline constexpr bool is_text_map = false;
template <class T>
inline constexpr bool is_text_map<std::map<std::string, T>> = true;
template <class T>
inline constexpr bool is_personal = false;
template <class T>
inline constexpr bool is_personal<Personal<T>> = true;
template <class T>
inline constexpr bool is_secret = false;
template <class T>
inline constexpr bool is_secret<Secret<T>> = true;

/// Calls `visit(name, member pointer)` for each field in order.
template <class T>
void each_field(auto&& visit) {
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
      [&](auto d) { visit(d.name, d.pointer); });
}

template <class T>
void put(std::string& out, const T& value) {
  if constexpr (is_secret<T>) {
    return;
  } else if constexpr (std::is_same_v<T, bool>) {
    out.push_back(value ? '\1' : '\0');
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    put_varint(out, zigzag(static_cast<std::int64_t>(value)));
  } else if constexpr (std::is_same_v<T, std::string>) {
    put_varint(out, value.size());
    out.append(value);
  } else if constexpr (is_id<T>) {
    out.append(value.raw.bytes.begin(), value.raw.bytes.end());
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    put(out, value.ms);
  } else if constexpr (std::is_same_v<T, E164>) {
    put(out, value.text);
  } else if constexpr (std::is_same_v<T, Money>) {
    put(out, value.ten_thousandths);
    put(out, value.currency);
  } else if constexpr (is_personal<T>) {
    put(out, value.clear());
  } else if constexpr (is_optional<T>) {
    out.push_back(value ? '\1' : '\0');
    if (value) put(out, *value);
  } else if constexpr (is_list<T>) {
    put_varint(out, value.size());
    for (const auto& v : value) put(out, v);
  } else if constexpr (is_text_map<T>) {
    put_varint(out, value.size());
    for (const auto& [name, v] : value) {
      put(out, name);
      put(out, v);
    }
  } else {
    each_field<T>([&](const char*, auto pointer) { put(out, value.*pointer); });
  }
}

template <class T>
bool take(std::string_view& in, T& value);

inline bool take_bytes(std::string_view& in, std::size_t n, std::string_view& bytes) {
  if (in.size() < n) return false;
  bytes = in.substr(0, n);
  in.remove_prefix(n);
  return true;
}

inline bool take_flag(std::string_view& in, bool& value) {
  std::string_view byte;
  if (!take_bytes(in, 1, byte) || (byte[0] != '\0' && byte[0] != '\1')) return false;
  value = byte[0] == '\1';
  return true;
}

template <class T>
bool take_optional(std::string_view& in, std::optional<T>& value) {
  bool there = false;
  if (!take_flag(in, there)) return false;
  if (!there) {
    value.reset();
    return true;
  }
  T inner{};
  if (!take(in, inner)) return false;
  value = std::move(inner);
  return true;
}

template <class T>
bool take_list(std::string_view& in, std::vector<T>& value) {
  std::uint64_t n = 0;
  if (!take_varint(in, n) || n > in.size()) return false;  // an element is a byte at least
  value.assign(static_cast<std::size_t>(n), T{});
  for (auto& v : value) {
    if (!take(in, v)) return false;
  }
  return true;
}

template <class T>
bool take_map(std::string_view& in, std::map<std::string, T>& value) {
  std::uint64_t n = 0;
  if (!take_varint(in, n) || n > in.size()) return false;
  value.clear();
  for (std::uint64_t i = 0; i < n; ++i) {
    std::string name;
    if (!take(in, name) || !take(in, value[name])) return false;
  }
  return true;
}

template <class T>
bool take_number(std::string_view& in, T& value) {
  std::uint64_t v = 0;
  if (!take_varint(in, v)) return false;
  value = static_cast<T>(unzigzag(v));
  return true;
}

inline bool take_text(std::string_view& in, std::string& value) {
  std::uint64_t n = 0;
  std::string_view bytes;
  if (!take_varint(in, n) || n > in.size() || !take_bytes(in, static_cast<std::size_t>(n), bytes))
    return false;
  value.assign(bytes);
  return true;
}

template <class Tag>
bool take_id(std::string_view& in, Id<Tag>& value) {
  std::string_view bytes;
  if (!take_bytes(in, value.raw.bytes.size(), bytes)) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) value.raw.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
  return true;
}

template <class T>
bool take(std::string_view& in, T& value) {
  if constexpr (is_secret<T>) {
    value = T();
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    return take_flag(in, value);
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    return take_number(in, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return take_text(in, value);
  } else if constexpr (is_id<T>) {
    return take_id(in, value);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return take(in, value.ms);
  } else if constexpr (std::is_same_v<T, E164>) {
    return take(in, value.text);
  } else if constexpr (std::is_same_v<T, Money>) {
    return take(in, value.ten_thousandths) && take(in, value.currency);
  } else if constexpr (is_personal<T>) {
    std::remove_cvref_t<decltype(value.clear())> clear;
    if (!take_optional(in, clear)) return false;
    value = clear ? T(std::move(*clear)) : T();
    return true;
  } else if constexpr (is_optional<T>) {
    return take_optional(in, value);
  } else if constexpr (is_list<T>) {
    return take_list(in, value);
  } else if constexpr (is_text_map<T>) {
    return take_map(in, value);
  } else {
    bool ok = true;
    each_field<T>([&](const char*, auto pointer) { ok = ok && take(in, value.*pointer); });
    return ok;
  }
}

/// Names a type's fields and their shapes, so that a change of either changes the text.
template <class T>
void describe(std::string& out) {
  if constexpr (is_secret<T>) {
    out += '-';
  } else if constexpr (std::is_same_v<T, bool>) {
    out += 'b';
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    out += 'n';
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, E164>) {
    out += 't';
  } else if constexpr (is_id<T>) {
    out += 'i';
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    out += 'n';
  } else if constexpr (std::is_same_v<T, Money>) {
    out += 'm';
  } else if constexpr (is_personal<T>) {
    describe<std::remove_cvref_t<decltype(std::declval<const T&>().clear())>>(out);
  } else if constexpr (is_optional<T>) {
    out += '?';
    describe<typename T::value_type>(out);
  } else if constexpr (is_list<T>) {
    out += '*';
    describe<typename T::value_type>(out);
  } else if constexpr (is_text_map<T>) {
    out += '%';
    describe<typename T::mapped_type>(out);
  } else {
    out += '{';
    each_field<T>([&](const char* name, auto pointer) {
      out += name;
      out += ':';
      describe<std::remove_cvref_t<decltype(std::declval<T>().*pointer)>>(out);
      out += ',';
    });
    out += '}';
  }
}

}  // namespace row_codec

/// The codec of a described row. Decoding a text that is no such row is Code::internal.
template <class Row>
RowCodec<Row> binary_codec() {
  RowCodec<Row> codec;
  codec.encode = [](const Row& row) {
    std::string out;
    row_codec::put(out, row);
    return out;
  };
  codec.decode = [](std::string_view in) -> Result<Row> {
    Row row{};
    if (!row_codec::take(in, row) || !in.empty()) return fail(Code::internal, "a row that cannot be read");
    return row;
  };
  codec.layout = "binary1";
  row_codec::describe<Row>(codec.layout);
  return codec;
}

}  // namespace ringledger
