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

/// nullopt: it comes from nowhere else, or the pool wants no cooldown.
std::optional<Timestamp> cooling_until(const PoolNumber& n, CampaignId campaign, const Settings& pool) {
  auto seconds = pool.cooldown_s.value_or(0);
  bool came = n.left && n.left_at && *n.left != campaign;
  return came && seconds > 0 ? std::optional(Timestamp{n.left_at->ms + seconds * 1000}) : std::nullopt;
}

}  // namespace

State state_of(const PoolNumber& n) {
  if (n.use == Use::leased) return State::leased;
  if (n.use == Use::hold) return State::hold;
  if (n.fallback) return State::overflow;
  if (!n.enabled) return State::disabled;
  if (!n.healthy) return State::unhealthy;
  return n.cool_until ? State::cooldown : State::available;
}

std::optional<Waiting> waiting_of(const PoolNumber& n) {
  bool lendable = n.campaign && n.enabled && n.healthy && !n.fallback && n.live_calls == 0;
  if (!lendable || n.use == Use::leased) return std::nullopt;
  if (n.use == Use::hold) return Waiting{Queue::hold, n.since};
  if (n.cool_until) return Waiting{Queue::cooling, *n.cool_until};
  return Waiting{Queue::free, n.last_used};
}

void follow(PoolNumber& state, const numbers::Number& n, const std::optional<Settings>& pool) {
  using numbers::ProviderState;
  state.id = n.id;
  state.e164 = n.e164;
  auto campaign = pool ? n.campaign : std::nullopt;
  if (state.campaign != campaign) {
    leave(state, state.since);  // what used it was released before
    state.cool_until = pool ? cooling_until(state, *n.campaign, *pool) : std::nullopt;
  }
  state.campaign = campaign;
  state.enabled = n.status == numbers::Status::active && !n.draining;
  state.healthy = n.provider_state != ProviderState::failed && n.provider_state != ProviderState::gone;
  state.fallback = pool && pool->fallback_number == n.e164;
}

void leave_campaign(PoolNumber& state, CampaignId campaign, Timestamp at) {
  if (!is_cool_by(state, at)) return;  // who saw it in the one before may still call
  state.left = campaign;
  state.left_at = at;
}

void evolve(PoolNumber& n, const sessions::Event& event, Timestamp at) {
  std::visit(
      Overload{[&](const sessions::NumberLeased& e) {
                 bool goes_on = n.session == e.session;
                 n.use = Use::leased;
                 n.session = e.session;
                 n.since = at;
                 n.cool_until.reset();
                 if (!goes_on) n.leased_at = at;
               },
               [&](const sessions::LeaseHeld& e) { go_on_hold(n, e.deadline, e.hold_until, at); },
               [&](const sessions::LeaseReleased& e) {
                 e.hold_until ? go_on_hold(n, at, *e.hold_until, at) : leave(n, at);
               },
               [&](const sessions::LeaseExpired&) { leave(n, at); }, [](const sessions::OverflowShown&) {},
               [](const sessions::Started&) {}, [](const sessions::TouchAdded&) {},
               [](const sessions::Ended&) {}, [](const sessions::Forgotten&) {}},
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

std::int64_t& Pool::length_of(Queue queue) {
  switch (queue) {
    case Queue::free:
      return free_queue;
    case Queue::hold:
      return hold_queue;
    case Queue::cooling:
      break;
  }
  if (!cooling_queue) cooling_queue = 0;
  return *cooling_queue;
}

}  // namespace ringledger::pools
