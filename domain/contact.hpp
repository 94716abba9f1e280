// Contacts: the people who call a workspace or write to it, one per phone number. Nobody makes them: the
// first call or message does (features.md CON-01). A contact is the data subject of all that is known of its
// person.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/lead.hpp"
#include "domain/values.hpp"

namespace ringledger::contacts {

/// What made it known.
BOOST_DEFINE_ENUM_CLASS(Source, call, message)
/// Who says what it is called. `cnam`: the caller name that the provider looked up.
BOOST_DEFINE_ENUM_CLASS(NameSource, human, ai, cnam)
/// Whether we may write to it. Nobody said so far: `unknown`.
BOOST_DEFINE_ENUM_CLASS(Consent, unknown, opted_in, opted_out)
/// `kept`: of the number, from before its contact was erased.
BOOST_DEFINE_ENUM_CLASS(ConsentSource, keyword, agent, import, kept)

struct Created {
  static constexpr std::string_view type = "contact.created.v1";
  ContactId contact;
  WorkspaceId workspace;
  Source source{};
  std::string country;          ///< ISO 3166-1 alpha-2; "" unknown
  Personal<std::string> phone;  ///< E.164
  RL_FIELDS(Created, contact, workspace, source, country, phone);
  [[nodiscard]] std::string subject() const { return contact.to_string(); }
};

/// CNA-05: strictly above, an AI's name stands before CNAM's. Below it the name counts only where nobody else
/// gave one and the workspace's own gate is lower (CNA-06, C20); that gate is this one until it is set.
inline constexpr Share least_ai_confidence{8'000};

/// Every name that anybody gave is a fact, also one that another name stands before (C20).
struct Named {
  static constexpr std::string_view type = "contact.named.v1";
  ContactId contact;
  WorkspaceId workspace;
  NameSource source{};
  std::optional<Share> confidence;  ///< of `ai`
  Personal<std::string> name;       ///< empty: that source names it no more
  std::optional<Share> gate{};      ///< of `ai`: the workspace's then; absent: least_ai_confidence
  RL_FIELDS(Named, contact, workspace, source, confidence, name, gate);
  [[nodiscard]] std::string subject() const { return contact.to_string(); }
};

/// CMP-04: what was said, by whom, and what proves it.
struct ConsentChanged {
  static constexpr std::string_view type = "contact.consent_changed.v1";
  ContactId contact;
  WorkspaceId workspace;
  Consent consent{};
  ConsentSource source{};
  std::string keyword;                 ///< of `keyword`, in capitals
  std::optional<MessageId> message;    ///< the evidence
  std::optional<Timestamp> said_at{};  ///< of evidence that was found late; absent: just now
  RL_FIELDS(ConsentChanged, contact, workspace, consent, source, keyword, message, said_at);
};

/// LOG-01: of the person, as of now and all in all. An absent member that is not `cleared` is unchanged.
struct Updated {
  static constexpr std::string_view type = "contact.updated.v1";
  ContactId contact;
  WorkspaceId workspace;
  std::optional<Money> deal_value;
  std::optional<leads::Status> lead_status;
  Personal<std::string> notes;
  Personal<leads::Tags> tags;
  std::vector<leads::Field> cleared;
  RL_FIELDS(Updated, contact, workspace, deal_value, lead_status, notes, tags, cleared);
  [[nodiscard]] std::string subject() const { return contact.to_string(); }
};

/// That a number said stop, kept without the number: its next contact is one that said stop.
struct KeptOptOut {
  std::string mark;     ///< HMAC of workspace and number under the installation's key, hex
  bool stands = false;  ///< false: it is lifted
  RL_FIELDS(KeptOptOut, mark, stands);
};

/// The person is forgotten: the keys of the contact and of these sessions are destroyed, and with them
/// everything that was sealed for it. Named are all rows that held something of it; of somebody who called
/// very often they are named by several of these, and the contact's key goes with the last.
struct Erased {
  static constexpr std::string_view type = "contact.erased.v1";
  ContactId contact;
  WorkspaceId workspace;
  std::vector<CallId> calls;
  std::vector<MessageId> messages;
  std::vector<SessionId> sessions;  ///< its calls were attributed to these; and their visitors' others
  std::optional<KeptOptOut> opt_out;
  std::int64_t left = 0;  ///< rows that are still to be named
  RL_FIELDS(Erased, contact, workspace, calls, messages, sessions, opt_out, left);
  /// Data subjects whose keys are to be destroyed.
  [[nodiscard]] std::vector<std::string> subjects() const;
};

using Event = std::variant<Created, Named, ConsentChanged, Erased, Updated>;

struct Contact {
  ContactId id;
  WorkspaceId workspace;
  Source source{};
  std::string country;
  Personal<std::string> phone;
  // One name of each source; which one counts: name_of.
  Personal<std::string> human_name, ai_name, cnam_name;
  Share ai_confidence, ai_gate = least_ai_confidence;
  Consent consent{};
  std::optional<Timestamp> consent_at;  ///< when it was last said
  std::optional<MessageId> consent_message;
  // What is noted of the person (LOG-01); notes and tags are pinned to it, a call has its own (LOG-04).
  std::optional<Money> deal_value;
  std::optional<leads::Status> lead_status;
  Personal<std::string> notes;
  Personal<leads::Tags> tags;
  Timestamp created_at;
  bool erased = false;
  std::int64_t version = 0;
  RL_FIELDS(Contact, id, workspace, source, country, phone, human_name, ai_name, cnam_name, ai_confidence,
            ai_gate, consent, consent_at, consent_message, deal_value, lead_status, notes, tags, created_at,
            erased, version);
};

/// nullopt in gives nullopt out, but for Created.
std::optional<Contact> evolve(std::optional<Contact> state, const Event& event, Timestamp at);

/// What it is called, and who says so: human, AI that is surer than 80 %, CNAM, AI that is surer than the
/// workspace's gate (C20). nullopt: nameless.
struct Name {
  NameSource source{};
  std::string text;
};
std::optional<Name> name_of(const Contact& contact);

}  // namespace ringledger::contacts
