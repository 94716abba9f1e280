#include "domain/provider_hooks.hpp"

#include <algorithm>
#include <array>

namespace ringledger::numbers {
namespace {

constexpr std::string_view mask = "***";
constexpr char separator = '/';  // no userinfo holds one: it would have ended there
constexpr std::array urls{&ProviderHooks::voice_url, &ProviderHooks::voice_fallback_url,
                          &ProviderHooks::status_callback, &ProviderHooks::sms_url,
                          &ProviderHooks::sms_fallback_url};

struct Span {
  std::size_t from = 0, size = 0;
};

/// Where user and password stand in a URL (RFC 3986 3.2.1); nullopt: it has none.
std::optional<Span> userinfo_in(std::string_view url) {
  auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  auto from = scheme + 3;
  auto authority = url.substr(from, url.find_first_of("/?#", from) - from);
  auto at = authority.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  return Span{from, at};
}

bool is_masked(std::string_view url) {
  auto span = userinfo_in(url);
  return span && url.substr(span->from, span->size) == mask;
}

}  // namespace

ProviderHooks masked(ProviderHooks hooks) {
  std::string parts;
  bool any = false;
  for (auto member : urls) {
    auto& url = hooks.*member;
    if (auto span = userinfo_in(url)) {
      any = true;
      parts.append(url, span->from, span->size);
      url.replace(span->from, span->size, mask);
    }
    parts += separator;
  }
  if (any) hooks.userinfo = Secret(std::move(parts));
  return hooks;
}

ProviderHooks unmasked(ProviderHooks hooks) {
  if (!hooks.userinfo.reveal()) return hooks;
  std::string parts = *hooks.userinfo.reveal();
  std::string_view left = parts;
  for (auto member : urls) {
    auto part = left.substr(0, left.find(separator));
    left.remove_prefix(std::min(left.size(), part.size() + 1));
    auto& url = hooks.*member;
    if (auto span = userinfo_in(url); span && !part.empty()) url.replace(span->from, span->size, part);
  }
  hooks.userinfo = {};
  return hooks;
}

std::string_view base_of_our_hook(std::string_view url, ConnectionId connection, std::string_view what) {
  auto path = "/twilio/" + connection.to_string() + "/" + std::string(what);
  url = url.substr(0, url.find('#'));
  bool ours = url.size() > path.size() && url.ends_with(path);
  return ours ? url.substr(0, url.size() - path.size()) : std::string_view();
}

std::optional<ConnectionId> connection_of_our_hook(std::string_view url, std::string_view what) {
  auto path = url.substr(0, url.find('#'));
  path = path.substr(0, path.rfind('/'));  // before `what`
  auto id = ConnectionId::parse(path.substr(path.rfind('/') + 1));
  return id && !base_of_our_hook(url, *id, what).empty() ? id : std::nullopt;
}

std::vector<std::string> bases_of_our_hooks(const ProviderHooks& hooks, ConnectionId connection) {
  std::vector<std::string> bases;
  auto add = [&](std::string_view url, std::string_view what) {
    std::string base(base_of_our_hook(url, connection, what));
    if (!base.empty() && std::ranges::find(bases, base) == bases.end()) bases.push_back(std::move(base));
  };
  add(hooks.voice_url, "voice");
  add(hooks.status_callback, "status");
  add(hooks.sms_url, "sms");
  return bases;
}

bool is_withheld(const ProviderHooks& hooks) {
  if (hooks.userinfo.reveal()) return false;
  for (auto member : urls) {
    if (is_masked(hooks.*member)) return true;
  }
  return false;
}

}  // namespace ringledger::numbers
