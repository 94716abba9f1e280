// Visits of a website and the numbers lent to them (../shared/spec/number-pools.md D.2, D.3). Heartbeats are
// no facts; what follows from their absence is, with the deadline that was acted on, so that nothing here
// needs a clock.
#pragma once

#include <map>
#include <variant>
#include <vector>

#include "domain/attribution.hpp"
#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/pool_settings.hpp"
#include "domain/values.hpp"

namespace ringledger::sessions {

using Texts = std::map<std::string, std::string>;

/// Why this number: the visitor's own of an earlier visit, the least recently used, one that another visitor
/// may still call, or the session's own, which it had left.
BOOST_DEFINE_ENUM_CLASS(LeaseReason, sticky, lru, risky, returning)
/// Who ended a lease before its time. `reuse`: the number was given to another visitor while on hold.
BOOST_DEFINE_ENUM_CLASS(ReleasedBy, client, unassign, transfer, removal, deactivation, drain, reuse, max_age)
BOOST_DEFINE_ENUM_CLASS(EndedBy, client, lapse, max_age)

/// The subject of a session's personal fields is the session.
struct Started {
  static constexpr std::string_view type = "session.started.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  std::optional<bool> consent;        ///< absent: the page did not tell
  Personal<std::string> session_key;  ///< the page's own name of the visit
  Personal<std::string> visitor;      ///< the page's name of the visitor, over visits
  Personal<std::string> landing_url, referrer;
  Personal<Texts> utm, click_ids;
  std::optional<bool> direct{};  ///< nothing told how the visitor came
  RL_FIELDS(Started, session, workspace, campaign, consent, session_key, visitor, landing_url, referrer, utm,
            click_ids, direct);
  [[nodiscard]] std::string subject() const { return session.to_string(); }
};

/// The visitor came again, on another way.
struct TouchAdded {
  static constexpr std::string_view type = "session.touch_added.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  Personal<std::string> landing_url, referrer;
  Personal<Texts> utm, click_ids;
  std::optional<bool> direct{};  ///< nothing told how the visitor came
  RL_FIELDS(TouchAdded, session, workspace, campaign, landing_url, referrer, utm, click_ids, direct);
  [[nodiscard]] std::string subject() const { return session.to_string(); }
};

struct NumberLeased {
  static constexpr std::string_view type = "session.number_leased.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  NumberId number;
  E164 e164;
  LeaseReason reason{};
  std::optional<SessionId> previous;  ///< of `risky`: whose call may still come
  RL_FIELDS(NumberLeased, session, workspace, campaign, number, e164, reason, previous);
};

/// No heartbeat came until `deadline`: the visitor is gone but may still call.
struct LeaseHeld {
  static constexpr std::string_view type = "session.lease_held.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  NumberId number;
  Timestamp last_seen_at, deadline, hold_until;
  RL_FIELDS(LeaseHeld, session, workspace, campaign, number, last_seen_at, deadline, hold_until);
};

/// The lease ended before its time. With `hold_until` its number goes on hold; without, it goes elsewhere.
struct LeaseReleased {
  static constexpr std::string_view type = "session.lease_released.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  NumberId number;
  ReleasedBy by{};
  std::optional<Timestamp> hold_until;
  RL_FIELDS(LeaseReleased, session, workspace, campaign, number, by, hold_until);
};

/// The hold is over, and with it the session, if it had not ended before.
struct LeaseExpired {
  static constexpr std::string_view type = "session.lease_expired.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  NumberId number;
  Timestamp leased_at, deadline;  ///< the number was taken from one to the other
  RL_FIELDS(LeaseExpired, session, workspace, campaign, number, leased_at, deadline);
};

/// No number was free.
struct OverflowShown {
  static constexpr std::string_view type = "session.overflow_shown.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  pools::Overflow policy{};
  std::optional<NumberId> number;  ///< when it is one of ours
  std::optional<E164> e164;        ///< absent: what stands on the page
  std::int64_t leased = 0, size = 0;
  RL_FIELDS(OverflowShown, session, workspace, campaign, policy, number, e164, leased, size);
};

struct Ended {
  static constexpr std::string_view type = "session.ended.v1";
  SessionId session;
  WorkspaceId workspace;
  CampaignId campaign;
  EndedBy by{};
  std::optional<Timestamp> deadline;  ///< that was acted on
  RL_FIELDS(Ended, session, workspace, campaign, by, deadline);
};

/// Visits that ended long ago and that no call was owed to: their keys are destroyed, and with them who came
/// and how; what they add up to stays.
struct Forgotten {
  static constexpr std::string_view type = "workspace.sessions_forgotten.v1";
  WorkspaceId workspace;
  std::vector<SessionId> sessions;
  Timestamp ended_before;
  RL_FIELDS(Forgotten, workspace, sessions, ended_before);
  /// Data subjects whose keys are to be destroyed.
  [[nodiscard]] std::vector<std::string> subjects() const;
};

/// How long after its end a visit is kept: the longest call window, and what visitors' own numbers and
/// attribution go by.
inline constexpr std::int64_t kept_after_end_ms = 30LL * 24 * 3600 * 1000;

using Event = std::variant<Started, TouchAdded, NumberLeased, LeaseHeld, LeaseReleased, LeaseExpired,
                           OverflowShown, Ended, Forgotten>;

/// `waiting`: it has no number at the moment; the next heartbeat asks for one.
BOOST_DEFINE_ENUM_CLASS(Phase, waiting, leased, hold, overflow)

/// Write-side state. A session that is over lives on only while its number is on hold.
struct Session {
  SessionId id;
  WorkspaceId workspace;
  CampaignId campaign;
  Personal<std::string> session_key, visitor;
  Phase phase{};
  bool over = false;
  bool risky = false;
  std::optional<NumberId> number;  ///< leased, on hold, or the overflow's when it is ours
  std::optional<E164> shown;
  pools::Overflow policy{};  ///< of `overflow`
  Timestamp started_at, hold_until;
  bool erased = false;  ///< its person was: no page goes on with it
  std::vector<attribution::Touch> touches;
  RL_FIELDS(Session, id, workspace, campaign, session_key, visitor, phase, over, risky, number, shown, policy,
            started_at, hold_until, erased, touches);
};

/// nullopt in gives nullopt out, but for Started; nullopt out: nothing is left to know.
std::optional<Session> evolve(std::optional<Session> state, const Event& event, Timestamp at);

}  // namespace ringledger::sessions
