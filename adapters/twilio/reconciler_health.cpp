// What the Reconciler makes known of a failing provider: the connection's health, the number that waits.
#include <algorithm>
#include <utility>

#include "adapters/twilio/reconciler_core.hpp"

namespace ringledger {
namespace {

using State = connections::State;

void no_one_waits(bool) {}

}  // namespace

std::optional<ConnectionRow> Reconciler::Core::connection_of(const Sight& sight, WorkspaceId workspace,
                                                             ConnectionId id) const {
  auto row = find_connection(sight.of<ConnectionsView>(), workspace, id);
  return row ? std::move(*row) : std::nullopt;
}

bool Reconciler::Core::renewed(const ConnectionRow& before) const {
  auto now = connection_of(x_ports.sight(), before.workspace, before.id);
  return now && now->version != before.version;
}

/// Wrong credentials or a suspended account. What older credentials came to says nothing of newer ones.
void Reconciler::Core::account_failed(const Turn& turn, const CarrierFailure& failure) {
  bool wrong = failure.kind == CarrierFailure::Kind::invalid_credentials;
  std::string_view metric = wrong ? "invalid_credentials" : "suspended";
  if (turn.connection && renewed(*turn.connection)) return ended_badly(turn.job, metric);
  tell_health(turn, wrong ? State::invalid_credentials : State::suspended, failure);
  if (turn.connection) watch(turn.job.place, *turn.connection);
  auto retry_after_ms = std::int64_t{failure.retry_after_s} * 1000;
  ended_badly(turn.job, metric, std::max(retry_after_ms, x_options.max_backoff_ms));
}

/// The key names what is known of the connection so far: calls that find the same tell it once.
void Reconciler::Core::tell_health(const Turn& turn, State state, const CarrierFailure& told) {
  const auto& con = turn.connection;
  if (!con || con->state == state) return;
  RecordProviderOutcome o;
  o.workspace = con->workspace;
  o.connection = con->id;
  o.health = state;
  o.connection_version = con->version;
  if (state != State::active) o.refused = told.error;
  o.request_id = told.request_id;
  auto known = std::to_string(con->version) + "/" + std::to_string(con->verified_at.value_or(Timestamp{}).ms);
  auto key =
      "connection/" + con->id.to_string() + "/" + known + "/" + std::to_string(static_cast<int>(state));
  x_ports.record(turn.job.place.account, std::move(o), std::move(key), turn.wish, no_one_waits);
}

/// It stays pending and is tried on; from now on it shows why.
void Reconciler::Core::tell_delay(const Turn& turn, const CarrierFailure& failure) {
  const auto& n = turn.number;
  std::int64_t tries = 0;
  {
    std::lock_guard lock(x_mutex);
    tries = ++x_tries[{turn.job.place.account, n.id}];
  }
  bool shown = n.provider_error_code == failure.error.code && !n.provider_error_message.empty();
  if (tries <= x_options.tries_unseen || shown) return;
  RecordProviderOutcome o;
  o.workspace = n.workspace;
  o.number = n.id;
  o.connection = n.connection;
  o.revision = n.wanted_revision;
  o.delayed = failure.error;
  if (o.delayed->message.empty()) o.delayed->message = "The provider did not answer.";
  o.tries = tries;
  o.request_id = failure.request_id;
  auto key = "reconcile/" + n.id.to_string() + "/" + std::to_string(n.wanted_revision) + "/delayed/" +
             std::to_string(failure.error.code);
  x_ports.record(turn.job.place.account, std::move(o), std::move(key), turn.wish, no_one_waits);
}

/// Looks each second of a pause whether the connection has new credentials.
void Reconciler::Core::watch(const SyncPlace& place, const ConnectionRow& before) {
  {
    std::lock_guard lock(x_mutex);
    if (std::exchange(x_lines[place].watched, true)) return;
  }
  look_later(place, before);
}

void Reconciler::Core::look_later(const SyncPlace& place, const ConnectionRow& before) {
  x_ports.pool.post_after(x_options.self_wake_ms, [weak = weak_from_this(), place, before] {
    if (auto self = weak.lock()) self->look_for_renewal(place, before);
  });
}

void Reconciler::Core::look_for_renewal(const SyncPlace& place, const ConnectionRow& before) {
  {
    std::lock_guard lock(x_mutex);
    auto line = x_lines.find(place);
    if (x_stopping || line == x_lines.end()) return;
    line->second.watched = x_ports.clock.monotonic_ms() < line->second.not_before;
    if (!line->second.watched) return;
  }
  if (!renewed(before)) return look_later(place, before);
  {
    std::lock_guard lock(x_mutex);
    auto& line = x_lines[place];
    line.watched = false;
    line.not_before = 0;
    line.failures = 0;
    ++line.round;  // tries under way were made with the old ones
  }
  wake();
}

}  // namespace ringledger
