// Whose request is it? Every id carries the slot of its account (domain/ids.hpp), so the partition that
// serves a request is known before anything is looked up.
#pragma once

#include <cstdint>
#include <optional>

#include "api/http_types.hpp"
#include "commands/ports/key_vault.hpp"
#include "domain/ids.hpp"

namespace ringledger {

/// The account that the operator's CreateAccount with this Idempotency-Key opens: it follows from the key
/// alone, so that a repeat meets its first answer; it does not tell when the account was opened.
AccountId account_of_key(const KeyVault& vault, std::string_view idempotency_key);

/// Of the connection a webhook names, the campaign a visitor's page names, the API key, or the account that
/// the operator opens; nullopt when the request names none of them (what answers it then is every
/// partition's).
std::optional<std::uint16_t> slot_of(const HttpRequest& request, const KeyVault& vault);

}  // namespace ringledger
