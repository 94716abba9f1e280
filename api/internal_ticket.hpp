// Commands of the server itself and of providers: no key of a client, but a natural one, so that a repeat is
// single too (architecture.md rule 5).
#pragma once

#include "adapters/crypto/hash.hpp"
#include "api/command_operation.hpp"
#include "commands/ports/key_vault.hpp"

namespace ringledger {

/// What the key store calls a natural key; natural keys know no other body, so it is the request's hash too.
inline std::string natural_key_hash(const KeyVault& vault, AccountId account, const Principal& principal,
                                    std::string_view natural_key) {
  auto named = account.to_string() + "\n" + principal.text + "\n" + std::string(natural_key);
  return hex_encode(vault.installation_hmac(named)).substr(0, 40);
}

/// A ticket without trace, cause and answer.
template <class C>
std::unique_ptr<Ticket> natural_ticket(const KeyVault& vault, Random& random, AccountId account,
                                       Principal principal, C command, std::string_view natural_key) {
  auto ticket = std::make_unique<Ticket>();
  ticket->command = C::operation;
  ticket->account = account;
  ticket->key_hash = natural_key_hash(vault, account, principal, natural_key);
  ticket->req_hash = ticket->key_hash;
  ticket->principal = std::move(principal);
  for (std::size_t i = 0; i < base_draws; ++i) ticket->draws.push_back(random.next_u64());
  ticket->decide = [c = std::move(command)](const Book& book, const Context& ctx) {
    return outcome_of(c, book, ctx);
  };
  return ticket;
}

}  // namespace ringledger
