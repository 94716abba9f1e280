#include "adapters/twilio/reconciler_attempt.hpp"

#include <array>
#include <utility>

#include "adapters/twilio/hooks.hpp"

namespace ringledger {
namespace {

using Kind = CarrierFailure::Kind;

RecordProviderOutcome outcome_of(const numbers::Number& n) {
  RecordProviderOutcome o;
  o.workspace = n.workspace;
  o.number = n.id;
  o.connection = n.connection;
  o.revision = n.wanted_revision;
  return o;
}

Attempt recorded(const numbers::Number& n, std::string_view metric, RecordProviderOutcome outcome) {
  auto key = "reconcile/" + n.id.to_string() + "/" + std::to_string(n.wanted_revision) + "/";
  key += metric;
  return {.outcome = std::move(outcome), .natural_key = std::move(key), .metric = metric, .again = {}};
}

Attempt later(CarrierFailure failure) {
  return {.outcome = {}, .natural_key = {}, .metric = {}, .again = std::move(failure)};
}

/// A release has no revision; each time it is asked for is a version of the number.
Attempt release_recorded(const numbers::Number& n, std::string_view metric, RecordProviderOutcome outcome) {
  auto attempt = recorded(n, metric, std::move(outcome));
  attempt.natural_key += "/" + std::to_string(n.version);
  return attempt;
}

Attempt synced(const numbers::Number& n, std::string_view metric, numbers::ProviderSettings actual,
               std::optional<ProviderError> cnam_refused = {}) {
  auto o = outcome_of(n);
  o.actual = std::move(actual);
  o.replaced = n.actual;
  o.cnam_refused = std::move(cnam_refused);
  return recorded(n, metric, std::move(o));
}

/// What was refused is read back as text: it must never be without one.
ProviderError reason_of(const CarrierFailure& failure) {
  auto error = failure.error;
  if (error.message.empty()) error.message = "The provider refused and gave no reason.";
  return error;
}

/// Every failure but a refusal, for an update.
Attempt not_refused(const numbers::Number& n, CarrierFailure failure) {
  if (failure.kind != Kind::gone) return later(std::move(failure));
  auto o = outcome_of(n);
  o.gone = true;
  o.refused = reason_of(failure);
  return recorded(n, "gone", std::move(o));
}

bool is_refusal(const CarrierFailure& failure) {
  return failure.kind == Kind::refused && !concerns_account(failure);
}

/// Hooks, label, CNAM; groups without a field are empty updates.
std::array<ProviderUpdate, 3> groups_of(const ProviderUpdate& whole) {
  std::array<ProviderUpdate, 3> parts;
  parts[0] = whole;
  parts[0].friendly_name.reset();
  parts[0].voice_caller_id_lookup.reset();
  parts[1].friendly_name = whole.friendly_name;
  parts[2].voice_caller_id_lookup = whole.voice_caller_id_lookup;
  return parts;
}

/// While the last known `actual` is that of the wish just before, only this very wish can have been
/// sent since, so what differs is all there is to do. Past that a wish in between may have been sent
/// without its outcome being known (no answer, a crash): then everything wanted is set again.
ProviderUpdate update_for(const numbers::Number& n, std::string_view base) {
  bool certain = n.wanted_revision - n.synced_revision <= 1;
  return certain ? difference(n, base) : wanted_settings(n, base);
}

/// The groups one by one, after they were refused together.
Attempt group_by_group(const numbers::Number& n, const std::array<ProviderUpdate, 3>& parts,
                       const AttemptMeans& means) {
  auto actual = n.actual;
  std::optional<ProviderError> refused, cnam_refused;
  for (const auto& part : parts) {
    if (is_empty(part)) continue;
    if (!means.go_on()) return {};
    auto answer = means.carrier.update_number(means.credentials, n.sid, part);
    if (answer) {
      actual = std::move(answer->settings);
    } else if (!is_refusal(answer.error())) {
      return not_refused(n, std::move(answer.error()));
    } else if (part.voice_caller_id_lookup) {
      cnam_refused = reason_of(answer.error());
    } else if (!refused) {
      refused = reason_of(answer.error());
    }
  }
  std::string_view metric = cnam_refused ? "cnam_refused" : "synced";
  if (!refused) return synced(n, metric, std::move(actual), std::move(cnam_refused));
  auto o = outcome_of(n);
  o.refused = std::move(refused);
  o.cnam_refused = std::move(cnam_refused);
  return recorded(n, "refused", std::move(o));
}

/// The only group there was is refused: nothing changed.
Attempt refused_alone(const numbers::Number& n, const ProviderUpdate& update, const CarrierFailure& failure) {
  if (update.voice_caller_id_lookup) return synced(n, "cnam_refused", n.actual, reason_of(failure));
  auto o = outcome_of(n);
  o.refused = reason_of(failure);
  return recorded(n, "refused", std::move(o));
}

}  // namespace

bool concerns_account(const CarrierFailure& failure) {
  if (failure.kind == Kind::invalid_credentials) return true;
  int code = failure.error.code;
  return failure.kind == Kind::refused && (code == 20005 || code == 10001);  // account not active
}

Attempt bring_to_wanted(const numbers::Number& n, const AttemptMeans& means) {
  auto update = update_for(n, means.public_base_url);
  if (is_empty(update)) return synced(n, "unchanged", n.actual);
  if (!means.go_on()) return {};
  auto answer = means.carrier.update_number(means.credentials, n.sid, update);
  if (answer) return synced(n, "synced", std::move(answer->settings));
  if (!is_refusal(answer.error())) return not_refused(n, std::move(answer.error()));
  auto parts = groups_of(update);
  auto filled = parts.size();
  for (const auto& part : parts) filled -= is_empty(part) ? 1U : 0U;
  if (filled == 1) return refused_alone(n, update, answer.error());
  return group_by_group(n, parts, means);
}

Attempt release(const numbers::Number& n, const AttemptMeans& means) {
  if (!means.go_on()) return {};
  auto answer = means.carrier.release_number(means.credentials, n.sid);
  auto o = outcome_of(n);
  if (answer || answer.error().kind == Kind::gone) {
    o.released = true;
    return release_recorded(n, "released", std::move(o));
  }
  if (!is_refusal(answer.error())) return later(std::move(answer.error()));
  o.release_refused = reason_of(answer.error());
  return release_recorded(n, "release_refused", std::move(o));
}

}  // namespace ringledger
