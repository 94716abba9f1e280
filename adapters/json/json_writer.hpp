// Writes described types as JSON text, straight into a string.
//
// Modes say what happens to what is personal or secret, and to empty optionals:
//   event   personal and secret members are left out of `out` and gathered in `sealed` (one object,
//           keyed by dotted path); empty optionals are left out
//   result  as answer, but personal members are null in `out` and gathered in `sealed`
//   row     as event for empty optionals; personal members in clear, secrets through `box`
//   answer  every member present, null when empty; personal in clear (null once erased); no secrets
#pragma once

#include <boost/describe/enum_to_string.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.hpp"
#include "domain/ids.hpp"
#include "domain/result.hpp"
#include "domain/values.hpp"

namespace ringledger::json {

void write_text(std::string& out, std::string_view text);  ///< quoted and escaped

/// A described enumerator's name in JSON: without a trailing underscore (`static_` is "static").
template <class E>
std::string_view enum_text(E value) {
  std::string_view name = boost::describe::enum_to_string(value, "");
  return name.ends_with('_') ? name.substr(0, name.size() - 1) : name;
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_text_map = false;
template <class T>
inline constexpr bool is_text_map<std::map<std::string, T>> = true;
template <class T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;

/// Text already in JSON, put in as it is.
struct Raw {
  std::string text;
  friend bool operator==(const Raw&, const Raw&) = default;
};

/// How secrets rest in rows: sealed, as text. Opening: nullopt when its key was destroyed.
struct SecretBox {
  std::function<std::string(std::string_view clear)> close;
  std::function<Result<std::optional<std::string>>(std::string_view sealed)> open;
};

enum class Mode { event, result, row, answer };

class Writer {
 public:
  Writer(std::string& out, Mode mode, const SecretBox* box = nullptr)
      : x_out(out), x_mode(mode), x_box(box) {}

  template <class T>
  void write(const T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      x_out += v ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
      write_integer(v);
    } else if constexpr (std::is_same_v<T, double>) {
      write_double(v);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      write_text(x_out, v);
    } else if constexpr (std::is_enum_v<T>) {
      write_text(x_out, enum_text(v));
    } else if constexpr (std::is_same_v<T, OneTimeSecret>) {
      if (x_mode == Mode::result) gather_once(v.value);
      x_out += "null";
    } else if constexpr (std::is_same_v<T, Raw>) {
      x_out += v.text.empty() ? "null" : v.text;
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      write_text(x_out, to_rfc3339(v));
    } else if constexpr (std::is_same_v<T, E164>) {
      write_text(x_out, v.text);
    } else if constexpr (std::is_same_v<T, Money>) {
      x_out += "{\"amount\":\"" + amount_text(v) + "\",\"currency\":";
      write_text(x_out, v.currency);
      x_out += '}';
    } else if constexpr (std::is_same_v<T, Share>) {
      x_out += share_text(v);
    } else if constexpr (is_id<T>) {
      x_out += '"';
      x_out += T::prefix;
      x_out += encode_base32(v.raw);
      x_out += '"';
    } else if constexpr (is_optional<T>) {
      if (v)
        write(*v);
      else
        x_out += "null";
    } else if constexpr (is_vector<T>) {
      write_list(v);
    } else if constexpr (is_text_map<T>) {
      write_map(v);
    } else if constexpr (requires {
                           v.clear();
                           v.clear().has_value();
                         }) {  // Personal
      write(v.clear());
    } else if constexpr (requires { v.reveal(); }) {  // Secret
      write_secret(v.reveal());
    } else if constexpr (requires { v.text_form(); }) {  // a constrained text of a command
      write_text(x_out, v.text_form());
    } else {
      static_assert(Described<T>, "describe this type with RL_FIELDS");
      write_object(v);
    }
  }

  /// The sealed members gathered in event mode, as a JSON object; "" when there are none.
  [[nodiscard]] const std::string& sealed() const { return x_sealed; }
  /// One-time secrets met in result mode, like `sealed`.
  [[nodiscard]] const std::string& once() const { return x_once; }

 private:
  template <class T>
  void write_integer(T v) {
    char buf[24];
    auto end = std::to_chars(buf, buf + sizeof buf, v).ptr;
    x_out.append(buf, end);
  }
  void write_double(double v) {
    char buf[40];
    auto end = std::to_chars(buf, buf + sizeof buf, v).ptr;
    x_out.append(buf, end);
  }
  template <class T>
  void write_list(const std::vector<T>& v) {
    x_out += '[';
    bool first = true;
    for (const auto& item : v) {
      if (!first) x_out += ',';
      first = false;
      write(static_cast<const T&>(item));
    }
    x_out += ']';
  }
  template <class T>
  void write_map(const std::map<std::string, T>& v) {
    x_out += '{';
    bool first = true;
    for (const auto& [key, value] : v) {
      if (!first) x_out += ',';
      first = false;
      write_text(x_out, key);
      x_out += ':';
      write(value);
    }
    x_out += '}';
  }
  void write_secret(const std::optional<std::string>& v) {
    if (!v || !x_box) {
      x_out += "null";
    } else {
      write_text(x_out, x_box->close(*v));
    }
  }
  template <class T>
  void write_object(const T& v) {
    x_out += '{';
    bool first = true;
    using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Fields>([&](auto d) {
      const auto& f = v.*d.pointer;
      using F = std::remove_cvref_t<decltype(f)>;
      if constexpr (is_sealed<F>) {
        if (x_mode == Mode::event || x_mode == Mode::result) gather(d.name, f);
        if (x_mode == Mode::event) return;
      }
      if constexpr (is_optional<F>) {
        if (!f && (x_mode == Mode::event || x_mode == Mode::row)) return;
      }
      if (!first) x_out += ',';
      first = false;
      x_out += '"';
      x_out += d.name;
      x_out += "\":";
      if constexpr (is_sealed<F>) {
        if (x_mode == Mode::result) {
          x_out += "null";
          return;
        }
      }
      auto outer = x_path.size();
      x_path.append(d.name).push_back('.');
      write(f);
      x_path.resize(outer);
    });
    x_out += '}';
  }
  template <class T>
  void gather(const char* name, const Personal<T>& f) {
    if (f.clear()) gather_value(name, *f.clear());
  }
  template <class T>
  void gather(const char* name, const Secret<T>& f) {
    if (f.reveal()) gather_value(name, *f.reveal());
  }
  void gather_once(const std::string& value) {
    x_once += x_once.empty() ? "{\"" : ",\"";
    x_once += x_path.substr(0, x_path.size() - 1);  // the path's last dot
    x_once += "\":";
    write_text(x_once, value);
  }
  template <class T>
  void gather_value(const char* name, const T& value) {
    x_sealed += x_sealed.empty() ? "{\"" : ",\"";
    x_sealed += x_path;
    x_sealed += name;
    x_sealed += "\":";
    Writer(x_sealed, Mode::answer).write(value);
  }

  std::string& x_out;
  Mode x_mode;
  const SecretBox* x_box;
  std::string x_sealed, x_once, x_path;
};

/// One value as text.
template <class T>
std::string to_text(const T& value, Mode mode = Mode::answer, const SecretBox* box = nullptr) {
  std::string out;
  Writer(out, mode, box).write(value);
  return out;
}

/// A value split into what is stored in clear and what is to be sealed ("" when nothing is).
struct Split {
  std::string clear, personal, once;
};
template <class T>
Split split(const T& value, Mode mode = Mode::event) {
  Split s;
  Writer w(s.clear, mode);
  w.write(value);
  if (!w.sealed().empty()) s.personal = w.sealed() + "}";
  if (!w.once().empty()) s.once = w.once() + "}";
  return s;
}

}  // namespace ringledger::json
