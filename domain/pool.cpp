#include "domain/pool.hpp"

#include "domain/fold.hpp"

namespace ringledger::pools {
namespace {

void leave(PoolNumber& n, Timestamp at) {
  if (n.use == Use::leased) n.last_used = at;
  n.use = Use::free;
  n.session.reset();
  n.since = at;
}
void go_on_hold(PoolNumber& n, Timestamp shown_until, Timestamp hold_until, Timestamp at) {
  if (n.use == Use::leased) n.last_used = shown_until;
  n.use = Use::hold;
  n.since = at;
  n.hold_until = hold_until;
}

}  // namespace

State state_of(const PoolNumber& n) {
  if (n.use == Use::leased) return State::leased;
  if (n.use == Use::hold) return State::hold;
  if (n.fallback) return State::overflow;
  if (!n.enabled) return State::disabled;
  return n.healthy ? State::available : State::unhealthy;
}

std::optional<Waiting> waiting_of(const PoolNumber& n) {
  bool lendable = n.campaign && n.enabled && n.healthy && !n.fallback && n.live_calls == 0;
  if (!lendable || n.use == Use::leased) return std::nullopt;
  if (n.use == Use::hold) return Waiting{Queue::hold, n.since};
  return Waiting{Queue::free, n.last_used};
}

void follow(PoolNumber& state, const numbers::Number& n, bool in_pool, const std::optional<E164>& fallback) {
  using numbers::ProviderState;
  state.id = n.id;
  state.e164 = n.e164;
  auto campaign = in_pool ? n.campaign : std::nullopt;
  if (state.campaign != campaign) leave(state, state.since);  // what used it was released before
  state.campaign = campaign;
  state.enabled = n.status == numbers::Status::active && !n.draining;
  state.healthy = n.provider_state != ProviderState::failed && n.provider_state != ProviderState::gone;
  state.fallback = in_pool && fallback == n.e164;
}

void evolve(PoolNumber& n, const sessions::Event& event, Timestamp at) {
  std::visit(Overload{[&](const sessions::NumberLeased& e) {
                        bool goes_on = n.session == e.session;
                        n.use = Use::leased;
                        n.session = e.session;
                        n.since = at;
                        if (!goes_on) n.leased_at = at;
                      },
                      [&](const sessions::LeaseHeld& e) { go_on_hold(n, e.deadline, e.hold_until, at); },
                      [&](const sessions::LeaseReleased& e) {
                        e.hold_until ? go_on_hold(n, at, *e.hold_until, at) : leave(n, at);
                      },
                      [&](const sessions::LeaseExpired&) { leave(n, at); },
                      [](const sessions::OverflowShown&) {}, [](const sessions::Started&) {},
                      [](const sessions::TouchAdded&) {}, [](const sessions::Ended&) {}},
             event);
}

std::int64_t& Pool::of(State state) {
  switch (state) {
    case State::available:
      return available;
    case State::leased:
      return leased;
    case State::hold:
      return hold;
    case State::cooldown:
      return cooldown;
    case State::disabled:
      return disabled;
    case State::overflow:
      return overflow;
    case State::unhealthy:
      return unhealthy;
  }
  return available;
}

}  // namespace ringledger::pools
