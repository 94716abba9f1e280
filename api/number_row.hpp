// A number as its readers see it: the row of lists and of the detail (api.md "Numbers").
#pragma once

#include <map>

#include "api/campaign_lookup.hpp"
#include "domain/call.hpp"
#include "projections/connections.hpp"
#include "projections/inventory_query.hpp"
#include "projections/warnings.hpp"

namespace ringledger {

/// Settings of a number at its provider, by the provider's names; null: not set, or (wanted) not asked for.
struct ProviderSettingsView {
  std::optional<std::string> voice_url, voice_method, voice_fallback_url, voice_fallback_method,
      voice_application_sid, trunk_sid, status_callback, status_callback_method, sms_url, sms_method,
      sms_fallback_url, sms_fallback_method, sms_application_sid, friendly_name;
  std::optional<bool> voice_caller_id_lookup;
  RL_FIELDS(ProviderSettingsView, voice_url, voice_method, voice_fallback_url, voice_fallback_method,
            voice_application_sid, trunk_sid, status_callback, status_callback_method, sms_url, sms_method,
            sms_fallback_url, sms_fallback_method, sms_application_sid, friendly_name,
            voice_caller_id_lookup);
};

struct NumberRow {
  struct ConnectionRef {
    ConnectionId id;
    std::string name;
    connections::Provider provider{};
    RL_FIELDS(ConnectionRef, id, name, provider);
  };
  struct ProviderSide {
    std::string sid;
    numbers::ProviderState state{};
    std::optional<ProviderSettingsView> wanted;  ///< null: nothing was asked of the provider
    ProviderSettingsView actual;
    std::optional<ProviderErrorView> error;
    Timestamp last_checked_at;
    RL_FIELDS(ProviderSide, sid, state, wanted, actual, error, last_checked_at);
  };
  NumberId id;
  E164 e164;
  std::string display;
  std::optional<std::string> label, country, area_code;
  numbers::NumberType number_type{};
  numbers::Capabilities capabilities;
  numbers::Origin origin{};
  std::optional<ConnectionRef> connection;
  Assignment assignment{};
  std::optional<CampaignRef> campaign;
  std::optional<E164> forward_to;  ///< the campaign's
  numbers::Status status{};
  numbers::Routing routing{};
  std::optional<calls::RouteKind> routing_gap;  ///< why a call now reaches nobody; null: it is put through
  CnamProgress cnam;
  ProviderSide provider;
  std::optional<Timestamp> last_call_at;
  std::int64_t idle_days = 0;  ///< whole days since the last call, or since the import
  std::optional<Money> monthly_cost;
  Timestamp imported_at;
  std::int64_t version = 0;
  RL_FIELDS(NumberRow, id, e164, display, label, country, area_code, number_type, capabilities, origin,
            connection, assignment, campaign, forward_to, status, routing, routing_gap, cnam, provider,
            last_call_at, idle_days, monthly_cost, imported_at, version);
};

/// What the caller may do with the number as it stands, by action (NUM-23).
using NumberRights = std::map<std::string, bool>;
NumberRights rights_of(const Caller& caller, const numbers::Number& number);

/// Makes rows, asking for each campaign and connection once. One per answer.
class NumberRows {
 public:
  explicit NumberRows(const Asked& asked) : x_asked(asked), x_campaigns(asked) {}
  Result<NumberRow> row(const InventoryRow& inventory);

 private:
  Result<const ConnectionRow*> connection(WorkspaceId workspace, ConnectionId id);
  [[nodiscard]] NumberRow::ProviderSide provider_side(const numbers::Number& n) const;

  const Asked& x_asked;
  CampaignLookup x_campaigns;
  std::map<ConnectionId, std::optional<ConnectionRow>> x_connections;
};

}  // namespace ringledger
