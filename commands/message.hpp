// Internal: what the provider's webhook and list make happen to messages. Their natural keys are the
// provider's names, and `decide` knows a message by its SID for ever (architecture.md rule 5).
#pragma once

#include "commands/command.hpp"
#include "commands/message_report.hpp"

namespace ringledger {

/// Somebody wrote to a number. MSG-02: it belongs to the workspace that has the number.
struct ReceiveMessage {
  static constexpr std::string_view operation = "ReceiveMessage";
  ConnectionId connection;
  MessageReport report;
  [[nodiscard]] std::string natural_key(std::string_view account_sid) const;

  struct Answer {
    MessageId message;
    RL_FIELDS(Answer, message);
  };
};
Decision<ReceiveMessage::Answer> decide(const ReceiveMessage&, const Book&, const Context&);

/// A message that stands in the provider's list and that no webhook told of (twilio.md B.11 "Missed
/// webhooks"). It is recorded with the time it came, when its number's hooks were ours by then; its words
/// for STOP and START count from that time. One that is known, or was not ours, changes nothing.
struct ReconcileMessage {
  static constexpr std::string_view operation = "ReconcileMessage";
  ConnectionId connection;
  MessageReport report;
  [[nodiscard]] std::string natural_key(std::string_view account_sid) const;

  struct Answer {
    std::optional<MessageId> message;  ///< absent: not one of ours
    RL_FIELDS(Answer, message);
  };
};
Decision<ReconcileMessage::Answer> decide(const ReconcileMessage&, const Book&, const Context&);

}  // namespace ringledger
