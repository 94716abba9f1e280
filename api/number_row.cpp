#include "api/number_row.hpp"

#include <algorithm>

#include "adapters/twilio/hooks.hpp"
#include "commands/call.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t ms_per_day = 24LL * 3600 * 1000;

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

ProviderSettingsView view_of(const numbers::ProviderSettings& s) {
  ProviderSettingsView v;
  each_hook(v, s.hooks, [](std::string_view, auto& shown, const auto& is) { shown = unless_empty(is); });
  v.friendly_name = unless_empty(s.friendly_name);
  v.voice_caller_id_lookup = s.voice_caller_id_lookup;
  return v;
}

std::optional<ProviderSettingsView> view_of(const ProviderUpdate& u) {
  if (is_empty(u)) return std::nullopt;
  ProviderSettingsView v;
  each_hook(v, u, [](std::string_view, auto& shown, const auto& wanted) {
    shown = wanted ? unless_empty(*wanted) : std::nullopt;
  });
  v.friendly_name = u.friendly_name ? unless_empty(*u.friendly_name) : std::nullopt;
  v.voice_caller_id_lookup = u.voice_caller_id_lookup;
  return v;
}

/// XFR-01, XFR-02: an owner of this workspace and of another one.
bool may_transfer(const Caller& caller, WorkspaceId from) {
  if (!caller.member || caller.member->member->role_in(from) != members::Role::owner) return false;
  const auto& roles = caller.member->member->roles;
  return std::any_of(roles.begin(), roles.end(),
                     [&](const auto& r) { return r.role == members::Role::owner && r.workspace != from; });
}

}  // namespace

NumberRights rights_of(const Caller& caller, const numbers::Number& n) {
  bool free = !n.release_pending && caller.may("numbers.write", n.workspace);
  bool at_twilio = n.origin == numbers::Origin::twilio;
  return {
      {"assign", free && n.status == numbers::Status::active},
      {"unassign", free && n.campaign.has_value()},
      {"transfer", !n.release_pending && may_transfer(caller, n.workspace)},
      {"delete", free},
      {"release", at_twilio && caller.may("numbers.write", n.workspace)},  // asking again is fine (DEL-07)
      {"rename", free},
      {"cnam", free && at_twilio},
      {"status", free}};
}

Result<const ConnectionRow*> NumberRows::connection(WorkspaceId workspace, ConnectionId id) {
  auto at = x_connections.find(id);
  if (at == x_connections.end()) {
    auto row = find_connection(x_asked.ctx.sight.of<ConnectionsView>(), workspace, id);
    if (!row) return std::unexpected(row.error());
    at = x_connections.emplace(id, std::move(*row)).first;
  }
  return at->second ? &*at->second : nullptr;
}

NumberRow::ProviderSide NumberRows::provider_side(const numbers::Number& n) const {
  NumberRow::ProviderSide side;
  side.sid = n.sid;
  side.state = n.provider_state;
  side.wanted = view_of(wanted_settings(n, x_asked.ports->public_base_url));
  side.actual = view_of(n.actual);
  side.error = provider_progress(n).error;
  side.last_checked_at = n.last_checked_at;
  return side;
}

Result<NumberRow> NumberRows::row(const InventoryRow& inventory) {
  const auto& n = inventory.number;
  NumberRow r;
  r.id = n.id;
  r.e164 = n.e164;
  r.display = x_asked.ports->phones->facts(n.e164).display;
  r.label = n.label;
  r.country = unless_empty(n.country);
  r.area_code = unless_empty(n.area_code);
  r.number_type = n.number_type;
  r.capabilities = n.capabilities;
  r.origin = n.origin;
  auto from = connection(n.workspace, n.connection);
  if (!from) return std::unexpected(from.error());
  if (*from) r.connection = {(*from)->id, (*from)->name, (*from)->provider};
  r.assignment = n.campaign ? Assignment::assigned : Assignment::unassigned;
  const campaigns::Campaign* campaign = nullptr;
  if (n.campaign) {
    auto to = x_campaigns.find(n.workspace, *n.campaign);
    if (!to) return std::unexpected(to.error());
    if (*to) {
      campaign = &(*to)->campaign;
      r.campaign = {campaign->id, campaign->name, campaign->campaign_type};
      r.forward_to = campaign->forward_to;
    }
  }
  r.status = n.status;
  r.routing = n.routing;
  r.routing_gap = routing_gap(n, campaign);
  r.cnam = cnam_progress(n);
  r.provider = provider_side(n);
  r.last_call_at = inventory.last_call_at;
  auto idle_ms = x_asked.ctx.now.ms - inventory.last_call_at.value_or(n.imported_at).ms;
  r.idle_days = std::max<std::int64_t>(idle_ms, 0) / ms_per_day;
  r.monthly_cost = n.monthly_cost;
  r.imported_at = n.imported_at;
  r.version = n.version;
  return r;
}

}  // namespace ringledger
