// `workspaces.v2`: the workspaces of an account.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct WorkspaceRow {
  AccountId account;
  workspaces::Workspace workspace;
  Timestamp created_at;
  RL_FIELDS(WorkspaceRow, account, workspace, created_at);
};

struct WorkspacesView {
  static constexpr std::string_view name = "workspaces.v2";
  using Row = WorkspaceRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

/// nullopt: not in this account.
Result<std::optional<WorkspaceRow>> find_workspace(const Rows<WorkspacesView>& rows, AccountId account,
                                                   WorkspaceId workspace);
/// Alphabetical, case ignored.
Result<Page<WorkspaceRow>> list_workspaces(const Rows<WorkspacesView>& rows, AccountId account,
                                           const PageRequest& page);

}  // namespace ringledger
