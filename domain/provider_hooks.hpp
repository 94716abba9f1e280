// A number's hooks at its provider. Their URLs may hold credentials (`https://user:pass@host/`): what is
// shown and stored in clear is the masked URL, what was masked is kept beside it as a secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::numbers {

/// The settings of a number at its provider that we read and restore (IMP-12). Twilio's names; an
/// empty text and null are the same there (twilio.md B.1), here always "".
struct ProviderHooks {
  std::string voice_url, voice_method, voice_fallback_url, voice_fallback_method, voice_application_sid,
      trunk_sid, status_callback, status_callback_method, sms_url, sms_method, sms_fallback_url,
      sms_fallback_method, sms_application_sid;  ///< URLs as `masked` makes them: `https://***@host/`
  Secret<std::string> userinfo{};                ///< what was masked, URL by URL; empty: nothing was
  RL_FIELDS(ProviderHooks, voice_url, voice_method, voice_fallback_url, voice_fallback_method,
            voice_application_sid, trunk_sid, status_callback, status_callback_method, sms_url, sms_method,
            sms_fallback_url, sms_fallback_method, sms_application_sid, userinfo);
};

/// The hooks as the provider has them, with what is secret in the URLs taken out of these.
/// REQUIRES: `userinfo` is empty.
ProviderHooks masked(ProviderHooks as_provided);
/// The hooks as the provider has them: whole URLs, `userinfo` empty. What has no secret stays as it is.
ProviderHooks unmasked(ProviderHooks hooks);
/// Of a URL that is one of our webhooks of the connection (`what`: voice, status or sms), under whatever
/// public URL: that public URL, without a slash at its end. Else "".
std::string_view base_of_our_hook(std::string_view url, ConnectionId connection, std::string_view what);
/// The connection that a URL names when it is one of our webhooks (`what`), of whatever connection.
std::optional<ConnectionId> connection_of_our_hook(std::string_view url, std::string_view what);
/// The public URLs under which hooks are ours, each once.
std::vector<std::string> bases_of_our_hooks(const ProviderHooks& hooks, ConnectionId connection);

/// True when a URL is masked and what was masked is not there (a read model's row, an erased subject).
bool is_withheld(const ProviderHooks& hooks);

}  // namespace ringledger::numbers
