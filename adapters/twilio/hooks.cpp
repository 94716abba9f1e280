#include "adapters/twilio/hooks.hpp"

namespace ringledger {
namespace {

std::string hook_url(std::string_view base, ConnectionId connection, std::string_view what) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + "/twilio/" + connection.to_string() + "/" + std::string(what);
}

/// Ours, under whatever base.
bool is_ours(std::string_view url, ConnectionId connection, std::string_view what) {
  return !numbers::base_of_our_hook(url, connection, what).empty();
}

/// All of them; "" is no method.
void want_hooks(ProviderUpdate& u, const numbers::ProviderHooks& hooks) {
  each_hook(u, hooks, [](std::string_view name, auto& wanted, const auto& value) {
    if (!value.empty() || !name.ends_with("_method")) wanted = value;
  });
}

/// Ours. Application and trunk would override the URLs (twilio.md B.2), so they go; of a number without
/// SMS its SMS settings are left alone.
void want_ours(ProviderUpdate& u, const numbers::Number& n, std::string_view base) {
  want_hooks(u, our_hooks(n.connection, base, n.capabilities));
  if (n.capabilities.sms) return;
  each_hook(u, numbers::ProviderHooks{}, [](std::string_view name, auto& wanted, const auto&) {
    if (name.starts_with("sms_")) wanted.reset();
  });
}

/// Ours where they have none. What they have, or put back, stays.
void want_shadow(ProviderUpdate& u, const numbers::Number& n, std::string_view base) {
  auto ours = hook_url(base, n.connection, "status");
  const auto& theirs = u.status_callback ? *u.status_callback : n.actual.hooks.status_callback;
  if (!theirs.empty() && !is_ours(theirs, n.connection, "status")) return;
  u.status_callback = std::move(ours);
  u.status_callback_method = "POST";
}

}  // namespace

numbers::ProviderHooks our_hooks(ConnectionId connection, std::string_view public_base_url,
                                 const numbers::Capabilities& capabilities) {
  numbers::ProviderHooks ours;
  ours.voice_url = hook_url(public_base_url, connection, "voice") + std::string(retry_fragment);
  ours.status_callback = hook_url(public_base_url, connection, "status");
  ours.voice_method = ours.voice_fallback_method = ours.status_callback_method = "POST";
  if (!capabilities.sms) return ours;
  ours.sms_url = hook_url(public_base_url, connection, "sms") + std::string(retry_fragment);
  ours.sms_method = ours.sms_fallback_method = "POST";
  return ours;
}

std::string default_friendly_name(const E164& number) {
  const auto& t = number.text;
  if (!t.starts_with("+1") || t.size() != 12) return t;
  return "(" + t.substr(2, 3) + ") " + t.substr(5, 3) + "-" + t.substr(8);
}

ProviderUpdate wanted_settings(const numbers::Number& n, std::string_view public_base_url) {
  ProviderUpdate u;
  if (n.wanted.hooks) {
    want_ours(u, n, public_base_url);
  } else {
    if (n.wanted.restore) want_hooks(u, numbers::unmasked(*n.wanted.restore));  // theirs, all (IMP-12)
    if (n.wanted.shadow) want_shadow(u, n, public_base_url);
  }
  const auto& label = n.wanted.friendly_name;
  if (label) u.friendly_name = label->empty() ? default_friendly_name(n.e164) : *label;
  u.voice_caller_id_lookup = n.wanted.cnam;
  return u;
}

ProviderUpdate difference(const numbers::Number& n, std::string_view public_base_url) {
  auto u = wanted_settings(n, public_base_url);
  auto now = n.actual;
  now.hooks = numbers::unmasked(now.hooks);
  each_setting(u, now, [](std::string_view, auto& wanted, const auto& is) {
    if (wanted && *wanted == is) wanted.reset();
  });
  return u;
}

bool names_another_base(const numbers::Number& n, std::string_view public_base_url) {
  const auto today = our_hooks(n.connection, public_base_url, n.capabilities);
  const auto& now = n.actual.hooks;
  auto outdated = [&](const std::string& is, const std::string& wanted, std::string_view what) {
    return is != wanted && is_ours(is, n.connection, what);
  };
  if (n.wanted.shadow) return outdated(now.status_callback, today.status_callback, "status");
  return n.wanted.hooks && (outdated(now.voice_url, today.voice_url, "voice") ||
                            outdated(now.status_callback, today.status_callback, "status") ||
                            outdated(now.sms_url, today.sms_url, "sms"));
}

bool is_empty(const ProviderUpdate& update) { return update == ProviderUpdate{}; }

}  // namespace ringledger
