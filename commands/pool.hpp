// Which number a visitor is lent (number-pools.md D.2 "Selection"), how a lease ends when its number goes
// elsewhere (D.5), and the pool as people see it.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// The events that show a session a number: a lease or an overflow. `session` as it is before them. Shares
/// its misses with the book.
std::vector<Event> lend_number(const sessions::Session& session, const campaigns::Campaign& campaign,
                               const Book& book, Timestamp now);

/// Before an event that takes the number out of its pool or bars it: its lease or hold ends. Empty when it
/// has none.
std::vector<Event> ending_lease(NumberId number, sessions::ReleasedBy by, const Book& book);
/// After an event that ended the number's lease or hold: what it was being drained for. Empty when it was
/// not.
std::vector<Event> ending_drain(NumberId number, const Book& book);

/// Of a tracker's pool; null: it has none yet.
const pools::Pool* pool_of(CampaignId campaign, const Book& book);
/// The share of visitors that would find no number, were the pool as small as `size`; nullopt: too little
/// is known, or it does not matter.
std::optional<double> exhaustion_risk(const campaigns::Campaign& campaign, const pools::Load& load,
                                      std::int64_t size, Timestamp now);

struct GetPool {
  static constexpr std::string_view operation = "GetPool";
  static constexpr std::string_view summary = "A website tracker's pool: how many numbers are in which state";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/campaigns/{campaign}/pool"};
  static constexpr Access access = needs("campaigns.read");
  WorkspaceId workspace;
  CampaignId campaign;
  BOOST_DESCRIBE_CLASS(GetPool, (), (workspace, campaign), (), ())

  struct States {
    std::int64_t available = 0, leased = 0, hold = 0, cooldown = 0, disabled = 0, overflow = 0, unhealthy = 0;
    RL_FIELDS(States, available, leased, hold, cooldown, disabled, overflow, unhealthy);
  };
  /// Of the hours of the last week by the most that was leased at once in each.
  struct Hours {
    Share p50, p95, p99;
    RL_FIELDS(Hours, p50, p95, p99);
  };
  /// From when a number was last shown until another visitor was lent it; percentiles up to a power of two.
  struct ReuseGap {
    std::int64_t count = 0, mean_s = 0, p10_s = 0, p50_s = 0;
    RL_FIELDS(ReuseGap, count, mean_s, p10_s, p50_s);
  };
  struct Answer {
    std::int64_t size = 0;
    States states;
    Share utilisation;       ///< leased of size
    Share peak_utilisation;  ///< the most that were ever leased at once, of today's size
    Hours hourly_utilisation;
    ReuseGap reuse_gap;
    std::int64_t sessions = 0, blocked = 0, risky = 0;
    Share blocked_ratio, risky_ratio;  ///< of sessions
    std::int64_t calls = 0, ambiguous_calls = 0;
    Share ambiguous_ratio;         ///< of calls: owed to one of several visitors, by what they were shown
    double offered_load = 0;       ///< numbers that would be taken on average, had everybody got one
    Share expected_blocked_ratio;  ///< by Erlang B
    bool too_small = false;        ///< more than 1 % blocked, or above 75 % in one hour of 20 (D.7)
    std::optional<Timestamp> last_lease_at;
    pools::Settings settings;
    RL_FIELDS(Answer, size, states, utilisation, peak_utilisation, hourly_utilisation, reuse_gap, sessions,
              blocked, risky, blocked_ratio, risky_ratio, calls, ambiguous_calls, ambiguous_ratio,
              offered_load, expected_blocked_ratio, too_small, last_lease_at, settings);
  };
};
Decision<GetPool::Answer> decide(const GetPool&, const Book&, const Context&);

}  // namespace ringledger
