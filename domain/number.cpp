// How a number's state follows from its events.
#include "domain/number.hpp"

#include <algorithm>

#include "domain/fold.hpp"

namespace ringledger::numbers {
namespace {

Routing routing_of(const Number& n) {
  if (n.status == Status::inactive) return Routing::inactive;
  if (n.campaign) return Routing::campaign;
  return n.untouched ? Routing::external : Routing::parking;
}

void want_anew(Number& n) {
  ++n.wanted_revision;
  n.provider_state = ProviderState::pending;
  n.provider_error_code = 0;
  n.provider_error_message.clear();
}

/// A new wish starts a new revision; so does the same wish after a failure (it is worth another try).
void want(Number& n, Wanted wanted) {
  if (wanted == n.wanted && !n.given_up()) return;
  n.wanted = std::move(wanted);
  want_anew(n);
}

void want_our_hooks(Number& n) {
  Wanted w = n.wanted;
  w.hooks = true;
  w.restore.reset();
  n.untouched = false;
  want(n, std::move(w));
}

/// CNAM is what the provider shows, not what was asked for.
void settle_cnam(Number& n) {
  n.cnam_enabled = n.actual.voice_caller_id_lookup;
  if (n.cnam_state == CnamState::refused) return;
  n.cnam_state = n.cnam_enabled ? CnamState::on : CnamState::off;
}

/// Our voice URL names its connection; application and trunk would override it.
bool reach_us_by(const ProviderHooks& hooks, ConnectionId connection) {
  return hooks.voice_url.find(connection.to_string()) != std::string::npos &&
         hooks.voice_application_sid.empty() && hooks.trunk_sid.empty();
}

Number on(const Imported& e, const std::optional<Number>& before, Timestamp at) {
  bool ours = reach_us_by(e.actual.hooks, e.connection);  // left by an earlier life here (DEL-02)
  bool once_ours = ours || (before && reach_us_by(e.actual.hooks, before->connection));
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
  n.untouched = !e.wanted.hooks && !once_ours;
  n.imported_hooks = before && once_ours ? before->imported_hooks : e.actual.hooks;
  n.actual = e.actual;
  n.cnam_enabled = e.actual.voice_caller_id_lookup;
  n.cnam_state = n.cnam_enabled ? CnamState::on : CnamState::off;
  n.monthly_cost = e.monthly_cost;
  n.imported_at = at;
  n.last_checked_at = at;
  n.version = before ? before->version : 0;
  n.wanted_revision = n.synced_revision = before ? before->wanted_revision : 0;
  Wanted w = e.wanted;
  if (once_ours) {
    n.wanted.hooks = ours && !e.wanted.hooks;  // there already
    w.hooks = true;
    w.shadow = false;
  }
  want(n, std::move(w));
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
void on(Number& n, const DrainStarted& e) {
  n.draining = true;
  n.drain_acknowledged = e.acknowledged;
}
void on(Number&, const DrainCancelled&) {}
void on(Number& n, const Renamed& e) {
  n.label = e.label;
  if (n.origin != Origin::twilio) return;  // a BYOT label is ours alone (LBL-03)
  Wanted w = n.wanted;
  w.friendly_name = e.label.value_or("");
  want(n, std::move(w));
}
void on(Number& n, const InboundCountriesSet& e) {
  n.inbound_countries = e.countries;
  n.allow_unknown_caller = e.allow_unknown_caller;
}
void on(Number& n, const OutboundCountriesSet& e) { n.outbound_countries = e.countries; }
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
  Wanted w = n.wanted;
  if (n.untouched && n.status == Status::inactive) {  // external: the hooks found at the import come back
    w.hooks = false;
    w.restore = n.imported_hooks;
  }
  n.status = Status::active;
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
  n.deleted = true;
  n.release_pending = e.release;
  n.release_refused = false;
  n.status = Status::inactive;
  if (e.release) {
    n.provider_state = ProviderState::release_pending;
    ++n.wanted_revision;
  } else if (n.provider_state == ProviderState::release_pending) {
    n.provider_state = ProviderState::synced;  // given up
  }
  n.provider_error_code = 0;
  n.provider_error_message.clear();
}
void on(Number& n, const Released&) {
  n.release_pending = false;
  n.provider_state = ProviderState::gone;
}
void on(Number& n, const ReleaseFailed& e) {
  n.release_refused = true;
  n.provider_error_code = e.error_code;
  n.provider_error_message = e.error_message;
}
void on(Number& n, const ProviderSynced& e) {
  n.actual = e.actual;
  n.synced_revision = e.revision;
  n.written = {};
  if (e.revision != n.wanted_revision || n.deleted) return;
  n.written = n.wanted;
  n.provider_state = ProviderState::synced;
  n.provider_error_code = 0;
  n.provider_error_message.clear();
  settle_cnam(n);
}
void on(Number& n, const ProviderFailed& e) {
  n.written = {};
  if (e.actual) n.actual = *e.actual;
  if (e.revision != n.wanted_revision || n.deleted) return;
  n.provider_state = e.gone ? ProviderState::gone : ProviderState::failed;
  n.provider_error_code = e.error_code;
  n.provider_error_message = e.error_message;
  settle_cnam(n);
}
void on(Number& n, const ProviderDelayed& e) {
  if (e.revision != n.wanted_revision) return;
  n.provider_error_code = e.error_code;
  n.provider_error_message = e.error_message;
}
void on(Number& n, const CnamRefused& e) {
  if (e.revision != n.wanted_revision) return;  // asked anew meanwhile
  n.cnam_enabled = n.actual.voice_caller_id_lookup;
  n.cnam_state = CnamState::refused;
  n.cnam_error_code = e.error_code;
  n.cnam_error_message = e.error_message;
  n.wanted.cnam.reset();
}

void on(Number& n, const HooksOutdated&) {
  if (!n.deleted) want_anew(n);
}

/// No news of what is there, and nothing that people configured.
template <class E>
inline constexpr bool only_waits = std::is_same_v<E, ProviderDelayed> || std::is_same_v<E, HooksOutdated>;
template <class E>
inline constexpr bool by_provider =
    std::is_same_v<E, ProviderSynced> || std::is_same_v<E, ProviderFailed> ||
    std::is_same_v<E, CnamRefused> || std::is_same_v<E, Released> || std::is_same_v<E, ReleaseFailed>;

/// It goes, or is to stay.
template <class E>
inline constexpr bool ends_drain =
    std::is_same_v<E, Assigned> || std::is_same_v<E, Unassigned> || std::is_same_v<E, TransferredOut> ||
    std::is_same_v<E, Deleted> || std::is_same_v<E, DrainCancelled>;
/// A number that came from elsewhere is ours from then on.
void note_hooks(Number& n, Timestamp at) {
  if (!n.wanted.hooks)
    n.hooked_at.reset();
  else if (!n.hooked_at)
    n.hooked_at = at;
}
void stop_draining(Number& n) {
  n.draining = false;
  n.drain_acknowledged.clear();
}

}  // namespace

bool takes_calls_from(const Number& n, const std::string& country) {
  if (country.empty()) return n.allow_unknown_caller;
  return n.inbound_countries.empty() || std::ranges::binary_search(n.inbound_countries, country);
}

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
        } else if constexpr (!only_waits<E>) {
          ++state->version;
        }
        if constexpr (ends_drain<E>) stop_draining(*state);
        note_hooks(*state, at);
        state->routing = routing_of(*state);
        return std::move(state);
      },
      event);
}

}  // namespace ringledger::numbers
