// When sessions were last heard of, and the timers that follow from it. Heartbeats are no facts: they are
// kept here, in the memory of the one writer, and are lost with it; then every lease gets one full time to
// live anew (number-pools.md D.2). What a timer finds is decided by a command that records the deadline it
// acted on.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

#include "commands/ports/system.hpp"
#include "commands/visitor_session.hpp"
#include "projections/sessions.hpp"
#include "projections/sight.hpp"

namespace ringledger {

/// Thread-safe.
class SessionKeeper : public std::enable_shared_from_this<SessionKeeper> {
 public:
  using Answered = std::move_only_function<void(std::optional<LapseSession::Answer>)>;  ///< none: try later
  struct Ports {
    std::function<Sight()> sight;
    std::function<void(AccountId, LapseSession, Answered)> issue;
    std::function<std::uint64_t()> term;  ///< in which this node writes; 0: it does not
    Executor* executor;                   ///< timers, and reading the views
    const Clock* clock;
  };
  explicit SessionKeeper(Ports ports) : x_ports(std::move(ports)) {}

  /// Looks whether this node has begun to write: then all that lives is taken over, else nothing is kept.
  /// What could not be read is read again. REQUIRES: the views show everything that was counted before the
  /// term.
  void wake();
  /// Issues nothing any more.
  void stop();
  /// A session was heard of now; it lapses `lease_timeout_s` later unless it is heard of again.
  void seen(AccountId account, SessionId session, std::int64_t lease_timeout_s);
  /// It is to be looked at again at `deadline`, heard of or not.
  void wait(AccountId account, SessionId session, Timestamp deadline);
  /// Something may have counted that nobody was told of: soon all that lives is looked at again.
  void look_again();
  [[nodiscard]] std::size_t kept() const;

 private:
  struct Kept {
    AccountId account;
    Timestamp seen_at, deadline;
    std::int64_t due_ms = 0;  ///< monotonic
    std::uint64_t turn = 0;   ///< an answer to an older one says nothing
    std::uint64_t term = 0;   ///< in which it was heard of
    bool asked = false;
  };
  void forget_other_terms();
  void take_over(std::uint64_t term);
  void take_over_later(std::uint64_t term, std::int64_t after_ms);
  void keep(SessionId session, Kept kept);
  void arm();
  void fire();
  void ask(SessionId session, const Kept& kept);
  void answered(SessionId session, std::uint64_t turn, std::optional<LapseSession::Answer> answer);

  void take_answer(SessionId session, std::uint64_t turn, std::optional<LapseSession::Answer> answer);

  Ports x_ports;
  mutable std::mutex x_mutex;
  std::unordered_map<SessionId, Kept> x_kept;
  std::set<std::pair<std::int64_t, SessionId>> x_due;  ///< not after the session's own `due_ms`
  std::int64_t x_armed_ms = -1;                        ///< the timer that runs; -1: none
  std::uint64_t x_term = 0, x_turn = 0;
  std::size_t x_outstanding = 0;  ///< issued and not answered
  bool x_stopped = false, x_looks_again = false;
};

}  // namespace ringledger
