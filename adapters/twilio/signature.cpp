// Builds every URL form Twilio may have signed and compares; see signature.hpp.
#include "adapters/twilio/signature.hpp"

#include <algorithm>
#include <vector>

#include "adapters/crypto/hash.hpp"

namespace ringledger::twilio {
namespace {

std::string_view without_fragment(std::string_view url) { return url.substr(0, url.find('#')); }

/// The URL's two halves around its port, and the query apart.
struct Split {
  std::string before_port;  ///< scheme://user@host
  std::string port;         ///< as written, or the scheme's own
  std::string path;
  std::string query;
  bool has_query = false;
};

/// Unlike parse_url this takes any text: what was configured at Twilio is not ours to judge.
Split split(std::string_view url) {
  Split out;
  const auto mark = url.find('?');
  out.has_query = mark != std::string_view::npos;
  if (out.has_query) out.query = url.substr(mark + 1);
  url = url.substr(0, mark);
  const auto scheme_end = url.find("://");
  const auto authority = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const auto slash = std::min(url.find('/', authority), url.size());
  out.path = url.substr(slash);
  auto host = url.substr(0, slash);
  const auto host_start =
      std::max(authority, host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@'));
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  const bool ipv6_only = bracket != std::string_view::npos && colon < bracket;
  if (colon != std::string_view::npos && colon >= host_start && !ipv6_only) {
    out.port = host.substr(colon + 1);
    host = host.substr(0, colon);
  } else {
    out.port = url.starts_with("https") ? "443" : "80";
  }
  out.before_port = host;
  return out;
}

void append_hex(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
}

/// The query as the WHATWG URL parser leaves it: only a few bytes are encoded, what is encoded stays.
std::string whatwg_query(std::string_view query) {
  std::string out;
  for (const char c : query) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || std::string_view("\"#<>'").contains(c))
      append_hex(out, c);
    else
      out += c;
  }
  return out;
}

std::string node_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || std::string_view("!'()*-._~").contains(c))
      out += c;
    else
      append_hex(out, c);
  }
  return out;
}

/// `querystring.stringify(querystring.parse(query))` of Node: a repeated name's values move together.
std::string legacy_query(std::string_view query) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (auto& [name, value] : form_decode(query)) {
    auto group = std::ranges::find(groups, name, [](const auto& g) -> const std::string& { return g.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
    group->second.push_back(value);
  }
  std::string out;
  for (const auto& [name, values] : groups)
    for (const auto& value : values) {
      if (!out.empty()) out += '&';
      ((out += node_escape(name)) += '=') += node_escape(value);
    }
  return out;
}

std::vector<std::string> candidates(std::string_view url) {
  const auto parts = split(without_fragment(url));
  std::vector<std::string> queries{parts.query};
  if (parts.has_query) {
    queries.push_back(whatwg_query(parts.query));
    queries.push_back(legacy_query(parts.query));
  }
  std::vector<std::string> out;
  for (const auto& query : queries)
    for (const bool with_port : {false, true}) {
      auto one = parts.before_port + (with_port ? ":" + parts.port : "") + parts.path;
      if (parts.has_query) one += "?" + query;
      if (std::ranges::find(out, one) == out.end()) out.push_back(std::move(one));
    }
  return out;
}

std::string sorted_pairs(FormFields params) {
  std::ranges::sort(params);
  const auto doubles = std::ranges::unique(params);
  params.erase(doubles.begin(), doubles.end());
  std::string out;
  for (const auto& [name, value] : params) (out += name) += value;
  return out;
}

bool matches(std::span<const std::string> tokens, std::string_view url, const std::string& pairs,
             std::string_view header) {
  bool good = false;
  for (const auto& candidate : candidates(url))
    for (const auto& token : tokens) {
      if (token.empty()) continue;
      good |= constant_time_equal(base64_encode(hmac_sha1(token, candidate + pairs)), header);
    }
  return good;
}

}  // namespace

std::string sign(std::string_view token, std::string_view url, const FormFields& params) {
  return base64_encode(hmac_sha1(token, std::string(without_fragment(url)) + sorted_pairs(params)));
}

bool verify(std::span<const std::string> tokens, std::string_view url, const FormFields& params,
            std::string_view header) {
  return matches(tokens, url, sorted_pairs(params), header);
}

bool verify_body(std::span<const std::string> tokens, std::string_view url, std::string_view body,
                 std::string_view header) {
  const auto parts = split(without_fragment(url));
  const auto fields = form_decode(parts.query);
  const bool same_body = constant_time_equal(form_value(fields, "bodySHA256"), sha256_hex(body));
  return matches(tokens, url, "", header) && same_body;
}

}  // namespace ringledger::twilio
