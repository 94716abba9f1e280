// Answers, at the provider, what a command must know before it can be decided (architecture.md rule 6).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "commands/ports/carrier.hpp"
#include "commands/ports/system.hpp"
#include "commands/shard.hpp"

namespace ringledger {

/// Blocking. Thread-safe when the Carrier is. Never throws: what cannot be asked is a failure in the
/// facts, and a question that failed halfway tells no numbers at all.
class CarrierGatherer final : public Gatherer {
 public:
  /// Most numbers and SIDs asked one by one; a question for more lists the account instead.
  static constexpr std::size_t max_single_questions = 100;

  /// Both must outlive this.
  CarrierGatherer(Carrier& carrier, const Clock& clock) : x_carrier(carrier), x_clock(clock) {}

  /// The whole account, single numbers and SIDs, or, when neither is asked, the account itself
  /// (`account_type`, `account_status`). A number or SID the account does not have is just not among the
  /// numbers.
  ProviderFacts ask(const ProviderQuestion& question) override;

 private:
  using Numbers = std::vector<numbers::ProviderNumber>;
  CarrierResult<Numbers> numbers_of(const ProviderQuestion& question);
  CarrierResult<Numbers> whole_account(const ProviderQuestion& question);
  CarrierResult<Numbers> one_by_one(const ProviderQuestion& question);

  Carrier& x_carrier;
  const Clock& x_clock;
};

}  // namespace ringledger
