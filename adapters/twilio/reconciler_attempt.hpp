// One try at bringing one number to what was wanted: the calls, and what is to be recorded of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "commands/ports/carrier.hpp"
#include "commands/provider_outcome.hpp"

namespace ringledger {

/// What a try came to. Exactly one of `outcome` and `again` is set, or neither when `go_on` said no.
struct Attempt {
  std::optional<RecordProviderOutcome> outcome;
  std::string natural_key;  ///< of the outcome: the same work recorded twice is one commit
  std::string_view metric;  ///< "synced", "unchanged", "cnam_refused", "refused", "gone", "released", …
  std::optional<CarrierFailure> again;  ///< not now: everything stays pending
};

/// What a try needs. Blocks for at most five calls.
struct AttemptMeans {
  Carrier& carrier;
  const CarrierCredentials& credentials;
  std::string_view public_base_url;
  const std::function<bool()>& go_on;  ///< asked before every call
};

/// Writes what is wanted in one call; refused as a whole, group by group (hooks, label, CNAM). It is so only
/// when the provider's answer shows it. No call at all when our last write brought everything there.
/// REQUIRES: work_of(n) == SyncWork::update.
Attempt bring_to_wanted(const numbers::Number& n, const AttemptMeans& means);

/// Gives the number up at the provider. REQUIRES: work_of(n) == SyncWork::release.
Attempt release(const numbers::Number& n, const AttemptMeans& means);

/// True for a failure of the whole account: wrong credentials, suspended. No number is to blame.
bool concerns_account(const CarrierFailure& failure);

}  // namespace ringledger
