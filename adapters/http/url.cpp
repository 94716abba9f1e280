// Splitting URLs and coding forms; see url.hpp for the rules.
#include "adapters/http/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ringledger {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

void append_percent(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

/// The byte written as %XX at `i`, if there is one.
std::optional<char> percent_at(std::string_view text, std::size_t i) {
  if (text[i] != '%' || i + 2 >= text.size()) return std::nullopt;
  const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

std::unexpected<Error> bad(std::string why) {
  return fail(Code::validation_failed, "not a usable URL: " + std::move(why));
}

Result<void> check_bytes(std::string_view text) {
  if (text.size() > max_url_bytes) return bad("longer than 8192 bytes");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte <= 0x20 || byte >= 0x7f) return bad("a space, control or non-ASCII byte is not encoded");
    if (std::string_view("\"<>\\^`{|}").contains(text[i])) return bad("a character must be percent-encoded");
    if (text[i] == '%' && !percent_at(text, i)) return bad("'%' is not followed by two hex digits");
  }
  return {};
}

bool host_is_sound(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  if (host.front() == '[') {
    const auto inner = host.substr(1, host.size() - 2);
    return host.back() == ']' && !inner.empty() &&
           std::ranges::all_of(inner, [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
  }
  return std::ranges::all_of(host, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

Result<void> split_authority(std::string_view authority, Url& url) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  auto colon = authority.rfind(':');
  if (const auto bracket = authority.rfind(']'); bracket != std::string_view::npos && colon < bracket)
    colon = std::string_view::npos;
  if (colon != std::string_view::npos) {
    const auto port = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port < 1 || url.port > 65535)
      return bad("the port is not a number from 1 to 65535");
    authority = authority.substr(0, colon);
  }
  if (!host_is_sound(authority)) return bad("the host is missing or malformed");
  url.host = lower(authority);
  return {};
}

}  // namespace

std::string Url::origin() const { return scheme + "://" + host + ":" + std::to_string(effective_port()); }

Result<Url> parse_url(std::string_view text) {
  if (auto sound = check_bytes(text); !sound) return std::unexpected(sound.error());
  Url url;
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return bad("it is not absolute");
  url.scheme = lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return bad("the scheme is neither http nor https");
  text.remove_prefix(colon + 3);
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    url.fragment = text.substr(hash + 1);
    url.has_fragment = true;
    text = text.substr(0, hash);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    url.query = text.substr(mark + 1);
    url.has_query = true;
    text = text.substr(0, mark);
  }
  const auto slash = std::min(text.find('/'), text.size());
  url.path = slash < text.size() ? std::string(text.substr(slash)) : "/";
  if (auto split = split_authority(text.substr(0, slash), url); !split) return std::unexpected(split.error());
  return url;
}

std::string percent_encode(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    if (is_alnum(c) || std::string_view("-._~").contains(c))
      out += c;
    else
      append_percent(out, c);
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else if (const auto byte = percent_at(text, i)) {
      out += *byte;
      i += 2;
    } else {
      return fail(Code::validation_failed, "'%' is not followed by two hex digits");
    }
  }
  return out;
}

namespace {

void append_form_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == ' ')
      out += '+';
    else if (is_alnum(c) || std::string_view("*-._").contains(c))
      out += c;
    else
      append_percent(out, c);
  }
}

std::string form_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (const auto byte = percent_at(text, i)) {
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string form_encode(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    append_form_text(out, name);
    out += '=';
    append_form_text(out, value);
  }
  return out;
}

FormFields form_decode(std::string_view text) {
  FormFields fields;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    fields.emplace_back(form_text(part.substr(0, equals)),
                        form_text(part.substr(std::min(equals + 1, part.size()))));
  }
  return fields;
}

std::string_view form_value(const FormFields& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &FormFields::value_type::first);
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

bool form_has(const FormFields& fields, std::string_view name) {
  return std::ranges::find(fields, name, &FormFields::value_type::first) != fields.end();
}

}  // namespace ringledger
