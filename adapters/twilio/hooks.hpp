// From what was wanted, symbolically, to the concrete settings a number is to have at Twilio, and what
// of them its provider still lacks.
#pragma once

#include <string>
#include <string_view>

#include "commands/ports/carrier.hpp"
#include "domain/number.hpp"

namespace ringledger {

/// Behind our voice and SMS URLs and the action of `<Dial>`: retried up to three times when we cannot be
/// reached, are slow or answer 5xx (twilio.md B.11; the fragment stays at Twilio and is no part of what it
/// signs).
inline constexpr std::string_view retry_fragment = "#rc=3&rp=ct,rt,5xx";

/// The hooks of a number that is ours in routing: one set per connection (docs/adr/0005). The SMS
/// settings are "" for a number without SMS. `public_base_url` with or without a slash at its end.
numbers::ProviderHooks our_hooks(ConnectionId connection, std::string_view public_base_url,
                                 const numbers::Capabilities& capabilities);

/// Twilio's friendly name of a number nobody named: "(415) 555-0100" under +1, else the E.164.
std::string default_friendly_name(const E164& number);

/// Every setting that is wanted, whether the provider has it already or not. URLs to be restored are whole
/// when the number holds what was masked in them (domain/provider_hooks.hpp).
ProviderUpdate wanted_settings(const numbers::Number& number, std::string_view public_base_url);

/// The wanted settings that differ from `number.actual`; nothing when the provider has them all.
ProviderUpdate difference(const numbers::Number& number, std::string_view public_base_url);

/// A hook at the provider is one of ours for the number's connection, but not as it is to be today: our
/// public URL was another when it was set. Only of hooks that are wanted.
bool names_another_base(const numbers::Number& number, std::string_view public_base_url);

/// True when the update would set nothing.
bool is_empty(const ProviderUpdate& update);

}  // namespace ringledger
