// Commands about contacts. Nobody creates one: a call or a message does.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// The contact of the other party of a call or message in that workspace; one that is not known yet is made,
/// by an event added to `events`. nullopt: it is no phone number (a withheld one, a short code, a client),
/// and so nobody's.
std::optional<ContactId> contact_of(const std::string& party, WorkspaceId workspace, contacts::Source source,
                                    const Book& book, const Context& ctx, std::vector<Event>& events);
/// The person of a call or message: withheld numbers are shown as others (Twilio's way of telling them).
bool is_withheld_party(const E164& number);
/// nullptr: not of that workspace.
const contacts::Contact* contact_in(WorkspaceId workspace, ContactId id, const Book& book);
/// True: what is told of it from now on must not be sealed for it any more.
bool is_erased(const std::optional<ContactId>& contact, const Book& book);

/// CNA-04…07: what the contact is called, by a person or by an AI, whose names a workspace takes only when it
/// has caller names detected (else `forbidden`). All names are kept; which one counts is told by their
/// precedence (C20). CNAM names come with calls.
struct NameContact {
  static constexpr std::string_view operation = "NameContact";
  static constexpr std::string_view summary =
      "Tells what a contact is called; a name by a human stands before one by AI, which stands before CNAM";
  static constexpr Route route{Method::put, "/v1/workspaces/{workspace}/contacts/{contact}/name"};
  static constexpr Access access = needs("contacts.write");
  WorkspaceId workspace;
  ContactId contact;
  Patch<Text<200>> name;  ///< null: this source names it no more
  contacts::NameSource source{};
  std::optional<Share> confidence;  ///< of `ai`
  BOOST_DESCRIBE_CLASS(NameContact, (), (workspace, contact, name, source, confidence), (), ())
  static bool needed(std::string_view m) { return m == "name"; }

  /// Without the name: what is remembered of a command for its repeat must hold nothing of a person.
  struct Answer {
    ContactId id;
    std::int64_t version = 0;
    std::optional<contacts::NameSource> name_source;  ///< whose name counts now
    RL_FIELDS(Answer, id, version, name_source);
  };
};
std::vector<Error> field_faults(const NameContact&, const Book&, const Context&);
Decision<NameContact::Answer> decide(const NameContact&, const Book&, const Context&);

/// Forgets the person, for good: every copy of the log, the views, feeds and exports. Counts and costs stay.
/// A later call or message of the same number makes another contact. Of somebody with very many calls and
/// messages one command forgets the newest `most_at_once`: it is repeated, under new keys, until none are
/// left.
struct EraseContact {
  static constexpr std::int64_t most_at_once = 10'000;
  static constexpr std::string_view operation = "EraseContact";
  static constexpr std::string_view summary =
      "Forgets a person: number, names, messages and visits become unreadable everywhere; counts stay";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/contacts/{contact}/erase"};
  static constexpr Access access = needs("contacts.erase");
  WorkspaceId workspace;
  ContactId contact;
  BOOST_DESCRIBE_CLASS(EraseContact, (), (workspace, contact), (), ())

  struct Answer {
    ContactId id;
    std::int64_t version = 0;
    bool erased = true;
    std::int64_t calls = 0, messages = 0, sessions = 0;  ///< forgotten with it
    std::int64_t left = 0;  ///< calls, messages and visits that are not forgotten yet: repeat
    RL_FIELDS(Answer, id, version, erased, calls, messages, sessions, left);
  };
};
Decision<EraseContact::Answer> decide(const EraseContact&, const Book&, const Context&);

}  // namespace ringledger
