// Calls: what a number rang for, whom it was put through to, and how it ended. Facts come late, doubled and
// in any order; the state they fold to does not depend on it.
#pragma once

#include <variant>
#include <vector>

#include "domain/attribution.hpp"
#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/lead.hpp"
#include "domain/values.hpp"

namespace ringledger::calls {

BOOST_DEFINE_ENUM_CLASS(Direction, inbound, outbound)
/// What the caller meets. `no_target`: its campaign forwards nowhere (WHK-04). `unknown_number`: not in the
/// inventory (any more). `blocked_country`: its number takes no calls from the caller's country (CTY-04).
BOOST_DEFINE_ENUM_CLASS(RouteKind, forward, parking, inactive, no_target, unknown_number, blocked_country)
/// What came of it for us; a call in progress has none yet.
BOOST_DEFINE_ENUM_CLASS(Outcome, answered, no_answer, busy, failed, canceled, parked, inactive, unrouted,
                        blocked_country)
/// From what we first knew of it: Twilio's question what to do, or only a later report (the answer to the
/// question was given from the read models, or the number's voice URL is not ours), or because the provider
/// was asked for what it never told.
BOOST_DEFINE_ENUM_CLASS(Source, voice, status, reconcile)

struct Route {
  RouteKind kind{};
  std::optional<E164> forward_to;  ///< of `forward`; absent: their own hooks put it through
  RL_FIELDS(Route, kind, forward_to);
};

/// The subject of a call's personal fields: its contact; the call itself while it has none.
inline std::string subject_of_call(const std::optional<ContactId>& contact, CallId call) {
  return contact ? contact->to_string() : call.to_string();
}

struct Received {
  static constexpr std::string_view type = "call.received.v1";
  CallId call;
  WorkspaceId workspace;
  std::optional<NumberId> number;  ///< absent: not in the inventory
  ConnectionId connection;
  std::string account_sid, provider_sid;  ///< Twilio's, of the account and of the call
  std::string to;  ///< our number, as it was dialled; of a call that went out: it showed
  Direction direction{};
  Source source{};
  std::string status;  ///< in Twilio's words
  Timestamp started_at;
  Route route;
  std::string caller_country;      ///< ISO 3166-1 alpha-2; "" unknown or withheld
  std::optional<Money> cnam_cost;  ///< of looking the caller's name up (CNA-03)
  /// The other party, who called or, of a call that went out, was called; as the provider told it: E.164,
  /// "anonymous", "client:…", anything.
  Personal<std::string> from;
  Personal<std::string> caller_name;
  Personal<std::string> form;        ///< the webhook's, as it came
  std::optional<ContactId> contact;  ///< absent: withheld, or no phone number
  /// LOG-02: what the contact was called then, where `caller_name`, the looked-up one, does not say so.
  Personal<std::string> contact_name;
  RL_FIELDS(Received, call, workspace, number, connection, account_sid, provider_sid, to, direction, source,
            status, started_at, route, caller_country, cnam_cost, from, caller_name, form, contact,
            contact_name);
  [[nodiscard]] std::string subject() const { return subject_of_call(contact, call); }
};

/// Whom it is owed to, as known when it was received.
struct Attributed {
  static constexpr std::string_view type = "call.attributed.v1";
  CallId call;
  WorkspaceId workspace;
  attribution::Snapshot attribution;
  RL_FIELDS(Attributed, call, workspace, attribution);
};

/// One status callback.
struct StatusReported {
  static constexpr std::string_view type = "call.status_reported.v1";
  CallId call;
  WorkspaceId workspace;
  std::string report;  ///< what this callback is told from its doubles by
  std::string status;  ///< in Twilio's words
  std::optional<std::int64_t> sequence;
  std::optional<std::int64_t> duration_s;
  std::optional<Timestamp> told_at;  ///< when it happened, by the provider's clock
  Personal<std::string> form;        ///< empty when the contact was erased before it came
  std::optional<ContactId> contact;  ///< the call's
  RL_FIELDS(StatusReported, call, workspace, report, status, sequence, duration_s, told_at, form, contact);
  [[nodiscard]] std::string subject() const { return subject_of_call(contact, call); }
};

/// The forwarded leg ended.
struct ForwardEnded {
  static constexpr std::string_view type = "call.forward_ended.v1";
  CallId call;
  WorkspaceId workspace;
  std::string report;
  std::string status;  ///< Twilio's DialCallStatus
  std::optional<std::int64_t> duration_s;
  Personal<std::string> form;
  std::optional<ContactId> contact;
  RL_FIELDS(ForwardEnded, call, workspace, report, status, duration_s, form, contact);
  [[nodiscard]] std::string subject() const { return subject_of_call(contact, call); }
};

/// It was decided again, from what was known when it was received: by another model, or by newer rules. The
/// fact before stays what it was.
struct AttributionRecomputed {
  static constexpr std::string_view type = "call.attribution_recomputed.v1";
  CallId call;
  WorkspaceId workspace;
  std::string replaces;  ///< id of the event whose attribution counted until now
  attribution::Snapshot attribution;
  RL_FIELDS(AttributionRecomputed, call, workspace, replaces, attribution);
};

/// LOG-01: of this one talk, and of what it came to. An absent member that is not `cleared` is unchanged.
struct Updated {
  static constexpr std::string_view type = "call.updated.v1";
  CallId call;
  WorkspaceId workspace;
  std::optional<Money> deal_value;
  std::optional<leads::CallStatus> lead_status;
  Personal<std::string> notes;
  Personal<leads::Tags> tags;
  std::vector<leads::Field> cleared;
  std::optional<ContactId> contact;  ///< the call's
  RL_FIELDS(Updated, call, workspace, deal_value, lead_status, notes, tags, cleared, contact);
  [[nodiscard]] std::string subject() const { return subject_of_call(contact, call); }
};

using Event =
    std::variant<Received, Attributed, StatusReported, ForwardEnded, AttributionRecomputed, Updated>;

/// One row per call, for ever.
struct Call {
  CallId id;
  WorkspaceId workspace;
  std::optional<NumberId> number;
  ConnectionId connection;
  std::string account_sid, provider_sid, to;
  Direction direction{};
  Route route;
  std::string caller_country;
  Personal<std::string> from, caller_name;  ///< of the other party; its name as of the call
  std::string status;                       ///< the furthest that was told
  std::int64_t status_sequence = -1;        ///< its sequence number; -1: none
  std::string forward_status;               ///< "" while the forwarded leg has not ended
  std::optional<std::int64_t> duration_s;   ///< the longest that was told
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
  attribution::Snapshot attribution;  ///< that counts
  std::vector<std::string> reports;   ///< recorded ones, sorted: a double is known for ever
  std::optional<ContactId> contact;
  // What is noted of this talk (LOG-01), whatever is noted of its contact then or later.
  std::optional<Money> deal_value;
  std::optional<leads::CallStatus> lead_status;
  Personal<std::string> notes;
  Personal<leads::Tags> tags;
  std::int64_t version = 0;  ///< of what people configured: what is noted
  RL_FIELDS(Call, id, workspace, number, connection, account_sid, provider_sid, to, direction, route,
            caller_country, from, caller_name, status, status_sequence, forward_status, duration_s,
            started_at, ended_at, attribution, reports, contact, deal_value, lead_status, notes, tags,
            version);
};

/// nullopt in gives nullopt out, but for Received. `at`: the commit's log time.
std::optional<Call> evolve(std::optional<Call> state, const Event& event, Timestamp at);

/// Its contact was erased: what is left tells nothing of who it was, or what was noted of them.
void forget_caller(Call& call);

/// Twilio's words for what will not change any more.
bool is_final(std::string_view status);
/// nullopt: it is not over yet.
std::optional<Outcome> outcome_of(const Call& call);
/// Records a report only once.
bool has_report(const Call& call, std::string_view report);
/// Most reports of one call that are recorded.
inline constexpr std::size_t most_reports = 64;

}  // namespace ringledger::calls
