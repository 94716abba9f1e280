// The reactor that asks the provider for what its webhooks never told (twilio.md B.11 "Missed webhooks"): how
// a call ended whose callback was lost, and calls that nobody told of at all.
//
// Its work lists are folds and the provider's own list: what it keeps in memory are only times of asking, so
// a crash loses nothing. What it finds becomes a fact by a command that knows every call by its SID: asking
// twice is harmless.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "commands/call.hpp"
#include "commands/ports/carrier.hpp"
#include "commands/ports/system.hpp"
#include "projections/calls.hpp"
#include "projections/connections.hpp"
#include "projections/sight.hpp"

namespace ringledger {

struct CallReconcilerOptions {
  std::int64_t ask_after_ms = 300'000;             ///< into a call; then after twice as long, and so on …
  std::int64_t ask_at_least_ms = 3'600'000;        ///< … but at least so often
  std::int64_t list_every_ms = 300'000;            ///< of each provider account, the calls that ended since
  std::int64_t first_list_ms = 30'000;             ///< after a connection is first seen, if that is less
  std::int64_t look_back_ms = 24LL * 3600 * 1000;  ///< of the first list after a start
  std::int64_t self_wake_ms = 10'000;
  std::size_t requests_per_look = 20;         ///< to providers, one after the other
  std::size_t commands_at_once = 64;          ///< of one provider account
  int pages_per_list = 1'000;                 ///< of 1,000 calls; what is behind them is left out, and told
  std::int64_t longest_pause_ms = 1'800'000;  ///< of an account whose provider fails; doubles up to it
};

/// What it is joined to. All functions are thread-safe and must not throw; the ports outlive the tasks on the
/// pool.
struct CallReconcilerPorts {
  std::function<Sight()> sight;
  Carrier& carrier;
  /// nullopt: there are none to be had now. May block.
  std::function<std::optional<CarrierCredentials>(AccountId, ConnectionId)> credentials;
  /// The call as the write side knows it. May block.
  std::function<std::optional<calls::Call>(AccountId, const std::string& account_sid,
                                           const std::string& call_sid)>
      known;
  /// Issues the command as "system"; `done` is called once, on any thread: true when it is committed.
  std::function<void(AccountId, const std::string& account_sid, ReconcileCall,
                     std::move_only_function<void(bool committed)> done)>
      record;
  Executor& pool;  ///< for tasks that block
  const Clock& clock;
  /// Counts requests: "call_asked", "calls_listed", "calls_cut" (a list longer than is read), and what is
  /// tried again: "unavailable", "no_credentials", "unreadable".
  std::function<void(std::string_view outcome)> metric;
  std::function<bool()> seated;  ///< is this node the one that may act?
};

/// One look at a time, which asks one thing after the other: a provider meets at most one request of it.
class CallReconciler : public std::enable_shared_from_this<CallReconciler> {
 public:
  CallReconciler(CallReconcilerPorts ports, CallReconcilerOptions options)
      : x_ports(std::move(ports)), x_options(options) {}
  void start();
  /// No request begins any more.
  void stop() { x_stopping = true; }

 private:
  struct Asked {
    std::int64_t due_ms = 0, wait_ms = 0;  ///< monotonic; the pause before
  };
  /// A provider account of an account: several connections may name it, the first that is found speaks for
  /// it.
  using Place = std::pair<AccountId, std::string>;
  struct Line {
    ConnectionId connection;
    Timestamp since;                               ///< the next list: calls that ended from then on
    Timestamp began;                               ///< of the list that is being read
    std::string page;                              ///< of it, the next one
    int pages = 0;                                 ///< of it, read so far; 0: none is being read
    std::int64_t due_ms = 0, paused_until_ms = 0;  ///< monotonic
    int failures = 0;                              ///< in a row
    std::vector<CallReport> found;                 ///< to be recorded
    std::size_t issued = 0;                        ///< and not answered
  };
  void tick();
  void look();
  void look_around();
  [[nodiscard]] bool may_act() const { return !x_stopping && x_ports.seated(); }
  void forget();

  void ask_about_live_calls(const Sight& sight);
  [[nodiscard]] std::vector<LiveCall> overdue(const Sight& sight);
  void ask(const LiveCall& live);

  void meet_connections(const Sight& sight);
  void go_on(const Place& place, Line& line, const Sight& sight);
  void read_page(const Place& place, Line& line, const Sight& sight);
  void list_read(Line& line);
  [[nodiscard]] bool is_news(const Place& place, const CallReport& report, const Sight& sight) const;
  void issue(const Place& place, Line& line);
  void issued(const Place& place, CallReport report, bool committed);
  void failed(Line& line, const CarrierFailure& failure);

  const CallReconcilerPorts x_ports;
  const CallReconcilerOptions x_options;
  std::atomic<bool> x_stopping{false};
  std::atomic<bool> x_looking{false};
  // Of one look at a time, but for what x_mutex guards.
  std::map<CallId, Asked> x_asked;
  std::size_t x_requests_left = 0;
  std::mutex x_mutex;  ///< guards x_lines' `found` and `issued`, and which lines there are
  std::map<Place, Line> x_lines;
};

}  // namespace ringledger
