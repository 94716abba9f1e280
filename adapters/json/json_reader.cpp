#include "adapters/json/json_reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <set>

namespace ringledger::json {
namespace {

namespace bj = boost::json;

bj::parse_options options() {
  bj::parse_options o;
  o.max_depth = 32;
  return o;
}

/// Finds a member that stands twice in one object (the DOM parser would keep the last one silently).
struct DoubledMembers {
  static constexpr std::size_t max_array_size = std::size_t(-1), max_object_size = std::size_t(-1),
                               max_string_size = std::size_t(-1), max_key_size = std::size_t(-1);
  using ec = boost::system::error_code;
  struct Open {
    bool list = false;
    std::size_t index = 0;
    std::set<std::string, std::less<>> names;
    std::string name;
  };
  std::vector<Open> open;
  std::string key, doubled;  ///< `doubled`: JSON pointer of the first one found

  bool done() {
    if (!open.empty()) ++open.back().index;
    return true;
  }
  bool close() {
    open.pop_back();
    return done();
  }
  void remember_where() {
    for (const auto& o : open) append_member(doubled, o.list ? std::to_string(o.index) : o.name);
  }
  bool on_document_begin(ec&) { return true; }
  bool on_document_end(ec&) { return true; }
  bool on_object_begin(ec&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, ec&) { return close(); }
  bool on_array_begin(ec&) {
    open.emplace_back().list = true;
    return true;
  }
  bool on_array_end(std::size_t, ec&) { return close(); }
  bool on_key_part(bj::string_view s, std::size_t, ec&) {
    key.append(s.data(), s.size());
    return true;
  }
  bool on_key(bj::string_view s, std::size_t, ec&) {
    key.append(s.data(), s.size());
    open.back().name = key;
    if (!open.back().names.insert(key).second && doubled.empty()) remember_where();
    key.clear();
    return true;
  }
  bool on_string_part(bj::string_view, std::size_t, ec&) { return true; }
  bool on_string(bj::string_view, std::size_t, ec&) { return done(); }
  bool on_number_part(bj::string_view, ec&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, ec&) { return done(); }
  bool on_uint64(std::uint64_t, bj::string_view, ec&) { return done(); }
  bool on_double(double, bj::string_view, ec&) { return done(); }
  bool on_bool(bool, ec&) { return done(); }
  bool on_null(ec&) { return done(); }
  bool on_comment_part(bj::string_view, ec&) { return true; }
  bool on_comment(bj::string_view, ec&) { return true; }
};

/// Order of UTF-16 code units (RFC 8785 §3.2.3) on UTF-8 text: equal to byte order but for characters
/// past the BMP, which sort before U+E000…U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  auto weight = [](unsigned char c) { return c >= 0xF0 ? 0xED * 256 + c : c * 256; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) {
    return weight(static_cast<unsigned char>(x)) < weight(static_cast<unsigned char>(y));
  });
}

/// As ECMAScript writes numbers (RFC 8785 §3.2.2.3): 1.0 is 1, 1e30 is 1e+30, 1e-7 has one exponent digit.
void write_number(std::string& out, double d) {
  if (d == 0) {
    out += '0';
    return;
  }
  char buf[40];
  auto end = std::to_chars(buf, buf + sizeof buf, std::abs(d), std::chars_format::scientific).ptr;
  std::string_view shortest(buf, static_cast<std::size_t>(end - buf));  // d.ddde±xx
  auto e = shortest.find('e');
  std::string digits(1, shortest[0]);
  if (e > 2) digits += shortest.substr(2, e - 2);
  int exponent = std::stoi(std::string(shortest.substr(e + 1)));
  int count = static_cast<int>(digits.size());
  if (d < 0) out += '-';
  if (exponent >= 21 || exponent < -6) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out += (exponent < 0 ? "e" : "e+") + std::to_string(exponent);
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else if (count <= exponent + 1) {
    out.append(digits).append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    auto point = static_cast<std::size_t>(exponent + 1);
    out.append(digits, 0, point).append(".").append(digits, point);
  }
}

void write_canonical(std::string& out, const bj::value& v) {
  if (const auto* o = v.if_object()) {
    std::vector<const bj::key_value_pair*> members;
    for (const auto& m : *o) members.push_back(&m);
    std::sort(members.begin(), members.end(),
              [](auto* a, auto* b) { return utf16_less(a->key(), b->key()); });
    out += '{';
    for (const auto* m : members) {
      if (out.back() != '{') out += ',';
      write_text(out, m->key());
      out += ':';
      write_canonical(out, m->value());
    }
    out += '}';
  } else if (const auto* a = v.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < a->size(); ++i) {
      if (i) out += ',';
      write_canonical(out, (*a)[i]);
    }
    out += ']';
  } else if (const auto* s = v.if_string()) {
    write_text(out, *s);
  } else if (const auto* d = v.if_double()) {
    write_number(out, *d);
  } else {
    out += bj::serialize(v);
  }
}

}  // namespace

void append_member(std::string& pointer, std::string_view member) {
  pointer += '/';
  for (char c : member) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

Result<bj::value> parse_strict(std::string_view text) {
  boost::system::error_code ec;
  bj::value v = bj::parse(text, ec, {}, options());
  if (ec) return fail(Code::malformed_json, "The body is not JSON: " + ec.message() + ".");
  bj::basic_parser<DoubledMembers> doubles(options());
  doubles.write_some(false, text.data(), text.size(), ec);
  const auto& doubled = doubles.handler().doubled;
  if (!doubled.empty()) return fail(Code::validation_failed, "stands twice in one object", doubled);
  return v;
}

Result<bj::value> parse_stored(std::string_view text) {
  boost::system::error_code ec;
  bj::value v = bj::parse(text, ec);
  if (ec) return fail(Code::internal, "not JSON: " + ec.message());
  return v;
}

namespace {

/// Money as it stands in JSON.
struct MoneyText {
  std::string amount, currency;
  BOOST_DESCRIBE_CLASS(MoneyText, (), (amount, currency), (), ())
};

/// Of a decimal number; nullopt: none, with more than four decimals, or too great to be counted so.
std::optional<std::int64_t> ten_thousandths(std::string_view text) {
  bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  auto dot = text.find('.');
  std::string digits(text.substr(0, dot));
  std::string rest(dot == std::string_view::npos ? "" : text.substr(dot + 1));
  bool fine = !digits.empty() && rest.size() <= 4 &&
              (digits + rest).find_first_not_of("0123456789") == std::string::npos;
  if (!fine) return std::nullopt;
  rest.resize(4, '0');
  digits = (minus ? "-" : "") + digits + rest;
  std::int64_t count = 0;
  auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return read.ec == std::errc{} ? std::optional(count) : std::nullopt;
}

}  // namespace

std::string canonical(const bj::value& value) {
  std::string out;
  write_canonical(out, value);
  return out;
}

void Reader::read_share(const bj::value& j, Share& out) {
  double part = j.is_number() ? j.to_number<double>() : -1;
  if (!(part >= 0 && part <= 1)) return fault("must be a number from 0 to 1");
  out.ten_thousandths = std::llround(part * 10'000);
}

void Reader::read_money(const bj::value& j, Money& out) {
  if (!j.is_object()) return fault("must be {\"amount\":\"0.0100\",\"currency\":\"USD\"}");
  const auto faults_before = x_faults.size();
  MoneyText text;
  read_object(j, text);
  if (x_faults.size() > faults_before) return;
  auto amount = ten_thousandths(text.amount);
  if (!amount) return inside("amount", [&] { fault("must be a decimal number with at most four decimals"); });
  out = {*amount, std::move(text.currency)};
}

void Reader::read_secret(const bj::value& j, Secret<std::string>& out) {
  const auto* s = j.if_string();
  if (!s) return fault("must be a text");
  if (!x_box) {
    out = Secret<std::string>(std::string(*s));
    return;
  }
  auto clear = x_box->open(*s);
  if (!clear) return fault(clear.error().detail, clear.error().code);
  if (*clear) out = Secret<std::string>(std::move(**clear));
}

}  // namespace ringledger::json
