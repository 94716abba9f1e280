// `members.v2`: the people of an account and of each workspace.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct MemberRow {
  AccountId account;
  members::Member member;
  RL_FIELDS(MemberRow, account, member);
};

struct MembersView {
  static constexpr std::string_view name = "members.v2";
  using Row = MemberRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

/// The member an event is about; a new workspace is about its owner. nullopt: none.
std::optional<MemberId> member_of(const Event& event);
/// The member after an event about it.
Projected<members::Member> fold_member(std::optional<members::Member> member, const Event& event,
                                       Timestamp at);

/// nullopt: not in this account.
Result<std::optional<MemberRow>> find_member(const Rows<MembersView>& rows, AccountId account,
                                             MemberId member);
/// In the order they came to the account.
Result<Page<MemberRow>> list_members(const Rows<MembersView>& rows, WorkspaceId workspace,
                                     const PageRequest& page);

}  // namespace ringledger
