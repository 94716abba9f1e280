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

/// Where a call to this number goes (WHK-02, C19). Null: there is no such number, or no campaign.
calls::Route route_of(const numbers::Number* number, const campaigns::Campaign* campaign);

}  // namespace ringledger
