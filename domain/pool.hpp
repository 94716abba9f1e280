// The numbers a website tracker lends, and in what state each is (../shared/spec/number-pools.md D.2). A pool
// has no events of its own: its numbers are those assigned to its campaign, their states follow from what
// happens to numbers, sessions and calls.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "domain/erlang.hpp"
#include "domain/number.hpp"
#include "domain/visitor_session.hpp"

namespace ringledger::pools {

/// `cooldown`: it left another campaign a short while ago, whose visitors may still call it.
BOOST_DEFINE_ENUM_CLASS(State, available, leased, hold, cooldown, disabled, overflow, unhealthy)
inline constexpr std::size_t states = 7;
BOOST_DEFINE_ENUM_CLASS(Use, free, leased, hold)

/// One number as pools see it; it keeps `last_used` when it goes from one pool to another.
struct PoolNumber {
  NumberId id;
  E164 e164;
  std::optional<CampaignId> campaign;  ///< whose pool it is in
  bool enabled = true;                 ///< active, and not being drained
  bool healthy = true;                 ///< calls to it reach us, as far as the provider told
  bool fallback = false;  ///< it is its pool's own fallback number: shown to many, leased to none
  Use use{};
  std::optional<SessionId> session;  ///< who sees it (leased) or may still call (hold)
  Timestamp leased_at, since;        ///< since: of `use`
  Timestamp hold_until;
  Timestamp last_used;                  ///< when it was last shown to a visitor it was leased to; 0: never
  std::int64_t live_calls = 0;          ///< in progress on it: it is not leased to anybody else meanwhile
  std::int64_t showings = 0;            ///< so far, of leases and of overflow
  std::int64_t member = 0;              ///< its place among its pool's numbers
  std::optional<CampaignId> left;       ///< the last campaign it left, of whatever type
  std::optional<Timestamp> left_at;     ///< when that was
  std::optional<Timestamp> cool_until;  ///< nobody is lent it before; of the next lease's pool
  RL_FIELDS(PoolNumber, id, e164, campaign, enabled, healthy, fallback, use, session, leased_at, since,
            hold_until, last_used, live_calls, showings, member, left, left_at, cool_until);
};
/// As far as events tell: a cooldown that is over lasts until the next lease (`is_cool_by`).
State state_of(const PoolNumber& number);

/// The queues that leases are taken from: free numbers, the one unused for longest first; numbers on hold,
/// the oldest hold first; cooling ones, the first to be over first; ties by E.164.
enum class Queue : char { free = 'f', hold = 'h', cooling = 'c' };
struct Waiting {
  Queue queue{};
  Timestamp since;  ///< what the queue is ordered by
  friend bool operator==(const Waiting&, const Waiting&) = default;
};
/// nullopt: nobody can be given it now.
std::optional<Waiting> waiting_of(const PoolNumber& number);
/// Nobody's call from another campaign is to be feared any more.
inline bool is_cool_by(const PoolNumber& number, Timestamp now) {
  return !number.cool_until || *number.cool_until <= now;
}

/// It was in no pool, shown to nobody, and is not called: the same as no row.
inline bool tells_nothing(const PoolNumber& n) {
  return !n.campaign && !n.left && n.showings == 0 && n.live_calls == 0 && n.last_used == Timestamp{};
}

/// Where a number stands, from the number itself. `pool`: its campaign's settings, when that has one.
void follow(PoolNumber& state, const numbers::Number& number, const std::optional<Settings>& pool);
/// It was taken out of a campaign.
void leave_campaign(PoolNumber& state, CampaignId campaign, Timestamp at);
/// What a session does to its number. REQUIRES: the event names it.
void evolve(PoolNumber& state, const sessions::Event& event, Timestamp at);

/// One pool: how many of its numbers are in which state, and what has been asked of it.
struct Pool {
  std::int64_t available = 0, leased = 0, hold = 0, cooldown = 0, disabled = 0, overflow = 0, unhealthy = 0;
  std::int64_t free_queue = 0, hold_queue = 0;  ///< lengths
  std::int64_t size = 0;                        ///< numbers in it
  std::int64_t shared = 0;                      ///< times one of its numbers was shown beside its lease
  std::int64_t sessions = 0, blocked = 0, risky = 0, most_leased = 0;
  std::optional<Timestamp> last_lease_at;
  Load load;
  std::optional<std::int64_t> cooling_queue;  ///< length; absent: 0
  RL_FIELDS(Pool, available, leased, hold, cooldown, disabled, overflow, unhealthy, free_queue, hold_queue,
            size, shared, sessions, blocked, risky, most_leased, last_lease_at, load, cooling_queue);
  std::int64_t& of(State state);
  std::int64_t& length_of(Queue queue);
  /// Leased of size.
  [[nodiscard]] Share utilisation() const {
    return size > 0 ? Share::of(std::min(leased, size), size) : Share{};
  }
};

}  // namespace ringledger::pools
