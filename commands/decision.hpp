// What a command is decided with and what comes out of it.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "commands/book.hpp"
#include "commands/ports/carrier.hpp"
#include "commands/ports/phone_reader.hpp"
#include "domain/warning.hpp"

namespace ringledger {

/// Why a command was refused; becomes the problem document of the answer.
struct Refusal {
  Code code{};
  std::string detail;
  std::vector<Error> errors;      ///< one per faulty field
  std::vector<Warning> warnings;  ///< the set that stands (warnings_not_acknowledged, warnings_changed)
  std::optional<ProviderError> provider;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Success: the events (none = nothing to do) and what the answer is rendered from.
template <class R>
struct Accepted {
  std::vector<Event> events;
  R result;
  int status = 200;
};

template <class R>
using Decision = std::expected<Accepted<R>, Refusal>;

inline std::unexpected<Refusal> refuse(Code code, std::string detail, std::vector<Error> errors = {}) {
  return std::unexpected(Refusal{code, std::move(detail), std::move(errors), {}, std::nullopt});
}
/// 502: what was to be known of the provider could not be asked.
inline Refusal provider_silent(const ProviderError& error) {
  return {Code::provider_unavailable, "The provider did not answer: " + error.message, {}, {}, error};
}
/// Faulty fields: 400 naming them all. REQUIRES: there is one.
Refusal refusal_of(std::vector<Error> faults);
inline std::unexpected<Refusal> refuse_fields(std::vector<Error> faults) {
  return std::unexpected(refusal_of(std::move(faults)));
}
inline std::vector<Error> field_fault(std::string pointer, std::string detail) {
  return {{Code::validation_failed, std::move(detail), std::move(pointer)}};
}

/// What a provider must be asked before a command can be decided (architecture.md rule 6).
struct ProviderQuestion {
  ConnectionId connection;
  CarrierCredentials credentials;
  bool whole_account = false;     ///< list every number
  std::vector<E164> numbers;      ///< else these
  std::vector<std::string> sids;  ///< and these
};

/// What the provider said.
struct ProviderFacts {
  ConnectionId connection;
  std::vector<numbers::ProviderNumber> numbers;  ///< those that exist among the asked
  std::string account_type;                      ///< "Trial" or "Full", when the account itself was asked
  std::optional<CarrierFailure> failure;
  std::int64_t gathered_ms = 0;  ///< monotonic; asked again when older than 30 s
  std::string account_status{};  ///< "active", "suspended" or "closed", when the account itself was asked

  [[nodiscard]] const numbers::ProviderNumber* by_e164(const E164& e164) const;
  [[nodiscard]] const numbers::ProviderNumber* by_sid(const std::string& sid) const;
};

/// What needs the installation's secrets, as pure functions: API keys' secrets from the id and the words
/// drawn, and marks of texts that must be known again and never read.
class KeyMint {
 public:
  struct Minted {
    std::string secret, digest;
  };
  virtual ~KeyMint() = default;
  [[nodiscard]] virtual Minted mint(KeyId key, std::span<const std::uint64_t> words) const = 0;  ///< 3 words
  [[nodiscard]] virtual std::string mark(std::string_view text) const = 0;                       ///< hex
};

/// Everything that is not state: who, when, and what was drawn or gathered for the command.
struct Context {
  Principal principal;
  AccountId account;
  Timestamp now;                         ///< the log time the commit will bear
  std::span<const std::uint64_t> draws;  ///< random words, drawn at the edge
  std::optional<std::int64_t> if_match;  ///< version the client saw
  const PhoneReader* phones = nullptr;
  const KeyMint* mint = nullptr;
  const std::vector<ProviderFacts>* facts = nullptr;
  mutable std::size_t drawn = 0;
  /// The time in new ids, when it is not `now`: the same in every try of a command, which may have to fetch
  /// rows of the ids it made and then decides anew, later.
  std::optional<Timestamp> ids_at{};

  /// A new id; the words drawn at the edge must suffice (`draws_of` the command says how many).
  template <class IdType>
  [[nodiscard]] IdType new_id() const {
    auto at = ids_at.value_or(now);
    return IdType{RawId::make(static_cast<std::uint64_t>(at.ms), account.slot(), draws[drawn++])};
  }
  [[nodiscard]] KeyMint::Minted new_secret(KeyId key) const {
    drawn += 3;
    return mint->mint(key, draws.subspan(drawn - 3, 3));
  }
  /// nullptr: not asked yet.
  [[nodiscard]] const ProviderFacts* about(ConnectionId connection) const;
};

/// True for refusals that depend on state and are therefore committed and remembered (rule 5).
bool is_remembered(Code code);

}  // namespace ringledger
