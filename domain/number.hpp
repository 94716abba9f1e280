// Numbers: what rings. Imported from a provider, lent to campaigns, moved between workspaces.
#pragma once

#include <variant>
#include <vector>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/provider_hooks.hpp"
#include "domain/values.hpp"

namespace ringledger::numbers {

/// Twilio's search kinds and unknown (features.md C5).
BOOST_DEFINE_ENUM_CLASS(NumberType, local, toll_free, mobile, national, shared_cost, voip, machine_to_machine,
                        unknown)
BOOST_DEFINE_ENUM_CLASS(Origin, twilio, byot)
BOOST_DEFINE_ENUM_CLASS(Status, active, inactive)
BOOST_DEFINE_ENUM_CLASS(Routing, external, campaign, agent, parking, inactive)
BOOST_DEFINE_ENUM_CLASS(CnamState, on, off, turning_on, turning_off, refused)
/// What is refused, and set again, on its own.
BOOST_DEFINE_ENUM_CLASS(SettingGroup, hooks, label, cnam)
/// `release_pending`: deleted here, the provider has not confirmed the release yet (DEL-07).
BOOST_DEFINE_ENUM_CLASS(ProviderState, synced, pending, failed, gone, release_pending)

struct Capabilities {
  bool voice = false, sms = false, mms = false, fax = false;
  RL_FIELDS(Capabilities, voice, sms, mms, fax);
};

/// Everything of a number at its provider that reconciliation compares.
struct ProviderSettings {
  ProviderHooks hooks;
  std::string friendly_name;
  bool voice_caller_id_lookup = false;
  RL_FIELDS(ProviderSettings, hooks, friendly_name, voice_caller_id_lookup);
};

/// A number as its provider lists it.
struct ProviderNumber {
  std::string sid;
  E164 e164;
  Capabilities capabilities;
  NumberType number_type = NumberType::unknown;
  ProviderSettings settings;
  RL_FIELDS(ProviderNumber, sid, e164, capabilities, number_type, settings);
};

/// What commands have asked the provider's side to be; symbolic: the reconciler puts the public base
/// URL in when it sends. Absent or false = nothing was asked, theirs stays.
struct Wanted {
  bool hooks = false;                        ///< our voice, status and sms URLs
  bool shadow = false;                       ///< our status callback where there is none
  std::optional<ProviderHooks> restore;      ///< theirs, put back; never together with `hooks`
  std::optional<std::string> friendly_name;  ///< the label; "" clears it
  std::optional<bool> cnam;                  ///< VoiceCallerIdLookup
  RL_FIELDS(Wanted, hooks, shadow, restore, friendly_name, cnam);
};

struct Imported {
  static constexpr std::string_view type = "number.imported.v1";
  NumberId number;
  WorkspaceId workspace;
  ConnectionId connection;
  E164 e164;
  std::string sid;
  std::string country;    ///< ISO 3166-1 alpha-2, "" when unknown
  std::string area_code;  ///< "" when the country has none
  NumberType number_type{};
  Capabilities capabilities;
  Origin origin{};
  std::optional<std::string> label;
  Wanted wanted;            ///< nothing for `keep`
  ProviderSettings actual;  ///< as found: the snapshot that undo restores
  std::optional<Money> monthly_cost;
  RL_FIELDS(Imported, number, workspace, connection, e164, sid, country, area_code, number_type, capabilities,
            origin, label, wanted, actual, monthly_cost);
  [[nodiscard]] std::string subject() const { return number.to_string(); }
};

struct Assigned {
  static constexpr std::string_view type = "number.assigned.v1";
  NumberId number;
  WorkspaceId workspace;
  CampaignId campaign;
  std::optional<CampaignId> from_campaign;
  std::vector<std::string> acknowledged;  ///< warning codes standing and acknowledged
  RL_FIELDS(Assigned, number, workspace, campaign, from_campaign, acknowledged);
};

struct Unassigned {
  static constexpr std::string_view type = "number.unassigned.v1";
  NumberId number;
  WorkspaceId workspace;
  CampaignId from_campaign;
  std::vector<std::string> acknowledged;
  RL_FIELDS(Unassigned, number, workspace, from_campaign, acknowledged);
};

/// It is to be unassigned once no visitor sees it or may still call (UNA-04): nobody new gets it meanwhile.
/// `acknowledged` is what the Unassigned that follows records.
struct DrainStarted {
  static constexpr std::string_view type = "number.drain_started.v1";
  NumberId number;
  WorkspaceId workspace;
  CampaignId campaign;
  std::vector<std::string> acknowledged;
  RL_FIELDS(DrainStarted, number, workspace, campaign, acknowledged);
};

/// It stays after all.
struct DrainCancelled {
  static constexpr std::string_view type = "number.drain_cancelled.v1";
  NumberId number;
  WorkspaceId workspace;
  CampaignId campaign;
  RL_FIELDS(DrainCancelled, number, workspace, campaign);
};

/// Seen by the source workspace. `to_workspace` is told to nobody there but its own readers.
struct TransferredOut {
  static constexpr std::string_view type = "number.transferred_out.v1";
  NumberId number;
  WorkspaceId workspace;
  std::optional<CampaignId> from_campaign;
  std::vector<std::string> acknowledged;
  RL_FIELDS(TransferredOut, number, workspace, from_campaign, acknowledged);
};

/// Seen by the destination: self-sufficient, as its readers see nothing from before.
struct TransferredIn {
  static constexpr std::string_view type = "number.transferred_in.v1";
  NumberId number;
  WorkspaceId workspace;
  ConnectionId connection;  ///< of the destination
  E164 e164;
  std::string sid, country, area_code;
  NumberType number_type{};
  Capabilities capabilities;
  Origin origin{};
  std::optional<std::string> label;
  Status status{};
  bool cnam_enabled = false;
  CnamState cnam_state{};
  Wanted wanted;
  ProviderSettings actual;  ///< as verified at the destination's provider account
  std::optional<Money> monthly_cost;
  RL_FIELDS(TransferredIn, number, workspace, connection, e164, sid, country, area_code, number_type,
            capabilities, origin, label, status, cnam_enabled, cnam_state, wanted, actual, monthly_cost);
  [[nodiscard]] std::string subject() const { return number.to_string(); }
};

struct Renamed {
  static constexpr std::string_view type = "number.renamed.v1";
  NumberId number;
  WorkspaceId workspace;
  std::optional<std::string> label;  ///< absent: cleared
  RL_FIELDS(Renamed, number, workspace, label);
};

struct CnamToggled {
  static constexpr std::string_view type = "number.cnam_toggled.v1";
  NumberId number;
  WorkspaceId workspace;
  bool enabled = false;
  RL_FIELDS(CnamToggled, number, workspace, enabled);
};

struct Activated {
  static constexpr std::string_view type = "number.activated.v1";
  NumberId number;
  WorkspaceId workspace;
  RL_FIELDS(Activated, number, workspace);
};

struct Deactivated {
  static constexpr std::string_view type = "number.deactivated.v1";
  NumberId number;
  WorkspaceId workspace;
  RL_FIELDS(Deactivated, number, workspace);
};

/// From which countries it takes calls: ISO 3166-1 alpha-2, sorted; none: from everywhere (CTY-02).
struct InboundCountriesSet {
  static constexpr std::string_view type = "number.inbound_countries_set.v1";
  NumberId number;
  WorkspaceId workspace;
  std::vector<std::string> countries;
  bool allow_unknown_caller = true;  ///< withheld, or of no country
  RL_FIELDS(InboundCountriesSet, number, workspace, countries, allow_unknown_caller);
};

/// To which countries it may be used for calls.
struct OutboundCountriesSet {
  static constexpr std::string_view type = "number.outbound_countries_set.v1";
  NumberId number;
  WorkspaceId workspace;
  std::vector<std::string> countries;
  RL_FIELDS(OutboundCountriesSet, number, workspace, countries);
};

/// Left our inventory; `release`: and the provider is asked to give it up (then Released follows).
struct Deleted {
  static constexpr std::string_view type = "number.deleted.v1";
  NumberId number;
  WorkspaceId workspace;
  std::optional<CampaignId> from_campaign;
  bool release = false;
  std::vector<std::string> acknowledged;
  RL_FIELDS(Deleted, number, workspace, from_campaign, release, acknowledged);
};

/// The provider confirmed: the number is gone from both sides.
struct Released {
  static constexpr std::string_view type = "number.released.v1";
  NumberId number;
  WorkspaceId workspace;
  std::int64_t revision = 0;
  std::optional<std::string> request_id{};
  RL_FIELDS(Released, number, workspace, revision, request_id);
};

/// A release attempt was refused for good; the number stays `release_pending` until asked again.
struct ReleaseFailed {
  static constexpr std::string_view type = "number.release_failed.v1";
  NumberId number;
  WorkspaceId workspace;
  std::int64_t error_code = 0;
  std::string error_message;
  std::int64_t revision = 0;
  std::optional<std::string> request_id{};
  RL_FIELDS(ReleaseFailed, number, workspace, error_code, error_message, revision, request_id);
};

/// What was wanted at `revision` is now so at the provider. Here and below `request_id` is the provider's own
/// name for the request that told it.
struct ProviderSynced {
  static constexpr std::string_view type = "number.provider_synced.v1";
  NumberId number;
  WorkspaceId workspace;
  std::int64_t revision = 0;
  ProviderSettings actual, replaced;
  std::optional<std::string> request_id{};
  RL_FIELDS(ProviderSynced, number, workspace, revision, actual, replaced, request_id);
  [[nodiscard]] std::string subject() const { return number.to_string(); }
};

/// The provider refused for good, shows something else than it was told, or has the number no more (`gone`).
struct ProviderFailed {
  static constexpr std::string_view type = "number.provider_failed.v1";
  NumberId number;
  WorkspaceId workspace;
  std::int64_t revision = 0;
  bool gone = false;
  std::int64_t error_code = 0;
  std::string error_message;
  std::vector<SettingGroup> refused{};       ///< the others were set, or not asked for
  std::optional<ProviderSettings> actual{};  ///< what it is now, when the provider told
  std::optional<std::string> request_id{};
  RL_FIELDS(ProviderFailed, number, workspace, revision, gone, error_code, error_message, refused, actual,
            request_id);
  [[nodiscard]] std::string subject() const { return number.to_string(); }
};

/// The provider keeps failing; it is tried on. Without `revision` being reached nothing of it is certain.
struct ProviderDelayed {
  static constexpr std::string_view type = "number.provider_delayed.v1";
  NumberId number;
  WorkspaceId workspace;
  std::int64_t revision = 0;
  std::int64_t tries = 0;  ///< so far, since the reconciler started
  std::int64_t error_code = 0;
  std::string error_message;
  std::optional<std::string> request_id{};
  RL_FIELDS(ProviderDelayed, number, workspace, revision, tries, error_code, error_message, request_id);
};

/// The provider will not turn CNAM on or off for this number (21409): nothing is wanted of it any more, and
/// it stays as it was (CNA-08).
struct CnamRefused {
  static constexpr std::string_view type = "number.cnam_refused.v1";
  NumberId number;
  WorkspaceId workspace;
  std::int64_t revision = 0;
  std::int64_t error_code = 0;
  std::string error_message;
  std::optional<std::string> request_id{};
  RL_FIELDS(CnamRefused, number, workspace, revision, error_code, error_message, request_id);
};

/// Its hooks at the provider name a URL of ours that is no longer ours (`public_url` is): they are wanted
/// anew.
struct HooksOutdated {
  static constexpr std::string_view type = "number.hooks_outdated.v1";
  NumberId number;
  WorkspaceId workspace;
  std::string public_url;
  RL_FIELDS(HooksOutdated, number, workspace, public_url);
};

using Event = std::variant<Imported, Assigned, Unassigned, TransferredOut, TransferredIn, Renamed,
                           CnamToggled, Activated, Deactivated, Deleted, Released, ReleaseFailed,
                           ProviderSynced, ProviderFailed, ProviderDelayed, CnamRefused, HooksOutdated,
                           DrainStarted, DrainCancelled, InboundCountriesSet, OutboundCountriesSet>;

/// Write-side state of one number. One row per E.164 and account for ever: a deleted number keeps
/// its id, so that its history goes on when it is imported again.
struct Number {
  NumberId id;
  WorkspaceId workspace;
  ConnectionId connection;
  E164 e164;
  std::string sid, country, area_code;
  NumberType number_type{};
  Capabilities capabilities;
  Origin origin{};
  std::optional<std::string> label;
  std::optional<CampaignId> campaign;
  Status status{};
  Routing routing{};
  bool cnam_enabled = false;
  CnamState cnam_state = CnamState::off;
  std::int64_t cnam_error_code = 0;
  std::string cnam_error_message;
  bool untouched = false;  ///< since the import no command has routed it: its hooks are theirs
  ProviderHooks imported_hooks;
  Wanted wanted;
  Wanted written;  ///< of `wanted`, what our own last write is known to have brought there
  ProviderSettings actual;
  std::int64_t wanted_revision = 0;  ///< grows with every change of `wanted`, and with a wish to release
  std::int64_t synced_revision = 0;  ///< the revision the provider was last brought to
  ProviderState provider_state{};
  std::int64_t provider_error_code = 0;
  std::string provider_error_message;
  std::optional<Money> monthly_cost;
  std::vector<std::string> inbound_countries, outbound_countries;  ///< sorted; none: all
  bool allow_unknown_caller = true;
  bool draining = false;  ///< to be unassigned when no visitor needs it any more
  std::vector<std::string> drain_acknowledged;
  bool deleted = false;  ///< not in the inventory
  bool release_pending = false;
  bool release_refused = false;  ///< for good, until asked again
  Timestamp imported_at;
  std::optional<Timestamp> hooked_at;  ///< since when its calls are asked of us; absent: they are not
  Timestamp last_checked_at;           ///< when the provider last told `actual`
  std::int64_t version = 0;            ///< of what people configured
  RL_FIELDS(Number, id, workspace, connection, e164, sid, country, area_code, number_type, capabilities,
            origin, label, campaign, status, routing, cnam_enabled, cnam_state, cnam_error_code,
            cnam_error_message, untouched, imported_hooks, wanted, written, actual, wanted_revision,
            synced_revision, provider_state, provider_error_code, provider_error_message, monthly_cost,
            inbound_countries, outbound_countries, allow_unknown_caller, draining, drain_acknowledged,
            deleted, release_pending, release_refused, imported_at, hooked_at, last_checked_at, version);
  /// In the inventory, or on its way out of it.
  [[nodiscard]] bool visible() const { return !deleted || release_pending; }
  /// Given up at the provider: the same wish again is worth another try.
  [[nodiscard]] bool given_up() const {
    return provider_state == ProviderState::failed || provider_state == ProviderState::gone;
  }
};

/// Whether it takes calls from there (CTY-04); "": the caller's country is not known.
bool takes_calls_from(const Number& number, const std::string& country);

/// `at` is the commit's log time. nullopt in gives nullopt out, but for Imported and TransferredIn,
/// which say all there is to know.
std::optional<Number> evolve(std::optional<Number> state, const Event& event, Timestamp at);

}  // namespace ringledger::numbers
