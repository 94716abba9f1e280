#include "projections/contacts.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event, numbers::Event, calls::Attributed, calls::StatusReported,
                       calls::ForwardEnded, calls::AttributionRecomputed, calls::Updated, sessions::Event>;

std::string key_of(WorkspaceId workspace, ContactId contact) {
  return KeyBuilder().id(workspace).id(contact).done();
}

struct Projection {
  std::optional<ContactRow> row;
  const Fact& fact;

  Projected<ContactRow> operator()(const calls::Received& e) {
    return change(*e.contact, [&](ContactRow& r) {
      in_touch(r, e.started_at);
      ++r.calls;
    });
  }
  Projected<ContactRow> operator()(const messages::Received& e) {
    return change(*e.contact, [&](ContactRow& r) {
      in_touch(r, messages::came_at(e, fact.at()));
      ++r.messages;
    });
  }
  template <class E>
    requires in_variant<E, contacts::Event>
  Projected<ContactRow> operator()(const E& e) {
    auto next = row.value_or(ContactRow{});
    auto before = row ? std::optional(std::move(row->contact)) : std::nullopt;
    auto after = contacts::evolve(std::move(before), e, fact.at());
    if (!after) return impossible(fact.event, "the contact " + e.contact.to_string());
    if (!row) {
      next.account = fact.commit.account;
      next.last_contact_at = fact.at();
    }
    next.contact = std::move(*after);
    return next;
  }

 private:
  /// The first contact may lie before the commit that tells of it.
  static void in_touch(ContactRow& r, Timestamp at) {
    bool first = r.calls + r.messages == 0;
    r.last_contact_at = first ? at : std::max(r.last_contact_at, at);
  }
  Projected<ContactRow> change(ContactId id, auto&& edit) {
    if (!row) return impossible(fact.event, "the contact " + id.to_string());
    edit(*row);
    return std::move(row);
  }
};

}  // namespace

std::vector<std::string> ContactsView::keys(const Fact& fact) {
  using Keys = std::vector<std::string>;
  return on_event<Others>(fact.event, Keys(), [](const auto& e) {
    std::optional<ContactId> contact = e.contact;
    return contact ? Keys{key_of(e.workspace, *contact)} : Keys();
  });
}

Projected<ContactRow> ContactsView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact});
}

std::vector<Entry> ContactsView::indexes(const Row& row) { return Timeline<ContactTimeline>::indexes(row); }
Counters ContactsView::counters(const Row& row) { return Timeline<ContactTimeline>::counters(row); }

std::optional<ContactSummary> ContactTimeline::summary_of(const ContactRow& row) {
  const auto& c = row.contact;
  if (c.erased) return std::nullopt;
  ContactSummary s{c.id, row.last_contact_at, c.consent, c.phone, {}};
  if (auto name = contacts::name_of(c)) s.name = Personal(name->text);
  return s;
}

std::optional<std::string> ContactTimeline::value_of(const Summary& s, Facet facet) {
  switch (facet) {
    case Facet::phone:
      return s.phone.clear();
    case Facet::consent:
      return boost::describe::enum_to_string(s.consent, "");
  }
  return std::nullopt;
}

std::string ContactTimeline::order_of(const Summary& s) {
  return KeyBuilder().i64(s.last_contact_at.ms).id(s.contact).done();
}

std::string ContactTimeline::row_key(WorkspaceId workspace, const Summary& s) {
  return key_of(workspace, s.contact);
}

bool ContactTimeline::found(const Summary& s, const SearchText& text) {
  return text.in_number(s.phone.clear().value_or("")) || text.in_text(s.name.clear().value_or(""));
}

Result<Page<ContactRow>> list_contacts(const Rows<ContactsView>& rows, const ContactsQuery& query) {
  return Timeline<ContactTimeline>(rows, query).answer();
}

Result<std::optional<ContactRow>> find_contact(const Rows<ContactsView>& rows, WorkspaceId workspace,
                                               ContactId contact) {
  return rows.row(key_of(workspace, contact));
}

}  // namespace ringledger
