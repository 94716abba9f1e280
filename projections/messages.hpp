// `messages.v1`: what was written to a workspace's numbers, newest first (MSG-01). History stays with the
// workspace that had the number. Rows are keyed workspace ‖ message; how they are listed: timeline.hpp.
#pragma once

#include "projections/timeline.hpp"

namespace ringledger {

struct MessageRow {
  AccountId account;
  messages::Message message;
  RL_FIELDS(MessageRow, account, message);
};

struct MessagesView {
  static constexpr std::string_view name = "messages.v1";
  using Row = MessageRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

/// What filters and the search look at.
struct MessageSummary {
  MessageId message;
  std::optional<CampaignId> campaign;
  std::optional<NumberId> number;
  std::optional<ContactId> contact;
  Timestamp received_at;
  Personal<std::string> from;
  std::string to;
  RL_FIELDS(MessageSummary, message, campaign, number, contact, received_at, from, to);
};

struct MessageTimeline {
  using View = MessagesView;
  using Summary = MessageSummary;
  /// Ids by their raw bytes.
  enum class Facet : char { campaign = 'c', number = 'n', contact = 'k', from = 'f' };
  static constexpr Facet facets[] = {Facet::campaign, Facet::number, Facet::contact, Facet::from};
  static bool is_personal(Facet facet) { return facet == Facet::from; }
  static std::optional<Summary> summary_of(const MessageRow& row);
  static WorkspaceId workspace_of(const MessageRow& row) { return row.message.workspace; }
  static std::optional<std::string> value_of(const Summary& summary, Facet facet);
  static std::string order_of(const Summary& summary);
  static std::string row_key(WorkspaceId workspace, const Summary& summary);
  static bool found(const Summary& summary, const SearchText& text);  ///< digits of either number
};
using MessagesQuery = TimelineQuery<MessageTimeline>;

Result<Page<MessageRow>> list_messages(const Rows<MessagesView>& rows, const MessagesQuery& query);
/// nullopt: not in this workspace.
Result<std::optional<MessageRow>> find_message(const Rows<MessagesView>& rows, WorkspaceId workspace,
                                               MessageId message);

}  // namespace ringledger
