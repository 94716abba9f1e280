// `connections.v2`: the provider connections of a workspace, without their credentials.
#pragma once

#include <functional>

#include "projections/page.hpp"

namespace ringledger {

struct ConnectionRow {
  AccountId account;
  ConnectionId id;
  WorkspaceId workspace;
  connections::Provider provider{};
  std::string name, account_sid, auth_token_last4;
  bool auth_token_set = false;
  std::optional<std::string> api_key_sid;
  bool api_key_secret_set = false;
  connections::State state{};
  std::string account_type;  ///< "" until verified
  std::int64_t error_code = 0;
  std::string error_message;
  Timestamp created_at;
  std::optional<Timestamp> verified_at;
  std::int64_t version = 0;
  RL_FIELDS(ConnectionRow, account, id, workspace, provider, name, account_sid, auth_token_last4,
            auth_token_set, api_key_sid, api_key_secret_set, state, account_type, error_code, error_message,
            created_at, verified_at, version);
};

struct ConnectionsView {
  static constexpr std::string_view name = "connections.v2";
  using Row = ConnectionRow;
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static constexpr std::string_view entry_layout = "by id";
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

/// Wherever it is: what a webhook names.
Result<std::optional<ConnectionRow>> find_connection(const Rows<ConnectionsView>& rows,
                                                     ConnectionId connection);
/// Every one, of all accounts.
Result<void> each_connection(const Rows<ConnectionsView>& rows,
                             const std::function<void(const ConnectionRow&)>& visit);
/// Whose row a key names.
ConnectionId connection_in_key(std::string_view key);
/// nullopt: not in this workspace.
Result<std::optional<ConnectionRow>> find_connection(const Rows<ConnectionsView>& rows, WorkspaceId workspace,
                                                     ConnectionId connection);
/// Alphabetical, case ignored.
Result<Page<ConnectionRow>> list_connections(const Rows<ConnectionsView>& rows, WorkspaceId workspace,
                                             const PageRequest& page);

}  // namespace ringledger
