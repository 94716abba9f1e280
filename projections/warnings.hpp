// `warnings.v2`: the standing assignment warnings: what moving each number would raise now (ASG-04…09).
//
// Rows: of each number (which campaign, since when, shown to whom) and of each campaign (name, type,
// how many numbers). Warnings are expanded from the two when read, so that renaming a campaign of
// 100,000 numbers changes one row.
#pragma once

#include "domain/erlang.hpp"
#include "domain/warning.hpp"
#include "projections/page.hpp"

namespace ringledger {

struct WarnedNumber {
  NumberId id;
  E164 e164;
  std::optional<CampaignId> campaign;
  Timestamp assigned_at;
  std::optional<SessionId> live_session;    ///< a visitor sees it now
  std::optional<SessionId> recent_session;  ///< saw it and may still call
  Timestamp shown_since;                    ///< of the live one; of the recent one, when it was last shown
  RL_FIELDS(WarnedNumber, id, e164, campaign, assigned_at, live_session, recent_session, shown_since);
};

struct WarnedCampaign {
  CampaignId id;
  std::string name;
  campaigns::Type campaign_type{};
  std::int64_t numbers = 0;
  Timestamp last_one_since;     ///< when it came down (or up) to one number
  std::int64_t expected_s = 0;  ///< how long a lease is taken, while none has ended
  pools::Load load;             ///< of a tracker's pool
  RL_FIELDS(WarnedCampaign, id, name, campaign_type, numbers, last_one_since, expected_s, load);
};

/// Either of a number or of a campaign.
struct WarningsRow {
  WorkspaceId workspace;
  std::optional<WarnedNumber> number;
  std::optional<WarnedCampaign> campaign;
  RL_FIELDS(WarningsRow, workspace, number, campaign);
};

struct WarningsView {
  static constexpr std::string_view name = "warnings.v2";
  using Row = WarningsRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

struct StandingWarning {
  NumberId number;
  E164 e164;
  Warning warning;
  Timestamp since;
};
/// What moving the number out of `campaign`, which holds it, would raise; in the order of the codes.
std::vector<StandingWarning> standing_warnings(const WarnedNumber& number, const WarnedCampaign& campaign,
                                               Timestamp now);
/// The same for one number of the inventory; empty when it is in no campaign or not in the workspace.
Result<std::vector<StandingWarning>> warnings_of(const Rows<WarningsView>& rows, AccountId account,
                                                 WorkspaceId workspace, NumberId number, Timestamp now);

struct WarningsQuery {
  AccountId account{};
  WorkspaceId workspace{};
  Timestamp now{};                   ///< what the traffic of the last hours is judged at
  std::vector<WarningCode> codes{};  ///< each filter: empty asks nothing
  std::vector<Severity> severities{};
  std::vector<CampaignId> campaigns{};
  PageRequest page{};
};
/// Ordered by campaign, number, code. The total is exact.
Result<Page<StandingWarning>> list_warnings(const Rows<WarningsView>& rows, const WarningsQuery& query);

}  // namespace ringledger
