// `access.v2`: what authorisation asks at every request: the key, its member, its account, what a workspace
// grants. Rows are found by id alone, as a request brings nothing else.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

/// Of a key, a member, an account or a workspace.
struct AccessRow {
  AccountId account;
  std::optional<keys::Key> key;
  std::optional<members::Member> member;
  std::optional<accounts::Account> of_account;
  std::optional<workspaces::Workspace> workspace;
  RL_FIELDS(AccessRow, account, key, member, of_account, workspace);
};

struct AccessView {
  static constexpr std::string_view name = "access.v2";
  using Row = AccessRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

std::string access_key(KeyId key);
std::string access_key(MemberId member);
std::string access_key(AccountId account);
std::string access_key(WorkspaceId workspace);

/// Keys of an account, or of one of its members, oldest first; revoked ones are not listed.
Result<Page<AccessRow>> list_keys(const Rows<AccessView>& rows, AccountId account,
                                  std::optional<MemberId> member, const PageRequest& page);

}  // namespace ringledger
