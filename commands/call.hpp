// Internal: what the provider's webhooks make happen to calls. No routes of the API: their natural keys are
// the provider's names (architecture.md rule 5), and `decide` knows a call by its SID for ever.
#pragma once

#include "commands/call_report.hpp"
#include "commands/command.hpp"

namespace ringledger {

/// Twilio asks what to do with a call. The repeat, however late, gets the first answer.
struct ReceiveCall {
  static constexpr std::string_view operation = "ReceiveCall";
  ConnectionId connection;
  CallReport report;
  [[nodiscard]] std::string natural_key(std::string_view account_sid) const;

  struct Answer {
    CallId call;
    calls::Route route;
    RL_FIELDS(Answer, call, route);
  };
};
Decision<ReceiveCall::Answer> decide(const ReceiveCall&, const Book&, const Context&);

/// A status callback. Of a call that is not known yet it is the first that is heard.
struct ReportCallStatus {
  static constexpr std::string_view operation = "ReportCallStatus";
  ConnectionId connection;
  CallReport report;
  std::optional<ForwardReport>
      forward{};  ///< of the end of the forwarded leg: then `report` tells of the call
  [[nodiscard]] std::string natural_key(std::string_view account_sid) const;

  struct Answer {
    CallId call;
    RL_FIELDS(Answer, call);
  };
};
Decision<ReportCallStatus::Answer> decide(const ReportCallStatus&, const Book&, const Context&);

/// What the provider answered when it was asked for a call that is over (twilio.md B.11 "Missed webhooks").
/// It ends a call whose end was never told; of a call that is not known it is the first that is heard, when
/// its number's hooks were ours by then. Anything else changes nothing.
struct ReconcileCall {
  static constexpr std::string_view operation = "ReconcileCall";
  ConnectionId connection;
  CallReport report;
  [[nodiscard]] std::string natural_key(std::string_view account_sid) const;

  struct Answer {
    std::optional<CallId> call;  ///< absent: not one of ours
    RL_FIELDS(Answer, call);
  };
};
Decision<ReconcileCall::Answer> decide(const ReconcileCall&, const Book&, const Context&);

/// The country of who calls or is called; "": withheld, no phone number, or of no country.
std::string country_of(const std::string& party, const PhoneReader& phones);
/// Where a call from that country to this number goes (WHK-02, CTY-04, C19). Null: there is no such number,
/// or no campaign. nullopt: it went out, which no inbound list judges.
calls::Route route_of(const numbers::Number* number, const campaigns::Campaign* campaign,
                      const std::optional<std::string>& country);
/// Why a call to this number now would reach nobody, wherever it came from (WHK-04): what `route_of` would
/// have the caller meet instead of being put through; nullopt: it is put through. By its campaign; null: it
/// has none.
std::optional<calls::RouteKind> routing_gap(const numbers::Number& number,
                                            const campaigns::Campaign* campaign);

}  // namespace ringledger
