// The book's rows of pools. A decision reads a handful of them, however many numbers the pool has: the queues
// that leases are taken from are heaps of one row a seat, so that the front is one row, and whatever joins,
// leaves or moves touches as many rows as the heap is deep.
#pragma once

#include <array>

#include "domain/attribution.hpp"
#include "domain/pool.hpp"
#include "domain/pool_figures.hpp"

namespace ringledger {

/// A seat of a queue. Named by campaign, queue and index; the front is index 0.
struct QueueSeat {
  NumberId number;
  Timestamp since;
  E164 e164;
  RL_FIELDS(QueueSeat, number, since, e164);
};
/// Where a number waits. Named by the number.
struct QueuePlace {
  std::int64_t index = 0;
  RL_FIELDS(QueuePlace, index);
};
/// The numbers of a pool, in no order and without gaps. Named by campaign and index.
struct PoolMember {
  NumberId number;
  RL_FIELDS(PoolMember, number);
};
/// A session that lives, by its page's name for it. Named by campaign and session key.
struct SessionByKey {
  SessionId session;
  RL_FIELDS(SessionByKey, session);
};
/// What a visitor was lent, for as long as that is among the number's remembered showings, the newest last.
/// All of it, so that what an erasure takes of it leaves what a fold without the erased visits has. Named by
/// campaign and visitor.
struct VisitorNumbers {
  struct Lent {
    NumberId number;
    SessionId session;
    Timestamp at;
    RL_FIELDS(Lent, number, session, at);
  };
  std::vector<Lent> lent;
  RL_FIELDS(VisitorNumbers, lent);
};
/// One of the newest showings of a number, in whatever campaign. Named by number and place in the ring.
struct RememberedShowing {
  attribution::Showing showing;
  Personal<std::string> visitor;
  RL_FIELDS(RememberedShowing, showing, visitor);
};
/// The numbers whose remembered showings were to this session, once for each. Named by session.
struct ShownTo {
  std::vector<NumberId> numbers;
  RL_FIELDS(ShownTo, numbers);
};
/// That a call is owed to the session: it is kept for as long as the call's person. Named by session.
struct SessionOfCall {
  CallId call;
  RL_FIELDS(SessionOfCall, call);
};
/// Showings of one number that are remembered; of more visitors than that nobody can say who called.
inline constexpr std::int64_t remembered_showings = 32;
/// A visitor is given the same number again, when it is free.
inline constexpr std::int64_t sticky_ms = 30LL * 24 * 3600 * 1000;

/// A queue is a heap with four seats below each: rows are what it costs, so it is flat.
inline constexpr std::int64_t seats_below_each = 4;
inline std::array<std::int64_t, seats_below_each> seats_below(std::int64_t seat) {
  auto first = seat * seats_below_each + 1;
  return {first, first + 1, first + 2, first + 3};
}
inline std::int64_t seat_above(std::int64_t seat) { return (seat - 1) / seats_below_each; }

std::string seat_name(CampaignId campaign, pools::Queue queue, std::int64_t index);
std::string member_name(CampaignId campaign, std::int64_t index);
std::string page_name(CampaignId campaign, const std::string& text);  ///< of session keys and visitors
/// `index`: of all the number's showings so far; the ring has the newest.
std::string showing_name(NumberId number, std::int64_t index);

}  // namespace ringledger
