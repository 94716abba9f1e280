// `contacts.v1`: who called a workspace or wrote to it, the latest first. Rows are keyed workspace ‖ contact;
// how they are listed: timeline.hpp. What an erasure leaves is a row with its counts, which no list shows.
#pragma once

#include "projections/timeline.hpp"

namespace ringledger {

struct ContactRow {
  AccountId account;
  contacts::Contact contact;
  std::int64_t calls = 0, messages = 0;
  Timestamp last_contact_at;
  RL_FIELDS(ContactRow, account, contact, calls, messages, last_contact_at);
};

struct ContactsView {
  static constexpr std::string_view name = "contacts.v1";
  using Row = ContactRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

/// What filters and the search look at.
struct ContactSummary {
  ContactId contact;
  Timestamp last_contact_at;
  contacts::Consent consent{};
  Personal<std::string> phone, name;
  RL_FIELDS(ContactSummary, contact, last_contact_at, consent, phone, name);
};

struct ContactTimeline {
  using View = ContactsView;
  using Summary = ContactSummary;
  enum class Facet : char { phone = 'p', consent = 'o' };
  static constexpr Facet facets[] = {Facet::phone, Facet::consent};
  static bool is_personal(Facet facet) { return facet == Facet::phone; }
  static std::optional<Summary> summary_of(const ContactRow& row);
  static WorkspaceId workspace_of(const ContactRow& row) { return row.contact.workspace; }
  static std::optional<std::string> value_of(const Summary& summary, Facet facet);
  static std::string order_of(const Summary& summary);
  static std::string row_key(WorkspaceId workspace, const Summary& summary);
  static bool found(const Summary& summary,
                    const SearchText& text);  ///< digits of its phone, part of its name
};
using ContactsQuery = TimelineQuery<ContactTimeline>;

Result<Page<ContactRow>> list_contacts(const Rows<ContactsView>& rows, const ContactsQuery& query);
/// nullopt: not in this workspace.
Result<std::optional<ContactRow>> find_contact(const Rows<ContactsView>& rows, WorkspaceId workspace,
                                               ContactId contact);

}  // namespace ringledger
