// Internal: what a reactor records after it acted at the provider (architecture.md rule 6). No route.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// The outcome of bringing one number to what was wanted at `revision`. Recorded only while the number
/// is still the same connection's; a later wish makes an older outcome harmless, never wrong. With `health`
/// it is about the connection, not about a number.
struct RecordProviderOutcome {
  static constexpr std::string_view operation = "RecordProviderOutcome";
  WorkspaceId workspace;
  NumberId number;
  ConnectionId connection;
  std::int64_t revision = 0;
  std::optional<numbers::ProviderSettings> actual;  ///< what it is now; the wish, unless `refused` or `gone`
  numbers::ProviderSettings replaced;
  std::optional<ProviderError> cnam_refused;
  std::string cnam_request_id;
  std::optional<ProviderError> refused;
  std::vector<numbers::SettingGroup> refused_groups;
  bool gone = false;
  bool released = false;
  std::optional<ProviderError> release_refused;
  std::optional<ProviderError> delayed;      ///< nothing came of it so far
  std::int64_t tries = 0;                    ///< of `delayed`
  std::string request_id;                    ///< of the answer that decided
  std::optional<connections::State> health;  ///< what the connection's credentials turned out to be
  std::int64_t connection_version = 0;       ///< of the credentials that `health` is about

  struct Answer {
    NumberId id;
    RL_FIELDS(Answer, id);
  };
};
Decision<RecordProviderOutcome::Answer> decide(const RecordProviderOutcome&, const Book&, const Context&);

}  // namespace ringledger
