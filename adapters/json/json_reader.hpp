// Reads described types from JSON, naming every field that could not be read.
//
// strict (what clients send): unknown members are faults, null stands for absent (in a PATCH it is a wish of
// its own), all faults of a body are listed together. tolerant (what was stored): unknown members are
// skipped; optionals, lists, booleans and sealed members may be absent; any other absence is a fault that
// names the member.
#pragma once

#include <boost/json/value.hpp>
#include <limits>

#include "adapters/json/json_writer.hpp"
#include "commands/command.hpp"
#include "domain/result.hpp"

namespace ringledger::json {

enum class Reading { strict, tolerant };

template <class T>
inline constexpr bool is_patch = false;
template <class T>
inline constexpr bool is_patch<Patch<T>> = true;

/// The body of a PATCH: null in it would remove the member, which only a Patch can be.
template <class T>
inline constexpr bool is_patch_body = [] {
  if constexpr (requires { T::route.method; })
    return T::route.method == Method::patch;
  else
    return false;
}();

/// Boost.Describe's enumerators by their JSON names.
template <class E>
std::optional<E> enum_from(std::string_view text) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (enum_text(d.value) == text) found = d.value;
  });
  return found;
}
template <class E>
std::string enum_choices() {
  std::string all;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { all += (all.empty() ? "" : ", ") + std::string(enum_text(d.value)); });
  return all;
}

/// Finds a number by E.164, as a number may be named by it where its id may stand. An unknown one gets
/// the empty id, which exists nowhere; nullopt: the text is no phone number.
using NumberFinder = std::function<std::optional<NumberId>(std::string_view text)>;

/// Appends `/member` to an RFC 6901 JSON pointer.
void append_member(std::string& pointer, std::string_view member);

class Reader {
 public:
  static constexpr std::size_t max_faults = 1000;  ///< further ones are not listed

  explicit Reader(Reading reading, const SecretBox* box = nullptr, const NumberFinder* numbers = nullptr)
      : x_reading(reading), x_box(box), x_numbers(numbers) {}

  [[nodiscard]] const std::vector<Error>& faults() const { return x_faults; }

  template <class T>
  void read(const boost::json::value& j, T& out) {
    if constexpr (std::is_same_v<T, bool>) {
      if (const auto* b = j.if_bool())
        out = *b;
      else
        fault("must be true or false");
    } else if constexpr (std::is_integral_v<T>) {
      read_integer(j, out);
    } else if constexpr (std::is_same_v<T, double>) {
      if (j.is_number())
        out = j.to_number<double>();
      else
        fault("must be a number");
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (const auto* s = j.if_string())
        out.assign(s->data(), s->size());
      else
        fault("must be a text");
    } else if constexpr (std::is_enum_v<T>) {
      const auto* s = j.if_string();
      auto found = s ? enum_from<T>(*s) : std::nullopt;
      if (found)
        out = *found;
      else
        fault("must be one of: " + enum_choices<T>());
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      read_parsed(j, out, parse_rfc3339, "must be an RFC 3339 time");
    } else if constexpr (std::is_same_v<T, E164>) {
      read_parsed(j, out, E164::parse, "must be a phone number in E.164 (+14155550100)");
    } else if constexpr (std::is_same_v<T, Money>) {
      read_money(j, out);
    } else if constexpr (std::is_same_v<T, Share>) {
      read_share(j, out);
    } else if constexpr (is_id<T>) {
      auto parse = [&](std::string_view text) -> std::optional<T> {
        auto id = T::parse(text);
        if constexpr (std::is_same_v<T, NumberId>) {
          if (!id && x_numbers) id = (*x_numbers)(text);
        }
        return id;
      };
      read_parsed(j, out, parse, "must be an id that begins with " + std::string(T::prefix));
    } else if constexpr (is_optional<T>) {
      if (j.is_null())
        out.reset();
      else
        read(j, out.emplace());
    } else if constexpr (is_patch<T>) {
      out.present = true;
      if (!j.is_null()) read(j, out.value.emplace());
    } else if constexpr (is_vector<T>) {
      read_list(j, out);
    } else if constexpr (is_text_map<T>) {
      if (const auto* o = j.if_object()) {
        for (const auto& [key, value] : *o) inside(key, [&] { read(value, out[std::string(key)]); });
      } else {
        fault("must be an object");
      }
    } else if constexpr (requires {
                           out.clear();
                           out.clear().has_value();
                         }) {  // Personal
      std::remove_cvref_t<decltype(out.clear())> v;
      read(j, v);
      if (v) out = T(std::move(*v));
    } else if constexpr (requires { out.reveal(); }) {  // Secret
      read_secret(j, out);
    } else if constexpr (requires { T::read_text(std::string_view{}); }) {  // a constrained text
      const auto* s = j.if_string();
      if (!s) return fault("must be a text");
      auto v = T::read_text(*s);
      if (v)
        out = std::move(*v);
      else
        fault(v.error());
    } else {
      static_assert(Described<T>, "describe this type with RL_FIELDS");
      read_object(j, out);
    }
  }

  void fault(std::string why, Code code = Code::validation_failed) {
    if (x_faults.size() < max_faults) x_faults.push_back({code, std::move(why), x_pointer});
  }
  void inside(std::string_view member, auto&& body) {
    auto size = x_pointer.size();
    append_member(x_pointer, member);
    body();
    x_pointer.resize(size);
  }
  /// Reads the members of T from `o`, skipping those `skip(name)` says are not in the body.
  template <class T>
  void read_members(const boost::json::object& o, T& out, auto&& skip) {
    using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Fields>([&](auto d) {
      auto& f = out.*d.pointer;
      using F = std::remove_cvref_t<decltype(f)>;
      if (skip(std::string_view(d.name))) return;
      const auto* j = o.if_contains(d.name);
      inside(d.name, [&] {
        constexpr bool may_lack =
            is_optional<F> || is_patch<F> || is_sealed<F> || is_vector<F> || is_text_map<F>;
        if (!j || (j->is_null() && !is_patch<F>)) {
          bool removal = j && is_patch_body<T>;
          bool tolerated = (may_lack && !needed<T>(d.name) && !removal) || defaulted<T>(d.name) ||
                           (x_reading == Reading::tolerant && std::is_same_v<F, bool>);
          if (!tolerated) fault(j ? "must not be null" : "is required");
        } else {
          read(*j, f);
        }
      });
    });
    if (x_reading == Reading::strict) name_unknown<T>(o, skip);
  }

 private:
  /// A type may name members that have a default when absent: `static bool defaulted(string_view)`.
  template <class T>
  static bool defaulted(std::string_view name) {
    if constexpr (requires { T::defaulted(name); }) return T::defaulted(name);
    return false;
  }
  /// A type may name PATCH members (be it as null) and lists that must be there:
  /// `static bool needed(string_view)`.
  template <class T>
  static bool needed(std::string_view name) {
    if constexpr (requires { T::needed(name); }) return T::needed(name);
    return false;
  }
  template <class T>
  void name_unknown(const boost::json::object& o, auto&& skip) {
    for (const auto& member : o) {
      bool known = false;
      using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
      boost::mp11::mp_for_each<Fields>(
          [&](auto d) { known = known || (member.key() == d.name && !skip(std::string_view(d.name))); });
      if (!known) inside(member.key(), [&] { fault("is not a member of this body", Code::unknown_field); });
    }
  }
  template <class T>
  void read_object(const boost::json::value& j, T& out) {
    if (const auto* o = j.if_object())
      read_members(*o, out, [](std::string_view) { return false; });
    else
      fault("must be an object");
  }
  template <class T>
  void read_integer(const boost::json::value& j, T& out) {
    boost::system::error_code ec;
    if (j.is_int64() || j.is_uint64()) {
      auto v = j.to_number<T>(ec);
      if (!ec) {
        out = v;
        return;
      }
    }
    fault("must be a whole number between " + std::to_string(std::numeric_limits<T>::min()) + " and " +
          std::to_string(std::numeric_limits<T>::max()));
  }
  template <class T>
  void read_parsed(const boost::json::value& j, T& out, auto&& parse, std::string expectation) {
    const auto* s = j.if_string();
    auto v = s ? parse(std::string_view(*s)) : std::nullopt;
    if (v)
      out = *v;
    else
      fault(std::move(expectation));
  }
  template <class T>
  void read_list(const boost::json::value& j, std::vector<T>& out) {
    const auto* a = j.if_array();
    if (!a) return fault("must be a list");
    out.clear();
    out.reserve(a->size());
    for (std::size_t i = 0; i < a->size(); ++i) {
      inside(std::to_string(i), [&] {
        T item{};
        read((*a)[i], item);
        out.push_back(std::move(item));
      });
    }
  }
  void read_money(const boost::json::value& j, Money& out);
  void read_share(const boost::json::value& j, Share& out);
  void read_secret(const boost::json::value& j, Secret<std::string>& out);

  Reading x_reading;
  const SecretBox* x_box;
  const NumberFinder* x_numbers;
  std::string x_pointer;
  std::vector<Error> x_faults;
};

/// Strict reading of `text` as JSON (RFC 8259): UTF-8, depth 32, no member twice; Code::malformed_json,
/// or Code::validation_failed naming the doubled member.
Result<boost::json::value> parse_strict(std::string_view text);
/// Tolerant reading of what we wrote.
Result<boost::json::value> parse_stored(std::string_view text);
/// RFC 8785 canonical form.
std::string canonical(const boost::json::value& value);

/// Stored text back to a value; the error names the field.
template <class T>
Result<T> from_stored(const boost::json::value& j, const SecretBox* box = nullptr) {
  Reader r(Reading::tolerant, box);
  T out{};
  r.read(j, out);
  if (!r.faults().empty()) {
    const auto& f = r.faults().front();
    return fail(Code::internal, f.pointer + " " + f.detail, f.pointer);
  }
  return out;
}
template <class T>
Result<T> from_stored_text(std::string_view text, const SecretBox* box = nullptr) {
  auto j = parse_stored(text);
  if (!j) return std::unexpected(j.error());
  return from_stored<T>(*j, box);
}

}  // namespace ringledger::json
