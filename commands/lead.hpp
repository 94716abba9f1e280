// Commands that note what is known of a lead: of a contact, or of one of its calls (LOG-01). They change
// nothing of the other (LOG-02).
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// Blanks around it do not count.
struct LeadTag {
  std::string value;
  static constexpr std::size_t min = 1, max = 50;
  static std::expected<LeadTag, std::string> read_text(std::string_view text);
  [[nodiscard]] const std::string& text_form() const { return value; }
};
/// More are refused. Of those that differ only in case the first stands.
inline constexpr std::size_t most_tags = 50;
using LeadNotes = Text<10'000, 1, Lines::several>;

/// What is left out stays; null clears, and so does an empty list.
struct UpdateContact {
  static constexpr std::string_view operation = "UpdateContact";
  static constexpr std::string_view summary =
      "Notes a contact's deal value (all in all), lead status (now), notes and tags; its calls keep theirs";
  static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}/contacts/{contact}"};
  static constexpr Access access = needs("contacts.write");
  WorkspaceId workspace;
  ContactId contact;
  Patch<Money> deal_value;  ///< not negative
  Patch<leads::Status> lead_status;
  Patch<LeadNotes> notes;
  Patch<std::vector<LeadTag>> tags;
  BOOST_DESCRIBE_CLASS(UpdateContact, (), (workspace, contact, deal_value, lead_status, notes, tags), (), ())

  /// Without notes and tags: what is remembered of a command for its repeat must hold nothing of a person.
  struct Answer {
    ContactId id;
    std::int64_t version = 0;
    std::optional<Money> deal_value;
    std::optional<leads::Status> lead_status;
    RL_FIELDS(Answer, id, version, deal_value, lead_status);
  };
};
std::vector<Error> field_faults(const UpdateContact&, const Book&, const Context&);
Decision<UpdateContact::Answer> decide(const UpdateContact&, const Book&, const Context&);

/// The same of one call. Notes and tags are sealed with the key of whom the call was with, so those of an
/// erased contact's call can only be cleared.
struct UpdateCall {
  static constexpr std::string_view operation = "UpdateCall";
  static constexpr std::string_view summary =
      "Notes what one call came to: deal value, lead status, notes and tags; its contact keeps its own";
  static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}/calls/{call}"};
  static constexpr Access access = needs("calls.write");
  WorkspaceId workspace;
  CallId call;
  Patch<Money> deal_value;  ///< not negative
  Patch<leads::CallStatus> lead_status;
  Patch<LeadNotes> notes;
  Patch<std::vector<LeadTag>> tags;
  BOOST_DESCRIBE_CLASS(UpdateCall, (), (workspace, call, deal_value, lead_status, notes, tags), (), ())

  struct Answer {
    CallId id;
    std::int64_t version = 0;
    std::optional<Money> deal_value;
    std::optional<leads::CallStatus> lead_status;
    RL_FIELDS(Answer, id, version, deal_value, lead_status);
  };
};
std::vector<Error> field_faults(const UpdateCall&, const Book&, const Context&);
Decision<UpdateCall::Answer> decide(const UpdateCall&, const Book&, const Context&);

}  // namespace ringledger
