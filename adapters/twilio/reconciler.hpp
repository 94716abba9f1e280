// The reactor that brings numbers at their provider to what was wanted (architecture.md "Provider state
// is reconciled, not called").
//
// Its work list is the fold `provider_sync.v2`: it keeps nothing that a crash could lose. Each try reads
// the number's row anew, compares, makes one call, and records the outcome by a command; only the fold
// of that takes the number off the list.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "commands/ports/carrier.hpp"
#include "commands/ports/system.hpp"
#include "commands/provider_outcome.hpp"
#include "projections/provider_sync.hpp"
#include "projections/sight.hpp"

namespace ringledger {

struct ReconcilerOptions {
  std::string public_base_url;
  std::size_t max_in_flight = 4;          ///< calls of one connection at a time
  std::size_t max_in_flight_overall = 8;  ///< each occupies a thread of the pool
  std::int64_t first_backoff_ms = 100;    ///< of a connection; doubles to `max_backoff_ms`, full jitter
  std::int64_t max_backoff_ms = 30'000;   ///< also the pause after wrong credentials
  std::int64_t self_wake_ms = 1'000;      ///< looks at the list by itself, whatever `wake` says
  std::int64_t tries_unseen = 4;          ///< of a number in a row; from the next one on it shows the failure
};

/// What it is joined to. All functions are thread-safe and must not throw; the ports outlive the
/// Reconciler's `stop`.
struct ReconcilerPorts {
  std::function<Sight()> sight;
  Carrier& carrier;
  /// Reads the connection's credentials; nullopt: there are none to be had now. May block.
  std::function<std::optional<CarrierCredentials>(AccountId, ConnectionId)> credentials;
  /// The number as shown, with the secrets of its hooks, which no read model holds; nullopt: not to be had
  /// now. Asked only for hooks that have secrets. May block.
  std::function<std::optional<numbers::Number>(AccountId, const numbers::Number& shown)> with_secrets;
  /// Issues the command as "system": outcomes for numbers, and what calls told of a connection's health. Its
  /// commit is caused by the wish and continues its trace; of several served by one call it is the latest.
  /// `done` is called once, on any thread: true when the commit is visible in `sight`.
  std::function<void(AccountId, RecordProviderOutcome, std::string natural_key, Wish wish,
                     std::move_only_function<void(bool committed)> done)>
      record;
  Executor& pool;  ///< for tasks that block
  Clock& clock;
  Random& random;
  /// Counts tries: "synced", "unchanged" (no call was needed), "cnam_refused", "refused", "gone",
  /// "released", "release_refused"; and what is tried again: "unavailable", "invalid_credentials",
  /// "suspended", "no_credentials", "not_recorded", "unreadable".
  std::function<void(std::string_view outcome)> metric;
  /// Asked before each outside call: is this node the one that may act? Absent: it always is. Thread-safe.
  std::function<bool()> seated = nullptr;
};

/// Thread-safe. Never two calls for one number at a time; at most `max_in_flight` of a connection. A
/// connection whose provider fails pauses and is then probed by one call, its numbers in turn, so that
/// one number that always fails holds up nobody. New credentials end the pause.
class Reconciler {
 public:
  Reconciler(ReconcilerPorts ports, ReconcilerOptions options);
  /// REQUIRES: never started, or `stop` was called (its `done` need not have been).
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  /// Begins, with what the list holds.
  void start();
  /// There may be new work. Cheap; may be called for every fold: while there is none, no task is posted.
  void wake();
  /// No outside call begins any more; `done` once the last one under way has been recorded or given
  /// up. Call once.
  void stop(std::move_only_function<void()> done);

 private:
  class Core;
  std::shared_ptr<Core> x_core;  ///< tasks on the pool may outlive the Reconciler
};

}  // namespace ringledger
