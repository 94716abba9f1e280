// Messages: what was written to a number, and the words by which a person forbids or allows us to write.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "domain/contact.hpp"
#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::messages {

/// An inbound SMS or MMS. The subject of its personal fields is its contact; itself while it has none.
struct Received {
  static constexpr std::string_view type = "message.received.v1";
  MessageId message;
  WorkspaceId workspace;
  std::optional<NumberId> number;  ///< absent: not in the inventory
  ConnectionId connection;
  std::string account_sid, provider_sid;  ///< Twilio's, of the account and of the message
  std::string to;                         ///< ours, as it was written to
  std::optional<CampaignId> campaign;     ///< the number's then
  std::optional<ContactId> contact;       ///< absent: a short code, a name, withheld
  std::string sender_country;             ///< ISO 3166-1 alpha-2; "" unknown
  std::int64_t media = 0;                 ///< how many files came with it
  std::int64_t segments = 0;              ///< that it was billed as
  Personal<std::string> from, body;
  Personal<std::string> form;  ///< the webhook's or the list's, as it came, with where the media are
  bool inactive = false;       ///< NUM-04: its number was; no campaign got it
  /// Of one that no webhook told of: when it came, as the provider's list has it. Absent: just now.
  std::optional<Timestamp> received_at{};
  RL_FIELDS(Received, message, workspace, number, connection, account_sid, provider_sid, to, campaign,
            contact, sender_country, media, segments, from, body, form, inactive, received_at);
  [[nodiscard]] std::string subject() const { return contact ? contact->to_string() : message.to_string(); }
};

using Event = std::variant<Received>;

/// One row per message, for ever.
struct Message {
  MessageId id;
  WorkspaceId workspace;
  std::optional<NumberId> number;
  std::string provider_sid, to;
  std::optional<CampaignId> campaign;
  std::optional<ContactId> contact;
  std::int64_t media = 0, segments = 0;
  Personal<std::string> from, body;
  Timestamp received_at;
  bool inactive = false;
  RL_FIELDS(Message, id, workspace, number, provider_sid, to, campaign, contact, media, segments, from, body,
            received_at, inactive);
};
/// When the message of an event of that time came.
inline Timestamp came_at(const Received& event, Timestamp at) { return event.received_at.value_or(at); }
Message message_of(const Received& event, Timestamp at);
/// Its contact was erased: what is left tells nothing of who it was, or what was said.
void forget_sender(Message& message);

/// What the body asks for, when it is nothing but one of Twilio's words (twilio.md B.10), case and blanks
/// around it ignored: "Stop please" asks for nothing.
struct Keyword {
  std::string_view word;  ///< in capitals
  contacts::Consent consent{};
  bool only_undoes = false;  ///< of who said stop; from anybody else it answers some question
};
std::optional<Keyword> keyword_of(std::string_view body);

}  // namespace ringledger::messages
