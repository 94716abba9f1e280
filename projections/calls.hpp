// `calls.v1`: the calls of a workspace, newest first, by campaign, number, caller and outcome.
//
// A row is keyed workspace ‖ call. Index entries (the byte after the workspace tells which), all in the order
// of the calls' beginnings, their value a CallSummary:
//   workspace ‖ 's' ‖ started_at ‖ call              every call
//   workspace ‖ facet ‖ value ‖ started_at ‖ call    one per facet value (a caller's number blurred)
// Counters: one of each index's name, and what a contact's answered calls add up to. History stays with the
// workspace that had it (LOG-08): nothing here follows a number that moves.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct CallRow {
  AccountId account;
  calls::Call call;
  RL_FIELDS(CallRow, account, call);
};

struct CallsView {
  static constexpr std::string_view name = "calls.v1";
  using Row = CallRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
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

enum class CallFacet : char { campaign = 'c', number = 'n', outcome = 'o', from = 'f', contact = 'k' };

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
};

/// Totals are exact without filters, with one value of one facet, and when at most count_to calls match; else
/// at least `total`. Code::validation_failed: a bad cursor or page.
Result<Page<CallRow>> list_calls(const Rows<CallsView>& rows, const CallsQuery& query);
/// Of the calls of a contact (CON-11): talked of the answered ones alone.
struct ContactCalls {
  std::int64_t answered = 0, talked_s = 0;
};
ContactCalls calls_of_contact(const Rows<CallsView>& rows, WorkspaceId workspace, ContactId contact);
/// nullopt: not in this workspace.
Result<std::optional<CallRow>> find_call(const Rows<CallsView>& rows, WorkspaceId workspace, CallId call);

}  // namespace ringledger
