// The book's rows of contacts: who has which phone number, and what an erasure has to forget.
#pragma once

#include "domain/attribution.hpp"
#include "domain/contact.hpp"
#include "domain/ids.hpp"

namespace ringledger {

/// Named by workspace and E.164; gone when the contact is erased.
struct ContactByPhone {
  ContactId contact;
  RL_FIELDS(ContactByPhone, contact);
};
/// What holds something of a contact: one of them. Named by contact and index.
struct ContactTrace {
  std::optional<CallId> call;
  std::optional<MessageId> message;
  std::optional<SessionId> session;
  RL_FIELDS(ContactTrace, call, message, session);
};
/// How many. Named by contact.
struct ContactTraces {
  std::int64_t count = 0;
  RL_FIELDS(ContactTraces, count);
};
/// A message by the provider's account and its name there: known for ever.
struct MessageBySid {
  MessageId message;
  RL_FIELDS(MessageBySid, message);
};
/// The newest call of a contact that was attributed to a session of the campaign by what it saw, not by an
/// earlier call (rule 4 of number-pools.md D.4). Named by campaign and contact.
struct AttributedCaller {
  Timestamp at;
  SessionId session;
  Share confidence;
  std::string evidence;                     ///< id of the call's attribution
  std::vector<attribution::Touch> touches;  ///< of the visits that its calls were attributed to
  RL_FIELDS(AttributedCaller, at, session, confidence, evidence, touches);
};

/// A number that said stop before its contact was erased. Named by its mark.
struct OptedOut {
  Timestamp since;  ///< of the erasure
  RL_FIELDS(OptedOut, since);
};

std::string trace_name(ContactId contact, std::int64_t index);
std::string attributed_name(CampaignId campaign, ContactId contact);

}  // namespace ringledger
