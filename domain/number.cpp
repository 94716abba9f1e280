// How a number's state follows from its events.
#include "domain/number.hpp"

#include "domain/fold.hpp"

namespace ringledger::numbers {
namespace {

Routing routing_of(const Number& n) {
  if (n.status == Status::inactive) return Routing::inactive;
  if (n.campaign) return Routing::campaign;
  return n.untouched ? Routing::external : Routing::parking;
}

/// A new wish starts a new revision; so does the same wish after a failure (it is worth another try).
void want(Number& n, Wanted wanted) {
  if (wanted == n.wanted && n.provider_state != ProviderState::failed) return;
  n.wanted = std::move(wanted);
  ++n.wanted_revision;
  n.provider_state = ProviderState::pending;
  n.provider_error_code = 0;
  n.provider_error_message.clear();
}

void want_our_hooks(Number& n) {
  Wanted w = n.wanted;
  w.hooks = true;
  w.restore.reset();
  n.untouched = false;
  want(n, std::move(w));
}

Number on(const Imported& e, const std::optional<Number>& before, Timestamp at) {
  Number n;
  n.id = e.number;
  n.workspace = e.workspace;
  n.connection = e.connection;
  n.e164 = e.e164;
  n.sid = e.sid;
  n.country = e.country;
  n.area_code = e.area_code;
  n.number_type = e.number_type;
  n.capabilities = e.capabilities;
  n.origin = e.origin;
  n.label = e.label;
  n.untouched = !e.wanted.hooks;
  n.imported_hooks = e.actual.hooks;
  n.actual = e.actual;
  n.cnam_enabled = e.actual.voice_caller_id_lookup;
  n.cnam_state = n.cnam_enabled ? CnamState::on : CnamState::off;
  n.monthly_cost = e.monthly_cost;
  n.imported_at = at;
  n.last_checked_at = at;
  n.version = before ? before->version : 0;
  n.wanted_revision = n.synced_revision = before ? before->wanted_revision : 0;
  want(n, e.wanted);
  return n;
}

Number on(const TransferredIn& e, const std::optional<Number>& before, Timestamp at) {
  Number n;
  n.id = e.number;
  n.workspace = e.workspace;
  n.connection = e.connection;
  n.e164 = e.e164;
  n.sid = e.sid;
  n.country = e.country;
  n.area_code = e.area_code;
  n.number_type = e.number_type;
  n.capabilities = e.capabilities;
  n.origin = e.origin;
  n.label = e.label;
  n.status = e.status;
  n.cnam_enabled = e.cnam_enabled;
  n.cnam_state = e.cnam_state;
  n.imported_hooks = before ? before->imported_hooks : e.actual.hooks;
  n.actual = e.actual;
  n.monthly_cost = e.monthly_cost;
  n.imported_at = before ? before->imported_at : at;
  n.last_checked_at = at;
  n.version = before ? before->version : 0;
  n.wanted = e.wanted;
  n.wanted_revision = (before ? before->wanted_revision : 0) + 1;
  n.synced_revision = n.wanted_revision - 1;
  n.provider_state = ProviderState::pending;
  return n;
}

void on(Number& n, const Assigned& e) {
  n.campaign = e.campaign;
  want_our_hooks(n);
}
void on(Number& n, const Unassigned&) {
  n.campaign.reset();
  want_our_hooks(n);
}
void on(Number& n, const TransferredOut&) { n.campaign.reset(); }
void on(Number& n, const Renamed& e) {
  n.label = e.label;
  if (n.origin != Origin::twilio) return;  // a BYOT label is ours alone (LBL-03)
  Wanted w = n.wanted;
  w.friendly_name = e.label.value_or("");
  want(n, std::move(w));
}
void on(Number& n, const CnamToggled& e) {
  n.cnam_enabled = e.enabled;
  n.cnam_state = e.enabled ? CnamState::turning_on : CnamState::turning_off;
  n.cnam_error_code = 0;
  n.cnam_error_message.clear();
  Wanted w = n.wanted;
  w.cnam = e.enabled;
  want(n, std::move(w));
}
void on(Number& n, const Activated&) {
  n.status = Status::active;
  if (!n.untouched) return;
  Wanted w = n.wanted;  // deactivated while external: the hooks found at the import come back
  w.hooks = false;
  w.restore = n.imported_hooks;
  want(n, std::move(w));
}
void on(Number& n, const Deactivated&) {
  n.status = Status::inactive;
  Wanted w = n.wanted;  // to reject calls we must be asked; `untouched` stays, for Activated
  w.hooks = true;
  w.restore.reset();
  want(n, std::move(w));
}
void on(Number& n, const Deleted& e) {
  n.campaign.reset();
  n.live_session.reset();
  n.deleted = true;
  n.release_pending = e.release;
  n.status = Status::inactive;
  if (e.release)
    n.provider_state = ProviderState::release_pending;
  else if (n.provider_state == ProviderState::release_pending)
    n.provider_state = ProviderState::synced;  // given up
  n.provider_error_code = 0;
  n.provider_error_message.clear();
}
void on(Number& n, const Released&) {
  n.release_pending = false;
  n.provider_state = ProviderState::gone;
}
void on(Number& n, const ReleaseFailed& e) {
  n.provider_error_code = e.error_code;
  n.provider_error_message = e.error_message;
}
void on(Number& n, const ProviderSynced& e) {
  n.actual = e.actual;
  n.synced_revision = e.revision;
  if (e.revision != n.wanted_revision || n.deleted) return;
  n.provider_state = ProviderState::synced;
  n.provider_error_code = 0;
  n.provider_error_message.clear();
  if (n.cnam_state == CnamState::turning_on) n.cnam_state = CnamState::on;
  if (n.cnam_state == CnamState::turning_off) n.cnam_state = CnamState::off;
}
void on(Number& n, const ProviderFailed& e) {
  if (e.revision != n.wanted_revision || n.deleted) return;
  n.provider_state = e.gone ? ProviderState::gone : ProviderState::failed;
  n.provider_error_code = e.error_code;
  n.provider_error_message = e.error_message;
}
void on(Number& n, const CnamRefused& e) {
  if (e.revision != n.wanted_revision) return;  // asked anew meanwhile
  n.cnam_enabled = false;
  n.cnam_state = CnamState::refused;
  n.cnam_error_code = e.error_code;
  n.cnam_error_message = e.error_message;
  n.wanted.cnam.reset();
}

template <class E>
inline constexpr bool by_provider =
    std::is_same_v<E, ProviderSynced> || std::is_same_v<E, ProviderFailed> ||
    std::is_same_v<E, CnamRefused> || std::is_same_v<E, Released> || std::is_same_v<E, ReleaseFailed>;

}  // namespace

std::optional<Number> evolve(std::optional<Number> state, const Event& event, Timestamp at) {
  return std::visit(
      [&]<class E>(const E& e) -> std::optional<Number> {
        if constexpr (std::is_same_v<E, Imported> || std::is_same_v<E, TransferredIn>) {
          state = on(e, state, at);
        } else {
          if (!state) return std::nullopt;
          on(*state, e);
        }
        if constexpr (by_provider<E>) {
          state->last_checked_at = at;
        } else {
          ++state->version;
        }
        state->routing = routing_of(*state);
        return std::move(state);
      },
      event);
}

}  // namespace ringledger::numbers
