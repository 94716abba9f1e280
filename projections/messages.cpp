#include "projections/messages.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event, numbers::Event, calls::Event, sessions::Event, contacts::Created,
                       contacts::Named, contacts::ConsentChanged, contacts::Updated>;

std::string key_of(WorkspaceId workspace, MessageId message) {
  return KeyBuilder().id(workspace).id(message).done();
}

}  // namespace

std::vector<std::string> MessagesView::keys(const Fact& fact) {
  using Keys = std::vector<std::string>;
  return on_event<Others>(
      fact.event, Keys(),
      Overload{[](const messages::Received& e) { return Keys{key_of(e.workspace, e.message)}; },
               [](const contacts::Erased& e) {
                 Keys keys;
                 for (auto message : e.messages) keys.push_back(key_of(e.workspace, message));
                 return keys;
               }});
}

Projected<MessageRow> MessagesView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt),
                          Overload{[&](const messages::Received& e) -> Projected<Row> {
                                     return Row{fact.commit.account, messages::message_of(e, fact.at())};
                                   },
                                   [&](const contacts::Erased&) -> Projected<Row> {
                                     if (!row) return impossible(fact.event, "a message of the contact");
                                     messages::forget_sender(row->message);
                                     return std::move(row);
                                   }});
}

std::vector<Entry> MessagesView::indexes(const Row& row) { return Timeline<MessageTimeline>::indexes(row); }
Counters MessagesView::counters(const Row& row) { return Timeline<MessageTimeline>::counters(row); }

std::optional<MessageSummary> MessageTimeline::summary_of(const MessageRow& row) {
  const auto& m = row.message;
  return MessageSummary{m.id, m.campaign, m.number, m.contact, m.received_at, m.from, m.to};
}

std::optional<std::string> MessageTimeline::value_of(const Summary& s, Facet facet) {
  auto bytes = [](const auto& id) { return id ? std::optional(KeyBuilder().id(*id).done()) : std::nullopt; };
  switch (facet) {
    case Facet::campaign:
      return bytes(s.campaign);
    case Facet::number:
      return bytes(s.number);
    case Facet::contact:
      return bytes(s.contact);
    case Facet::from:
      return s.from.clear();
  }
  return std::nullopt;
}

std::string MessageTimeline::order_of(const Summary& s) {
  return KeyBuilder().i64(s.received_at.ms).id(s.message).done();
}

std::string MessageTimeline::row_key(WorkspaceId workspace, const Summary& s) {
  return key_of(workspace, s.message);
}

bool MessageTimeline::found(const Summary& s, const SearchText& text) {
  return text.in_number(s.to) || text.in_number(s.from.clear().value_or(""));
}

Result<Page<MessageRow>> list_messages(const Rows<MessagesView>& rows, const MessagesQuery& query) {
  return Timeline<MessageTimeline>(rows, query).answer();
}

Result<std::optional<MessageRow>> find_message(const Rows<MessagesView>& rows, WorkspaceId workspace,
                                               MessageId message) {
  return rows.row(key_of(workspace, message));
}

}  // namespace ringledger
