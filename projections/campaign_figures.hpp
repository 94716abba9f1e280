// What came of a campaign's inbound calls, by when they began: counters of calls.v1, in quarters of an hour
// of UTC, which every time zone's days are made of. Days are cut when they are asked for: so they are those
// of the zone that the workspace has now, the days of a change of the clocks included, and nothing has to be
// counted again when the workspace moves to another zone or a country changes its rules.
#pragma once

#include <map>
#include <span>

#include "projections/calls.hpp"

namespace ringledger {

/// calls = answered + missed + blocked + in_progress.
struct CampaignFigures {
  std::int64_t calls = 0;
  std::int64_t answered = 0;
  std::int64_t missed = 0;                          ///< over, and nobody of ours talked
  std::int64_t blocked = 0;                         ///< its number takes no calls from the caller's country
  std::int64_t unattributed = 0;                    ///< as their attribution counts now
  std::int64_t first_callers = 0;                   ///< whose caller became a contact by that call
  std::int64_t talk_s = 0;                          ///< of answered calls
  std::map<std::string, std::int64_t> cnam_cost{};  ///< in 1/10000, by currency
  [[nodiscard]] std::int64_t in_progress() const { return calls - answered - missed - blocked; }
  void add(const CampaignFigures& more);
  friend bool operator==(const CampaignFigures&, const CampaignFigures&) = default;
};
/// What one call adds; nothing when it went out.
CampaignFigures figures_of(const CallRow& row);

/// Of the stretches between one bound and the next. REQUIRES: `bounds` never fall.
Result<std::vector<CampaignFigures>> figures_between(const Rows<CallsView>& rows, WorkspaceId workspace,
                                                     CampaignId campaign, std::span<const Timestamp> bounds);

namespace calls_index {
/// The counters of a row's figures.
void count_figures(const CallRow& row, Counters& out);
}  // namespace calls_index

}  // namespace ringledger
