// Internal: what a reactor records after it acted at the provider (architecture.md rule 6). No route.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// The outcome of bringing one number to what was wanted at `revision`. Recorded only while the number
/// is still the same connection's; a later wish makes an older outcome harmless, never wrong.
struct RecordProviderOutcome {
  static constexpr std::string_view operation = "RecordProviderOutcome";
  WorkspaceId workspace;
  NumberId number;
  ConnectionId connection;
  std::int64_t revision = 0;
  std::optional<numbers::ProviderSettings> actual;  ///< brought to the wish; what it is now
  numbers::ProviderSettings replaced;
  std::optional<ProviderError> cnam_refused;
  std::optional<ProviderError> refused;
  bool gone = false;
  bool released = false;
  std::optional<ProviderError> release_refused;

  struct Answer {
    NumberId id;
    RL_FIELDS(Answer, id);
  };
};
Decision<RecordProviderOutcome::Answer> decide(const RecordProviderOutcome&, const Book&, const Context&);

}  // namespace ringledger
