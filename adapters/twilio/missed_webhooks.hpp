// The reactor that asks the provider for what its webhooks never told (twilio.md B.11 "Missed webhooks"): how
// a call ended whose callback was lost, and calls and messages that nobody told of at all.
//
// Its work lists are folds and the provider's own lists: what it keeps in memory are only times of asking, so
// a crash loses nothing. What it finds becomes a fact by a command that knows every call and message by its
// SID: asking twice is harmless.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/twilio/list_reader.hpp"
#include "commands/call.hpp"
#include "commands/message.hpp"
#include "projections/calls.hpp"
#include "projections/connections.hpp"

namespace ringledger {

struct MissedWebhooksOptions {
  std::int64_t ask_after_ms = 300'000;       ///< into a call; then after twice as long, and so on …
  std::int64_t ask_at_least_ms = 3'600'000;  ///< … but at least so often
  ListReaderOptions calls{}, messages{};
  std::int64_t self_wake_ms = 10'000;
  std::size_t requests_per_look = 20;         ///< to providers, one after the other
  std::int64_t longest_pause_ms = 1'800'000;  ///< of an account whose provider fails; doubles up to it
};

/// What it is joined to. All functions are thread-safe and must not throw; the ports outlive the tasks on the
/// pool.
struct MissedWebhooksPorts {
  using Done = std::move_only_function<void(bool committed)>;
  std::function<Sight()> sight;
  Carrier& carrier;
  /// nullopt: there are none to be had now. May block.
  std::function<std::optional<CarrierCredentials>(AccountId, ConnectionId)> credentials;
  /// The call as the write side knows it. May block.
  std::function<std::optional<calls::Call>(AccountId, const std::string& account_sid,
                                           const std::string& call_sid)>
      known_call;
  /// Whether the write side knows the message. May block.
  std::function<bool(AccountId, const std::string& account_sid, const std::string& message_sid)>
      knows_message;
  /// Issue the command as "system"; `done` is called once, on any thread.
  std::function<void(AccountId, const std::string& account_sid, ReconcileCall, Done done)> record_call;
  std::function<void(AccountId, const std::string& account_sid, ReconcileMessage, Done done)> record_message;
  Executor& pool;  ///< for tasks that block
  const Clock& clock;
  /// Counts requests: "call_asked", "calls_listed", "messages_listed", "calls_cut" and "messages_cut" (a list
  /// longer than is read), and what is tried again: "unavailable", "no_credentials", "unreadable".
  std::function<void(std::string_view outcome)> metric;
  std::function<bool()> seated;  ///< is this node the one that may act?
};

/// One look at a time, which asks one thing after the other: a provider meets at most one request of it.
class MissedWebhooks : public std::enable_shared_from_this<MissedWebhooks> {
 public:
  MissedWebhooks(MissedWebhooksPorts ports, MissedWebhooksOptions options);
  void start();
  /// No request begins any more.
  void stop() { x_stopping = true; }

 private:
  struct Asked {
    std::int64_t due_ms = 0, wait_ms = 0;  ///< monotonic; the pause before
  };
  struct Patience {
    std::int64_t paused_until_ms = 0;  ///< monotonic
    int failures = 0;                  ///< in a row
  };
  /// How a provider account is asked. The first connection that is found speaks for it.
  struct Place {
    ConnectionId connection;
    Patience calls, messages;
  };
  void tick();
  void look();
  void look_around();
  [[nodiscard]] bool may_act() const { return !x_stopping && x_ports.seated(); }
  void forget();
  void meet_connections(const Sight& sight);

  /// The provider's answer; nullopt: it may not be asked now, or it failed, and is left alone for a while.
  template <class T>
  std::optional<T> answer_of(const ProviderPlace& place, Patience Place::* about,
                             const std::function<CarrierResult<T>(const CarrierCredentials&)>& request);
  void failed(Patience& with, const CarrierFailure& failure);

  void ask_about_live_calls(const Sight& sight);
  [[nodiscard]] std::vector<LiveCall> overdue(const Sight& sight);
  void ask(const LiveCall& live);

  ListReaderPorts<CallReport> ports_for_calls();
  ListReaderPorts<MessageReport> ports_for_messages();
  void read_lists(const Sight& sight);
  [[nodiscard]] bool is_late(Timestamp at, const ListReaderOptions& list) const;
  [[nodiscard]] bool is_news(const ProviderPlace& place, const CallReport& call, const Sight& sight) const;
  [[nodiscard]] bool is_news(const ProviderPlace& place, const MessageReport& message,
                             const Sight& sight) const;
  /// The port's `done` for a report of a list.
  template <class Report>
  MissedWebhooksPorts::Done recorded(ListReader<Report>& list, const ProviderPlace& place,
                                     const Report& report);

  const MissedWebhooksPorts x_ports;
  const MissedWebhooksOptions x_options;
  std::atomic<bool> x_stopping{false};
  std::atomic<bool> x_looking{false};
  // Of one look at a time.
  std::map<CallId, Asked> x_asked;
  std::map<ProviderPlace, Place> x_places;
  std::size_t x_requests_left = 0;
  ListReader<CallReport> x_calls;
  ListReader<MessageReport> x_messages;
};

}  // namespace ringledger
