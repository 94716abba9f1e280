// What bench_load asks for: requests as templates, in which `#` is the number of the request in its run and
// `##…` as many of its last digits; forms are signed as Twilio signs its webhooks (twilio.md B.9).
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "bench_load: %s\n", what.c_str());
  std::exit(1);
}

inline std::string numbered(std::string_view text, std::size_t number) {
  const auto digits = std::to_string(number);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto mark = text.find('#', at);
    out += text.substr(at, mark - at);
    if (mark == std::string_view::npos) break;
    at = std::min(text.find_first_not_of('#', mark), text.size());
    const auto width = at - mark;
    if (width > digits.size()) out.append(width - digits.size(), '0');
    out += width == 1 ? digits : digits.substr(digits.size() - std::min(width, digits.size()));
  }
  return out;
}

struct Target {
  std::string head;       // of the request, up to what is told of its body
  std::string bodies[2];  // of even and of odd passes
  bool has_body = true;   // else it is a read, sent without an Idempotency-Key
  std::string token;      // the form is signed with it; empty: it is JSON
  std::string forms[2];   // the URL and the form, as they are signed
  std::string look;       // a whole request that follows the answer at once; empty: none
  [[nodiscard]] std::string request(std::size_t number, std::size_t pass, const std::string& key) const;
};

/// One decoded field of a form a pair.
inline std::vector<std::pair<std::string, std::string>> fields_of(const std::string& form) {
  const auto decoded = [](std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool escaped = text[i] == '%' && i + 2 < text.size();
      out += escaped          ? static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16))
             : text[i] == '+' ? ' '
                              : text[i];
      if (escaped) i += 2;
    }
    return out;
  };
  std::vector<std::pair<std::string, std::string>> all;
  std::istringstream parts(form);
  for (std::string part; std::getline(parts, part, '&');) {
    const auto is = std::min(part.find('='), part.size());
    all.emplace_back(decoded(part.substr(0, is)), decoded(part.substr(std::min(is + 1, part.size()))));
  }
  return all;
}

/// What Twilio signs; the names of a form differ, so that its order does not hang on its numbers.
inline std::string signed_text(const std::string& url, const std::string& form) {
  auto fields = fields_of(form);
  std::ranges::sort(fields);
  std::string out = url;
  for (const auto& [name, value] : fields) (out += name) += value;
  return out;
}

inline std::string signature(const std::string& token, const std::string& text) {
  unsigned char mac[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &length);
  const auto n = EVP_EncodeBlock(base64, mac, static_cast<int>(length));
  return {reinterpret_cast<const char*>(base64), static_cast<std::size_t>(n)};
}

inline std::string Target::request(std::size_t number, std::size_t pass, const std::string& key) const {
  if (!has_body) return numbered(head, number) + "\r\n";
  const auto body = numbered(bodies[pass % 2], number);
  auto out = head;
  if (token.empty())
    out += "Content-Type: application/json\r\nIdempotency-Key: " + key + "\r\n";
  else
    out += "Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: " +
           signature(token, numbered(forms[pass % 2], number)) + "\r\n";
  return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// One `method<TAB>path<TAB>who<TAB>body<TAB>other body` a line, perhaps with `<TAB>path<TAB>who` of the look
/// that follows. `who`: a bearer key, or `twilio:` and the token that signs the body, which is a form then.
inline std::vector<Target> read_targets(const std::string& file, std::uint16_t port) {
  const auto host = "127.0.0.1:" + std::to_string(port);
  const auto head = [&](const std::string& method, const std::string& path, const std::string& bearer) {
    return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" +
           (bearer.empty() ? "" : "Authorization: Bearer " + bearer + "\r\n");
  };
  std::ifstream in(file);
  std::vector<Target> targets;
  for (std::string line; std::getline(in, line);) {
    std::istringstream parts(line);
    std::string method, path, who, even, odd, look_path, look_who;
    for (auto* part : {&method, &path, &who, &even, &odd}) {
      if (!std::getline(parts, *part, '\t')) die("a line of '" + file + "' has no five parts");
    }
    constexpr std::string_view twilio = "twilio:";
    Target target;
    target.bodies[0] = even;
    target.bodies[1] = odd;
    target.has_body = method != "GET";
    if (who.starts_with(twilio)) {
      target.token = who.substr(twilio.size());
      for (int i = 0; i < 2; ++i) target.forms[i] = signed_text("http://" + host + path, target.bodies[i]);
      who.clear();
    }
    target.head = head(method, path, who);
    if (std::getline(parts, look_path, '\t') && std::getline(parts, look_who, '\t'))
      target.look = head("GET", look_path, look_who) + "\r\n";
    targets.push_back(std::move(target));
  }
  if (targets.empty()) die("no targets in '" + file + "'");
  return targets;
}

}  // namespace bench
