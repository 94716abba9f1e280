// Inside of the Reconciler: who may be called now, and what is under way.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "adapters/twilio/reconciler.hpp"
#include "adapters/twilio/reconciler_attempt.hpp"
#include "projections/connections.hpp"

namespace ringledger {

/// A pump walks the connections with work and starts tries where there is room; each try runs on the
/// pool and wakes the pump when it ends. Nothing is done under the mutex but bookkeeping.
class Reconciler::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(ReconcilerPorts ports, ReconcilerOptions options)
      : x_ports(std::move(ports)), x_options(std::move(options)) {}
  void start();
  void wake();
  void stop(std::move_only_function<void()> done);

 private:
  using Busy = std::map<std::pair<AccountId, NumberId>, ConnectionId>;
  /// A connection with work.
  struct Line {
    std::size_t in_flight = 0;
    int failures = 0;                ///< in a row; 0: all is well
    std::uint64_t round = 0;         ///< tries of one round that fail together count as one failure
    std::int64_t not_before = 0;     ///< monotonic
    std::optional<SyncTurn> cursor;  ///< the last turn given: the next ones come first
    std::uint64_t seen = 0;          ///< the lap in which it last had work
    bool watched = false;            ///< for new credentials, during a pause
  };
  struct Job {
    SyncPlace place;
    NumberId number;
    std::uint64_t round = 0;
  };
  /// A job with the rows it was begun on.
  struct Turn {
    Job job;
    numbers::Number number;
    Wish wish;
    std::optional<ConnectionRow> connection;  ///< read before its credentials: never newer than they
  };
  /// The row a try was made for, to see afterwards whether recording it changed anything.
  struct Tried {
    std::int64_t revision = 0, version = 0;
    std::string_view metric;
  };
  enum class Pump { idle, posted, running };

  // Who is next.
  void tick();
  void wake_after(std::int64_t delay_ms);
  void walk_soon();
  void post_pump();  ///< REQUIRES: the mutex is held
  void pump();
  void lap_walk();
  void lap_done(bool whole);
  bool serve(const Rows<ProviderSyncView>& rows, const SyncPlace& place, const Busy& busy);
  std::size_t room(const Line& line) const;  ///< REQUIRES: the mutex is held
  static Result<std::vector<SyncRow>> candidates(const Rows<ProviderSyncView>& rows, const SyncPlace& place,
                                                 std::size_t count, std::optional<SyncTurn> cursor,
                                                 const Busy& busy);
  void launch(const SyncPlace& place, const std::vector<SyncRow>& list, std::size_t count);

  // One try.
  void run(const Job& job);
  std::optional<numbers::Number> whole(AccountId account, numbers::Number number) const;
  void attempt(const Turn& turn, const CarrierCredentials& credentials);
  void record(const Turn& turn, Attempt attempt);
  void recorded(const Job& job, const Tried& tried, bool committed);
  Result<std::optional<SyncRow>> row_of(const Job& job) const;

  // How it ended.
  void ended_well(const Job& job, bool proved);
  void ended_badly(const Job& job, std::string_view metric, std::int64_t at_least_ms = 0);
  void provider_failed(const Turn& turn, const CarrierFailure& failure);
  void account_failed(const Turn& turn, const CarrierFailure& failure);
  void tell_health(const Turn& turn, connections::State state, const CarrierFailure& told);
  void tell_delay(const Turn& turn, const CarrierFailure& failure);
  [[nodiscard]] std::optional<ConnectionRow> connection_of(const Sight& sight, WorkspaceId workspace,
                                                           ConnectionId id) const;
  [[nodiscard]] bool renewed(const ConnectionRow& before) const;  ///< its credentials are others by now
  void watch(const SyncPlace& place, const ConnectionRow& before);
  void look_later(const SyncPlace& place, const ConnectionRow& before);
  void look_for_renewal(const SyncPlace& place, const ConnectionRow& before);
  std::int64_t pause(Line& line, std::uint64_t round, std::int64_t at_least_ms);  ///< REQUIRES: as leave
  void leave(const Job& job);  ///< REQUIRES: the mutex is held
  void maybe_stopped();
  [[nodiscard]] bool stopping() const;
  /// An outside call may begin: not stopping, and this node is the one that acts.
  [[nodiscard]] bool may_act() const { return !stopping() && (!x_ports.seated || x_ports.seated()); }

  const ReconcilerPorts x_ports;
  const ReconcilerOptions x_options;

  mutable std::mutex x_mutex;  ///< guards all below
  std::map<SyncPlace, Line> x_lines;
  Busy x_busy;                                     ///< numbers with a try under way, and by whose list
  std::map<Busy::key_type, std::int64_t> x_tries;  ///< in a row that the provider failed
  std::size_t x_in_flight = 0;
  Pump x_pump = Pump::idle;
  bool x_started = false, x_stopping = false;
  bool x_pump_again = false;
  int x_laps_left = 0;               ///< times the walk may still reach the end of the list
  std::optional<SyncPlace> x_after;  ///< where the walk stands
  std::uint64_t x_lap = 1;
  std::move_only_function<void()> x_stopped;
};

}  // namespace ringledger
