// URLs and web forms: strict splitting (RFC 3986), percent coding, application/x-www-form-urlencoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

/// The parts of an absolute http or https URL, each still percent-encoded as it was written.
struct Url {
  std::string scheme;     ///< "http" or "https", lower case
  std::string user_info;  ///< before '@'; "" when there is none
  std::string host;       ///< lower case; an IPv6 literal keeps its brackets
  int port = 0;           ///< 1..65535; 0 when the URL names none
  std::string path;       ///< begins with '/'; "/" when the URL has none
  std::string query;      ///< without '?'
  bool has_query = false;
  std::string fragment;  ///< without '#'
  bool has_fragment = false;

  [[nodiscard]] int effective_port() const { return port ? port : scheme == "https" ? 443 : 80; }
  /// `scheme://host:port`, the port always written: equal for URLs of one server.
  [[nodiscard]] std::string origin() const;
  /// What the request line carries: path and query.
  [[nodiscard]] std::string target() const { return has_query ? path + "?" + query : path; }
};

/// Longest URL read, in bytes.
inline constexpr std::size_t max_url_bytes = 8192;

/// Splits an absolute http(s) URL. Code::validation_failed with the reason: another scheme, no host,
/// a bad port, a space, control or non-ASCII byte, a broken percent sign, longer than max_url_bytes.
Result<Url> parse_url(std::string_view text);

/// Every byte but RFC 3986's unreserved ones (letters, digits, - . _ ~) becomes %XX.
std::string percent_encode(std::string_view bytes);
/// The reverse; '+' stays. Code::validation_failed on a broken percent sign.
Result<std::string> percent_decode(std::string_view text);

/// Names and values in the order sent, decoded; names may repeat.
using FormFields = std::vector<std::pair<std::string, std::string>>;

/// WHATWG's application/x-www-form-urlencoded serializer: space is '+', * - . _ stay.
std::string form_encode(const FormFields& fields);
/// WHATWG's parser, which never fails: a broken percent sign stands for itself, empty parts are
/// skipped, '+' is a space.
FormFields form_decode(std::string_view text);
/// Value of the first field of that name, "" when there is none.
std::string_view form_value(const FormFields& fields, std::string_view name);
bool form_has(const FormFields& fields, std::string_view name);

}  // namespace ringledger
