// Visits of Website, the tracker among the samples, and calls to the numbers that were lent.
#pragma once

#include <algorithm>

#include "commands/call.hpp"
#include "commands/visitor_session.hpp"
#include "tests/support/scenario.hpp"

namespace ringledger::testing {

using sessions::LeaseReason;
inline const E164 desk{"+12125550199"};
inline constexpr std::int64_t second = 1000, minute = 60 * second;

/// The first `size` numbers of the inventory in Website's pool, taken in from the last to the first.
inline World pool_of(unsigned size, pools::Settings settings = {}) {
  auto w = given(acme());
  campaigns::Updated set{site, dental, {}, {}, {}, false};
  set.pool = settings;
  w.happened({set});
  for (unsigned i = size; i > 0; --i) {
    w.happened({imported(id<NumberId>(100 + i), i)});
    w.happened({assigned(id<NumberId>(100 + i), site)});
  }
  return w;
}
inline NumberId nth(unsigned i) { return id<NumberId>(100 + i); }

inline StartVisitorSession visit(const std::string& key, const std::string& visitor = "") {
  StartVisitorSession c;
  c.campaign = site;
  c.session_key = {key};
  if (!visitor.empty()) c.visitor = Text<200>{visitor};
  c.landing_url = Text<2048>{"https://shop.example/spring?utm_source=search"};
  c.utm = {{"source", "search"}};
  return c;
}
/// Starts a visit and answers what it was given.
inline VisitResult starts(World& w, const StartVisitorSession& c, Where at = Where::current()) {
  auto outcome = w.when(c, {}, at);
  REQUIRE(outcome.decision());
  REQUIRE(w.happened(outcome.decision()->events, at));
  return outcome.decision()->result;
}
inline LapseSession lapses(SessionId s, Timestamp seen, Timestamp deadline) { return {s, seen, deadline}; }
/// No heartbeat came since now: it goes on hold, as the timer would have it.
inline void goes_silent(World& w, SessionId s) {
  auto seen = w.now;
  w.now.ms += 150 * second;
  REQUIRE(w.does(lapses(s, seen, w.now)));
}
/// Its hold ends.
inline void is_over(World& w, SessionId s) {
  REQUIRE(w.row<sessions::Session>(s));
  auto until = w.row<sessions::Session>(s)->hold_until;
  w.now = std::max(w.now, until);
  REQUIRE(w.does(lapses(s, until, until)));
}
inline std::string shown(const VisitResult& r) { return r.number ? r.number->e164.text : ""; }
inline const pools::Pool& pool(const World& w) { return *w.row<pools::Pool>(site); }
inline LeaseReason reason_of(const std::vector<Event>& events) {
  for (const auto& e : events) {
    if (const auto* leased = std::get_if<sessions::NumberLeased>(&e)) return leased->reason;
  }
  FAIL("nothing was leased");
  return {};
}
inline CallReport ringing(unsigned number, const std::string& sid = "CA1") {
  CallReport r;
  r.provider_sid = sid;
  r.from =
      "+1212555" + std::to_string(10'000 + std::hash<std::string>()(sid) % 10'000).substr(1);  // each its own
  r.to = phone(number).text;
  r.status = "ringing";
  return r;
}
inline attribution::Snapshot call(World& w, unsigned number, const std::string& sid = "CA1") {
  auto outcome = w.when(ReceiveCall{dental_twilio, ringing(number, sid)});
  REQUIRE(outcome.decision());
  w.happened(outcome.decision()->events);
  return one<calls::Attributed>(outcome.decision()->events).attribution;
}

}  // namespace ringledger::testing
