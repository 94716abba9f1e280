#include "adapters/twilio/hooks.hpp"

namespace ringledger {
namespace {

std::string hook_url(std::string_view base, ConnectionId connection, std::string_view what) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + "/twilio/" + connection.to_string() + "/" + std::string(what);
}

/// Ours. Application and trunk would override the URLs (twilio.md B.2), so they go; of a number without
/// SMS its SMS settings are left alone.
void want_ours(ProviderUpdate& u, const numbers::Number& n, std::string_view base) {
  auto ours = our_hooks(n.connection, base, n.capabilities);
  u.voice_url = std::move(ours.voice_url);
  u.voice_method = std::move(ours.voice_method);
  u.voice_fallback_url = std::move(ours.voice_fallback_url);
  u.voice_application_sid = std::move(ours.voice_application_sid);
  u.trunk_sid = std::move(ours.trunk_sid);
  u.status_callback = std::move(ours.status_callback);
  if (!n.capabilities.sms) return;
  u.sms_url = std::move(ours.sms_url);
  u.sms_application_sid = std::move(ours.sms_application_sid);
}

/// Theirs, all of them (IMP-12).
void want_theirs(ProviderUpdate& u, const numbers::ProviderHooks& theirs) {
  u.voice_url = theirs.voice_url;
  if (!theirs.voice_method.empty()) u.voice_method = theirs.voice_method;  // "" is no method
  u.voice_fallback_url = theirs.voice_fallback_url;
  u.voice_application_sid = theirs.voice_application_sid;
  u.trunk_sid = theirs.trunk_sid;
  u.status_callback = theirs.status_callback;
  u.sms_url = theirs.sms_url;
  u.sms_application_sid = theirs.sms_application_sid;
}

/// Ours where they have none. What they have, or put back, stays.
void want_shadow(ProviderUpdate& u, const numbers::Number& n, std::string_view base) {
  auto ours = hook_url(base, n.connection, "status");
  const auto& theirs = u.status_callback ? *u.status_callback : n.actual.hooks.status_callback;
  if (theirs.empty() || theirs == ours) u.status_callback = std::move(ours);
}

template <class T>
void drop_equal(std::optional<T>& wanted, const T& actual) {
  if (wanted && *wanted == actual) wanted.reset();
}

}  // namespace

numbers::ProviderHooks our_hooks(ConnectionId connection, std::string_view public_base_url,
                                 const numbers::Capabilities& capabilities) {
  numbers::ProviderHooks ours;
  ours.voice_url = hook_url(public_base_url, connection, "voice") + std::string(voice_url_fragment);
  ours.voice_method = "POST";
  ours.status_callback = hook_url(public_base_url, connection, "status");
  if (capabilities.sms) ours.sms_url = hook_url(public_base_url, connection, "sms");
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
    if (n.wanted.restore) want_theirs(u, numbers::unmasked(*n.wanted.restore));
    if (n.wanted.shadow) want_shadow(u, n, public_base_url);
  }
  const auto& label = n.wanted.friendly_name;
  if (label) u.friendly_name = label->empty() ? default_friendly_name(n.e164) : *label;
  u.voice_caller_id_lookup = n.wanted.cnam;
  return u;
}

ProviderUpdate difference(const numbers::Number& n, std::string_view public_base_url) {
  auto u = wanted_settings(n, public_base_url);
  const auto is = numbers::unmasked(n.actual.hooks);
  drop_equal(u.voice_url, is.voice_url);
  drop_equal(u.voice_method, is.voice_method);
  drop_equal(u.voice_fallback_url, is.voice_fallback_url);
  drop_equal(u.voice_application_sid, is.voice_application_sid);
  drop_equal(u.trunk_sid, is.trunk_sid);
  drop_equal(u.status_callback, is.status_callback);
  drop_equal(u.sms_url, is.sms_url);
  drop_equal(u.sms_application_sid, is.sms_application_sid);
  drop_equal(u.friendly_name, n.actual.friendly_name);
  drop_equal(u.voice_caller_id_lookup, n.actual.voice_caller_id_lookup);
  return u;
}

bool is_empty(const ProviderUpdate& update) { return update == ProviderUpdate{}; }

}  // namespace ringledger
