// `sessions.v2`: visits of websites and the numbers lent to them: leases now, sessions that live (what the
// server's timers wait for), what a simulation replays, and what is to be forgotten.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct SessionRow {
  AccountId account;
  SessionId id;
  WorkspaceId workspace;
  CampaignId campaign;
  sessions::Phase phase{};
  bool over = false;
  std::optional<NumberId> number;
  std::optional<E164> e164;
  std::optional<sessions::LeaseReason> reason;  ///< of the newest lease
  std::optional<pools::Overflow> policy;        ///< when it was shown the overflow
  Timestamp started_at, leased_at;
  Timestamp last_seen_at;  ///< as far as events tell
  std::optional<Timestamp> hold_until;
  std::int64_t touches = 0;  ///< after the first
  std::optional<bool> consent;
  Personal<std::string> visitor, landing_url, referrer;
  Personal<sessions::Texts> utm, click_ids;
  bool has_call = false;  ///< one was owed to it
  std::optional<Timestamp> over_at;
  RL_FIELDS(SessionRow, account, id, workspace, campaign, phase, over, number, e164, reason, policy,
            started_at, leased_at, last_seen_at, hold_until, touches, consent, visitor, landing_url, referrer,
            utm, click_ids, has_call, over_at);
  /// Leased, or on hold.
  [[nodiscard]] bool has_lease() const {
    return phase == sessions::Phase::leased || phase == sessions::Phase::hold;
  }
};

struct SessionsView {
  static constexpr std::string_view name = "sessions.v2";
  using Row = SessionRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

/// The leases and holds of a campaign, the oldest session first. The total is exact.
Result<Page<SessionRow>> list_leases(const Rows<SessionsView>& rows, WorkspaceId workspace,
                                     CampaignId campaign, const PageRequest& page);
/// Every session something is still to become of, of all accounts.
Result<void> each_living(const Rows<SessionsView>& rows, const std::function<void(const SessionRow&)>& visit);

/// The visits that ended before `before` and that no call was owed to, workspace by workspace, the longest
/// over first, from behind `after` on ("": from the first); at most `most`, all of one workspace. Ends with
/// where to go on.
struct EndedVisits {
  AccountId account;
  WorkspaceId workspace;
  std::vector<SessionId> sessions;
  std::string last;
};
Result<EndedVisits> ended_visits(const Rows<SessionsView>& rows, Timestamp before, const std::string& after,
                                 std::size_t most);

/// A visit as it is replayed: when it began, and for how long a page was open.
struct PastVisit {
  Timestamp from, last_seen_at;
};
/// The newest of a campaign that began at `since` or later, at most `most`, in the order in which they began.
Result<std::vector<PastVisit>> past_visits(const Rows<SessionsView>& rows, WorkspaceId workspace,
                                           CampaignId campaign, Timestamp since, std::size_t most);

}  // namespace ringledger
