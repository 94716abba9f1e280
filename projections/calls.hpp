// `calls.v1`: the calls of a workspace, newest first, by campaign, number, caller and outcome.
//
// A row is keyed workspace ‖ call. Index entries (the byte after the workspace tells which), all in the order
// of the calls' beginnings, their value a CallSummary:
//   workspace ‖ 's' ‖ started_at ‖ call              every call
//   workspace ‖ facet ‖ value ‖ started_at ‖ call    one per facet value (a caller's number or name blurred)
// and, of no workspace, the calls whose end nobody told yet, their value a LiveCall.
// Counters: one of each index's name, and those of calls_query.hpp and campaign_figures.hpp. History stays
// with the workspace that had it (LOG-08): nothing here follows a number that moves.
#pragma once

#include <functional>

#include "projections/page.hpp"

namespace ringledger {

/// What decided to whom a call is owed.
struct AttributedBy {
  std::string event;    ///< its id
  std::string command;  ///< what made it happen
  Timestamp at;
  RL_FIELDS(AttributedBy, event, command, at);
};
struct PastAttribution {
  AttributedBy by;
  attribution::Snapshot attribution;
  RL_FIELDS(PastAttribution, by, attribution);
};

struct CallRow {
  AccountId account;
  calls::Call call;
  AttributedBy attributed{};               ///< what counts now
  std::vector<PastAttribution> earlier{};  ///< what counted before, oldest first: the first and the newest
  bool made_contact = false;               ///< the caller was not known before
  std::optional<Money> cnam_cost{};        ///< of looking the caller's name up
  RL_FIELDS(CallRow, account, call, attributed, earlier, made_contact, cnam_cost);
};
/// Of a call that was recomputed more often its feed has them all.
inline constexpr std::size_t most_past_attributions = 16;

struct CallsView {
  static constexpr std::string_view name = "calls.v1";
  using Row = CallRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static constexpr std::string_view entry_layout =
      "with those that live, by contact, by marks of the caller's blurred pieces, figures by quarter of an "
      "hour";
  static std::vector<Entry> indexes(const Row& row, const Row* other = nullptr);
  static Counters counters(const Row& row, const Row* other = nullptr);
};

/// What filters and the search look at.
struct CallSummary {
  CallId call;
  std::optional<CampaignId> campaign;
  std::optional<NumberId> number;
  std::optional<calls::Outcome> outcome;
  Timestamp started_at;
  Personal<std::string> from, caller_name;
  std::string to;
  std::optional<ContactId> contact;
  RL_FIELDS(CallSummary, call, campaign, number, outcome, started_at, from, caller_name, to, contact);
};

enum class CallFacet : char {
  campaign = 'c',
  number = 'n',
  outcome = 'o',
  from = 'f',
  to = 't',
  caller_name = 'a',  ///< in lower case
  contact = 'k'
};

/// Values of one filter are ORed, filters are ANDed; an empty filter asks nothing.
struct CallsQuery {
  WorkspaceId workspace{};
  std::vector<CampaignId> campaigns{};
  std::vector<NumberId> numbers{};
  std::vector<std::string> from{};
  std::vector<ContactId> contacts{};
  std::vector<calls::Outcome> outcomes{};
  std::optional<Timestamp> started_from{}, started_to{};  ///< inclusive
  std::string search{};                                   ///< digits of either number, or part of the name
  bool descending = true;
  PageRequest page{};
  std::size_t look_at_most = 100'000;  ///< entries, for the page and for the total
};

/// Totals are exact without filters, with values of one facet, and when at most count_to calls match; else at
/// least `total`. A page may have fewer calls than were asked for and go on all the same: it looks at
/// `look_at_most`.
/// Code::validation_failed: a bad cursor or page.
Result<Page<CallRow>> list_calls(const Rows<CallsView>& rows, const CallsQuery& query);
/// Of the calls of a contact (CON-11): talked of the answered ones alone.
struct ContactCalls {
  std::int64_t answered = 0, talked_s = 0;
};
ContactCalls calls_of_contact(const Rows<CallsView>& rows, WorkspaceId workspace, ContactId contact);
/// nullopt: not in this workspace.
Result<std::optional<CallRow>> find_call(const Rows<CallsView>& rows, WorkspaceId workspace, CallId call);

/// How a number does in one campaign (HLT-01), inbound.
struct CampaignHealth {
  CampaignId campaign;
  std::int64_t attempts = 0, answered = 0;
};
/// In every campaign of the workspace that it had calls for.
Result<std::vector<CampaignHealth>> health_of(const Rows<CallsView>& rows, WorkspaceId workspace,
                                              NumberId number);

/// A call in progress, as far as was told.
struct LiveCall {
  AccountId account;
  CallId call;
  ConnectionId connection;
  std::string account_sid, provider_sid;
  Timestamp started_at;
  RL_FIELDS(LiveCall, account, call, connection, account_sid, provider_sid, started_at);
};
/// Every one, of all accounts, the oldest first, until `visit` is false.
Result<void> each_live_call(const Rows<CallsView>& rows, const std::function<bool(const LiveCall&)>& visit);

}  // namespace ringledger
