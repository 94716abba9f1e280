// Internal: what the provider's webhook makes happen to messages. Its natural key is the provider's name, and
// `decide` knows a message by its SID for ever (architecture.md rule 5).
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// What a provider's webhook tells of a message.
struct MessageReport {
  std::string provider_sid;  ///< Twilio's MessageSid
  std::string from, to, body;
  std::int64_t media = 0, segments = 0;
  std::string opt_out;  ///< OptOutType, when Twilio's Advanced Opt-Out judged the words itself; else ""
  std::string form;     ///< as it came
};

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

}  // namespace ringledger
