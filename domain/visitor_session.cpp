#include "domain/visitor_session.hpp"

namespace ringledger::sessions {
namespace {

using State = std::optional<Session>;

void leave_number(Session& s) {
  s.phase = Phase::waiting;
  s.number.reset();
  s.shown.reset();
  s.risky = false;
}
State unless_over(Session s) {
  leave_number(s);
  return s.over ? State() : State(std::move(s));
}

State on(Session s, const TouchAdded&) { return s; }
State on(Session s, const NumberLeased& e) {
  s.phase = Phase::leased;
  s.number = e.number;
  s.shown = e.e164;
  s.risky = e.reason == LeaseReason::risky || (e.reason == LeaseReason::returning && s.risky);
  return s;
}
State on(Session s, const LeaseHeld& e) {
  s.phase = Phase::hold;
  s.hold_until = e.hold_until;
  return s;
}
State on(Session s, const LeaseReleased& e) {
  if (!e.hold_until) return unless_over(std::move(s));
  s.phase = Phase::hold;
  s.hold_until = *e.hold_until;
  return s;
}
State on(const Session&, const LeaseExpired&) { return std::nullopt; }
State on(Session s, const OverflowShown& e) {
  s.phase = Phase::overflow;
  s.number = e.number;
  s.shown = e.e164;
  s.policy = e.policy;
  s.risky = false;
  return s;
}
State on(Session s, const Ended&) {
  s.over = true;
  return s.phase == Phase::hold ? State(std::move(s)) : State();
}
State on(Session s, const Forgotten&) { return s; }

}  // namespace

std::vector<std::string> Forgotten::subjects() const {
  std::vector<std::string> all;
  for (auto session : sessions) all.push_back(session.to_string());
  return all;
}

std::optional<Session> evolve(std::optional<Session> state, const Event& event, Timestamp at) {
  return std::visit(
      [&]<class E>(const E& e) -> State {
        if constexpr (std::is_same_v<E, Started>) {
          Session s;
          s.id = e.session;
          s.workspace = e.workspace;
          s.campaign = e.campaign;
          s.session_key = e.session_key;
          s.visitor = e.visitor;
          s.started_at = at;
          return s;
        } else {
          return state ? on(std::move(*state), e) : State();
        }
      },
      event);
}

}  // namespace ringledger::sessions
