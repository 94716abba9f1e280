#include "adapters/twilio/reconciler_attempt.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/twilio/hooks.hpp"

namespace ringledger {
namespace {

using Kind = CarrierFailure::Kind;
using numbers::SettingGroup;

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
  o.request_id = failure.request_id;
  return recorded(n, "gone", std::move(o));
}

bool is_refusal(const CarrierFailure& failure) {
  return failure.kind == Kind::refused && !concerns_account(failure);
}

struct Group {
  SettingGroup what;
  ProviderUpdate update;
};

/// Hooks, label, CNAM; a group without a field is an empty update.
std::array<Group, 3> groups_of(const ProviderUpdate& whole) {
  std::array<Group, 3> all{
      {{SettingGroup::hooks, whole}, {SettingGroup::label, {}}, {SettingGroup::cnam, {}}}};
  all[0].update.friendly_name.reset();
  all[0].update.voice_caller_id_lookup.reset();
  all[1].update.friendly_name = whole.friendly_name;
  all[2].update.voice_caller_id_lookup = whole.voice_caller_id_lookup;
  return all;
}

void leave_out(ProviderUpdate& update, SettingGroup group) {
  if (group == SettingGroup::label) update.friendly_name.reset();
  if (group == SettingGroup::cnam) update.voice_caller_id_lookup.reset();
  if (group != SettingGroup::hooks) return;
  each_hook(update, update, [](std::string_view, auto& field, auto&) { field.reset(); });
}

/// What our last write brought there has nothing new in it.
bool as_written(const numbers::Number& n, SettingGroup group) {
  const auto& now = n.wanted;
  const auto& then = n.written;
  if (group == SettingGroup::label) return now.friendly_name == then.friendly_name;
  if (group == SettingGroup::cnam) return now.cnam == then.cnam;
  return now.hooks == then.hooks && now.shadow == then.shadow && now.restore == then.restore;
}

/// What of `wanted` is to be sent. A group goes whole: what else of it was changed there since we last looked
/// is not known. While the last known `actual` is that of the wish just before, only this very wish can have
/// been sent since, and a group that our own last write brought there stays out. Past that a wish in between
/// may have been sent without its outcome being known (no answer, a crash): then all goes again.
ProviderUpdate update_for(const numbers::Number& n, const ProviderUpdate& wanted, std::string_view base) {
  if (n.wanted_revision - n.synced_revision > 1) return wanted;
  auto update = wanted;
  for (const auto& lacking : groups_of(difference(n, base)))
    if (is_empty(lacking.update) && as_written(n, lacking.what)) leave_out(update, lacking.what);
  return update;
}

/// What came of the calls of one try.
struct Findings {
  std::optional<Written> last{};  ///< of the last one that was accepted
  std::optional<CarrierFailure> refused{}, cnam_refused{};
  std::vector<SettingGroup> groups{};  ///< refused, but for CNAM
};

/// Settings that were accepted and that the provider shows otherwise all the same.
struct Strays {
  std::string names;
  std::vector<SettingGroup> groups;
};
Strays strays(const ProviderUpdate& wanted, const numbers::ProviderSettings& is) {
  Strays out;
  for (const auto& group : groups_of(wanted)) {
    auto before = out.names.size();
    each_setting(group.update, is, [&](std::string_view name, const auto& field, const auto& shown) {
      if (!field || *field == shown) return;
      if (!out.names.empty()) out.names += ", ";
      out.names += name;
    });
    if (out.names.size() != before) out.groups.push_back(group.what);
  }
  return out;
}

Attempt concluded(const numbers::Number& n, ProviderUpdate wanted, Findings found, std::string_view metric) {
  auto o = outcome_of(n);
  o.replaced = n.actual;
  if (found.cnam_refused) {
    metric = "cnam_refused";
    o.cnam_refused = reason_of(*found.cnam_refused);
    o.cnam_request_id = found.cnam_refused->request_id;
    leave_out(wanted, SettingGroup::cnam);
  }
  for (auto group : found.groups) leave_out(wanted, group);
  if (found.last) {
    o.actual = std::move(found.last->settings);
    o.request_id = std::move(found.last->request_id);
    auto other = strays(wanted, *o.actual);
    if (!other.groups.empty() && !found.refused)
      o.refused =
          ProviderError{0, "The provider took the update, but shows another " + other.names + ".", ""};
    std::ranges::move(other.groups, std::back_inserter(found.groups));
  }
  if (found.refused) {
    o.refused = reason_of(*found.refused);
    o.request_id = found.refused->request_id;
  }
  o.refused_groups = std::move(found.groups);
  if (o.refused) return recorded(n, "refused", std::move(o));
  if (!o.actual) o.actual = n.actual;  // CNAM alone was asked for, and refused: nothing changed
  return recorded(n, metric, std::move(o));
}

/// All groups one by one, after some were refused together.
Attempt group_by_group(const numbers::Number& n, const ProviderUpdate& wanted, const AttemptMeans& means) {
  Findings found;
  for (const auto& [what, part] : groups_of(wanted)) {
    if (is_empty(part)) continue;
    if (!means.go_on()) return {};
    auto answer = means.carrier.update_number(means.credentials, n.sid, part);
    if (answer) {
      found.last = std::move(*answer);
    } else if (!is_refusal(answer.error())) {
      return not_refused(n, std::move(answer.error()));
    } else if (what == SettingGroup::cnam) {
      found.cnam_refused = std::move(answer.error());
    } else {
      found.groups.push_back(what);
      if (!found.refused) found.refused = std::move(answer.error());
    }
  }
  return concluded(n, wanted, std::move(found), "synced");
}

/// The only group there was is refused: nothing changed.
Attempt refused_alone(const numbers::Number& n, SettingGroup what, const ProviderUpdate& wanted,
                      CarrierFailure failure) {
  Findings found;
  if (what == SettingGroup::cnam) {
    found.cnam_refused = std::move(failure);
  } else {
    found.groups.push_back(what);
    found.refused = std::move(failure);
  }
  return concluded(n, wanted, std::move(found), "refused");
}

}  // namespace

bool concerns_account(const CarrierFailure& failure) {
  return failure.kind == Kind::invalid_credentials || failure.account_suspended();
}

Attempt bring_to_wanted(const numbers::Number& n, const AttemptMeans& means) {
  auto wanted = wanted_settings(n, means.public_base_url);
  auto update = update_for(n, wanted, means.public_base_url);
  if (is_empty(update)) return concluded(n, wanted, {.last = Written{n.actual, ""}}, "unchanged");
  if (!means.go_on()) return {};
  auto answer = means.carrier.update_number(means.credentials, n.sid, update);
  if (answer && update != wanted && !strays(wanted, answer->settings).groups.empty()) {
    update = wanted;  // somebody changed there what our last write had set
    if (!means.go_on()) return {};
    answer = means.carrier.update_number(means.credentials, n.sid, update);
  }
  if (answer) return concluded(n, wanted, {.last = std::move(*answer)}, "synced");
  if (!is_refusal(answer.error())) return not_refused(n, std::move(answer.error()));
  auto parts = groups_of(update);
  auto filled = [](const Group& group) { return !is_empty(group.update); };
  if (std::ranges::count_if(parts, filled) > 1) return group_by_group(n, wanted, means);
  return refused_alone(n, std::ranges::find_if(parts, filled)->what, wanted, std::move(answer.error()));
}

Attempt release(const numbers::Number& n, const AttemptMeans& means) {
  if (!means.go_on()) return {};
  auto answer = means.carrier.release_number(means.credentials, n.sid);
  auto o = outcome_of(n);
  if (answer || answer.error().kind == Kind::gone) {
    o.released = true;
    o.request_id = answer ? answer->request_id : answer.error().request_id;
    return release_recorded(n, "released", std::move(o));
  }
  if (!is_refusal(answer.error())) return later(std::move(answer.error()));
  o.release_refused = reason_of(answer.error());
  o.request_id = answer.error().request_id;
  return release_recorded(n, "release_refused", std::move(o));
}

}  // namespace ringledger
