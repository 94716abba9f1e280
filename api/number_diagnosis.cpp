#include "api/number_diagnosis.hpp"

#include <algorithm>
#include <array>

#include "adapters/json/schema.hpp"
#include "adapters/twilio/hooks.hpp"
#include "commands/call.hpp"

namespace ringledger {
namespace {

using Difference = NumberDiagnosis::Difference;

/// What a check came to; without `fault` all is well.
struct Finding {
  std::string message;
  std::optional<Severity> fault{};
  std::vector<Difference> differences{};
};

std::string quoted(const std::string& name) { return '"' + name + '"'; }
std::string seen_at(const numbers::Number& n) { return " (seen at " + to_rfc3339(n.last_checked_at) + ")"; }
bool is_external(const numbers::Number& n) { return n.routing == numbers::Routing::external; }

Finding connection(const DiagnosedNumber& d) {
  using connections::State;
  if (!d.connection) return {"The number's connection is not in its workspace.", Severity::critical};
  auto name = "Connection " + quoted(d.connection->name);
  switch (d.connection->state) {
    case State::active:
      break;
    case State::unverified:
      return {name + " was not verified: nobody knows whether its credentials are right. Verify it.",
              Severity::warning};
    case State::invalid_credentials:
      return {name +
                  " has credentials that the provider refuses: its webhooks cannot be proven and nothing "
                  "can be set. Give it the right auth token.",
              Severity::critical};
    case State::suspended:
      return {"The provider account of connection " + quoted(d.connection->name) + " is not active.",
              Severity::critical};
  }
  return {name + " is active."};
}

Finding provider(const DiagnosedNumber& d) {
  using numbers::ProviderState;
  const auto& n = d.number;
  auto error = provider_progress(n).error;
  auto why = error ? ": " + std::to_string(error->code) + " " + error->message : std::string();
  switch (n.provider_state) {
    case ProviderState::synced:
      break;
    case ProviderState::pending:
      return {"The provider has not been brought to what is wanted yet" + why + ". It is tried on.",
              Severity::warning};
    case ProviderState::failed:
      return {"The provider refused what is wanted" + why + ". Setting it again tries again.",
              Severity::danger};
    case ProviderState::gone:
      return {"The provider account has no such number any more" + why + ".", Severity::critical};
    case ProviderState::release_pending:
      return {"The number is being released at the provider" + why + ".", Severity::critical};
  }
  return {"The provider has all that is wanted" + seen_at(n) + "."};
}

std::vector<Difference> missing_hooks(const DiagnosedNumber& d) {
  std::vector<Difference> all;
  auto shown = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  each_hook(difference(d.number, d.public_base_url), d.number.actual.hooks,
            [&](std::string_view hook, const auto& wanted, const auto& is) {
              if (wanted) all.push_back({std::string(hook), shown(*wanted), shown(is)});
            });
  return all;
}

/// Of a number whose calls are none of ours.
Finding their_hooks(const DiagnosedNumber& d) {
  const auto& hooks = d.number.actual.hooks;
  auto seen = seen_at(d.number);
  bool taken = !(hooks.voice_url.empty() && hooks.voice_application_sid.empty() && hooks.trunk_sid.empty());
  if (!taken) return {"At the provider no hook takes its calls" + seen + ".", Severity::critical, {}};
  auto missing = missing_hooks(d);
  if (missing.empty()) return {"Hooks that are not ours take its calls" + seen + "."};
  return {"Hooks that are not ours take its calls, but not yet those that are wanted" + seen + ".",
          Severity::warning, std::move(missing)};
}

/// Of hooks that are to be ours: what becomes of a call by those that were seen, of which some are not.
Finding wrong_hooks(const DiagnosedNumber& d) {
  const auto& n = d.number;
  const auto& hooks = n.actual.hooks;
  auto seen = seen_at(n);
  if (!hooks.voice_application_sid.empty() || !hooks.trunk_sid.empty())
    return {"At the provider an application or a trunk takes its calls, before any URL" + seen + ".",
            Severity::critical};
  auto named = numbers::connection_of_our_hook(hooks.voice_url, "voice");
  if (!named) return {"Its voice URL at the provider is not ours" + seen + ".", Severity::critical};
  bool known = d.hooked && d.connection && d.hooked->account_sid == d.connection->account_sid;
  if (!known && *named != n.connection)
    return {"Its voice URL names a connection that is not of its provider account" + seen +
                ": its calls are refused.",
            Severity::critical};
  auto ours = our_hooks(n.connection, d.public_base_url, n.capabilities).voice_url;
  if (numbers::base_of_our_hook(hooks.voice_url, *named, "voice") !=
      numbers::base_of_our_hook(ours, n.connection, "voice"))
    return {"Its voice URL names another public URL than this server's" + seen +
                ": calls come only as long as that one leads here.",
            Severity::danger};
  if (*named != n.connection)
    return {"Its voice URL names another connection to the same provider account" + seen + ": calls come.",
            Severity::warning};
  return {"Calls come to us, but not every hook is as it is to be" + seen + ".", Severity::warning};
}

Finding webhooks(const DiagnosedNumber& d) {
  if (!d.number.wanted.hooks) return their_hooks(d);
  auto missing = missing_hooks(d);
  if (missing.empty())
    return {"Its hooks at the provider are ours: " + d.number.actual.hooks.voice_url + seen_at(d.number) +
            "."};
  auto finding = wrong_hooks(d);
  finding.differences = std::move(missing);
  return finding;
}

Finding voice(const DiagnosedNumber& d) {
  if (d.number.capabilities.voice) return {"The number can take calls."};
  return {"The number has no voice: the provider takes no calls for it.", Severity::critical};
}

Finding status(const DiagnosedNumber& d) {
  if (d.number.status == numbers::Status::active) return {"The number is active."};
  return {"The number is inactive: its calls are rejected. Activate it.", Severity::danger};
}

Finding assignment(const DiagnosedNumber& d) {
  if (is_external(d.number)) return {"The number is external: it needs no campaign."};
  if (!d.number.campaign)
    return {"The number is in no campaign: its calls are rejected. Assign it to one.", Severity::danger};
  if (!d.campaign || d.campaign->archived)
    return {"The number's campaign is archived: its calls are rejected. Assign it to another one.",
            Severity::danger};
  return {"The number is in campaign " + quoted(d.campaign->name) + "."};
}

Finding forward_target(const DiagnosedNumber& d) {
  if (!d.campaign) return {"No campaign is asked for its target."};
  auto name = "Campaign " + quoted(d.campaign->name);
  if (d.campaign->forward_to) return {name + " forwards to " + d.campaign->forward_to->text + "."};
  return {name + " has no forward_to: its calls are rejected. Set it.", Severity::danger};
}

Finding routing(const DiagnosedNumber& d) {
  auto gap = routing_gap(d.number, d.campaign ? &*d.campaign : nullptr);
  if (gap)
    return {"A call now would be rejected: " + std::string(json::enum_text(*gap)) + ".", Severity::danger};
  if (is_external(d.number)) return {"A call now would be put through by hooks that are not ours: external."};
  return {"A call now would be put through."};
}

Finding countries(const DiagnosedNumber& d) {
  const auto& n = d.number;
  if (is_external(n)) return {"The number is external: no country list of ours is asked."};
  if (n.inbound_countries.empty() && n.allow_unknown_caller) return {"Callers from everywhere are taken."};
  std::string from = n.inbound_countries.empty() ? "every country" : "";
  for (const auto& country : n.inbound_countries) from += (from.empty() ? "" : ", ") + country;
  return {"Callers from " + from + " are taken; those whose country is not known are " +
              (n.allow_unknown_caller ? "too" : "rejected") + ".",
          Severity::info};
}

/// With the test call of WHK-05, which the person who asks places.
Finding last_call(const DiagnosedNumber& d) {
  auto how =
      " To test it, call it from a phone; at the simulator (account_sid unless it is the demo's): POST "
      "/_sim/calls {\"from\":\"+12125550100\",\"to\":\"" +
      d.number.e164.text + "\"}.";
  if (d.last_call_at) return {"The last call came in at " + to_rfc3339(*d.last_call_at) + "." + how};
  return {"No call has come in yet." + how, Severity::info};
}

struct Check {
  std::string_view name;
  std::string_view asks;  ///< for the API's documents
  Finding (*judge)(const DiagnosedNumber&);
};
/// All there are. A new check is a line here; schema and documents follow.
constexpr std::array checks{
    Check{"connection", "the number's connection is in its workspace and its credentials work", connection},
    Check{"provider", "the provider has the number, and all that is wanted of it", provider},
    Check{"webhooks", "the hooks at the provider, as last seen, lead to us under the right connection",
          webhooks},
    Check{"voice", "the number can take calls", voice},
    Check{"status", "the number is active", status},
    Check{"assignment", "the number is in a campaign that is not archived", assignment},
    Check{"forward_target", "the campaign forwards to somebody", forward_target},
    Check{"routing", "what a call meets now (the number's routing_gap)", routing},
    Check{"countries", "no list keeps callers out", countries},
    Check{"last_call", "a call has come in; how to place a test call", last_call},
};

}  // namespace

NumberDiagnosis diagnose(const DiagnosedNumber& d) {
  NumberDiagnosis all{{d.number.id, d.number.e164}, true, {}};
  for (const auto& check : checks) {
    auto found = check.judge(d);
    auto severity = found.fault.value_or(Severity::info);
    if (severity != Severity::info) all.ok = false;
    all.checks.push_back({std::string(check.name), !found.fault, severity, std::move(found.message),
                          std::move(found.differences)});
  }
  return all;
}

boost::json::object diagnosis_schema() {
  boost::json::array names;
  std::string asked;
  for (const auto& check : checks) {
    names.emplace_back(check.name);
    asked += (asked.empty() ? "" : "; ") + std::string(check.name) + ": " + std::string(check.asks);
  }
  auto schema = json::schema_of<NumberDiagnosis>(json::SchemaOf::answer);
  auto& item = schema["properties"].as_object()["checks"].as_object()["items"].as_object();
  auto& name = item["properties"].as_object()["check"].as_object();
  name["enum"] = std::move(names);
  name["description"] = std::move(asked);
  return schema;
}

}  // namespace ringledger
