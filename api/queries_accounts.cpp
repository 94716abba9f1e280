// Queries about who there is: the caller, workspaces, members, keys, connections.
#include <algorithm>

#include "api/query_operation.hpp"
#include "commands/connection.hpp"
#include "commands/key.hpp"
#include "commands/workspace.hpp"
#include "projections/connections.hpp"
#include "projections/members.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {
namespace {

constexpr std::size_t most_workspaces = 10'000;  ///< told by GetMe and looked through by ListWorkspaces
constexpr std::size_t most_keys = 10'000;        ///< looked through for a service key

/// The workspaces within the caller's reach, alphabetical.
Result<std::vector<WorkspaceRow>> workspaces_in_reach(const Asked& asked) {
  auto rows = asked.ctx.sight.of<WorkspacesView>();
  std::vector<WorkspaceRow> all;
  PageRequest request;
  request.limit = max_limit;
  for (bool more = true; more && all.size() < most_workspaces;) {
    auto page = list_workspaces(rows, asked.account(), request);
    if (!page) return std::unexpected(page.error());
    for (auto& row : page->items) {
      if (asked.call.caller.reaches(row.workspace.id)) all.push_back(std::move(row));
    }
    more = page->next_cursor.has_value();
    if (more) request.cursor = *page->next_cursor;
  }
  return all;
}

struct GetMe {
  static constexpr std::string_view operation = "GetMe";
  static constexpr std::string_view summary = "Who the key belongs to, its workspaces and what it may do";
  static constexpr Route route{Method::get, "/v1/me"};
  static constexpr Access access{Access::Need::any};
  BOOST_DESCRIBE_CLASS(GetMe, (), (), (), ())

  struct Answer {
    struct AccountRef {
      AccountId id;
      std::string name;
      BOOST_DESCRIBE_CLASS(AccountRef, (), (id, name), (), ())
    };
    struct MyWorkspace {
      WorkspaceId id;
      std::string name;
      std::optional<members::Role> role;  ///< none for a service key
      BOOST_DESCRIBE_CLASS(MyWorkspace, (), (id, name, role), (), ())
    };
    AccountRef account;
    std::string principal;  ///< "mem_…", or "key_…" for a service key
    std::vector<MyWorkspace> workspaces;
    std::vector<std::string> capabilities;  ///< held in at least one of the workspaces
    BOOST_DESCRIBE_CLASS(Answer, (), (account, principal, workspaces, capabilities), (), ())
  };
};

std::vector<std::string> capabilities_of(const Caller& caller) {
  if (!caller.member) return caller.key->key->capabilities;
  std::vector<std::string> held;
  for (auto capability : all_capabilities()) {
    const auto& roles = caller.member->member->roles;
    bool may = caller.is_account_owner() || std::any_of(roles.begin(), roles.end(), [&](const auto& r) {
                 return caller.may(capability, r.workspace);
               });
    if (may) held.emplace_back(capability);
  }
  return held;
}

QueryAnswer answer(const GetMe&, const Asked& asked) {
  const Caller& caller = asked.call.caller;
  auto account = asked.ctx.sight.of<AccessView>().row(access_key(caller.account));
  if (!account) return refused(account.error());
  auto reach = workspaces_in_reach(asked);
  if (!reach) return refused(reach.error());
  GetMe::Answer me;
  me.account.id = caller.account;
  if (*account && (*account)->of_account) me.account.name = (*account)->of_account->name;
  me.principal = caller.principal.text;
  for (const auto& w : *reach)
    me.workspaces.push_back({w.workspace.id, w.workspace.name, caller.role_in(w.workspace.id)});
  me.capabilities = capabilities_of(caller);
  return resource(me, caller.member ? caller.member->member->version : 0, asked.call);
}

struct ListWorkspaces {
  static constexpr std::string_view operation = "ListWorkspaces";
  static constexpr std::string_view summary = "The workspaces within reach, alphabetical";
  static constexpr Route route{Method::get, "/v1/workspaces"};
  static constexpr Access access{Access::Need::any};
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListWorkspaces, (), (limit, cursor, page, per_page), (), ())
  using Row = workspaces::Workspace;
};

/// Of those within reach, which are few, the page is cut in memory.
QueryAnswer answer(const ListWorkspaces& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto all = workspaces_in_reach(asked);
  if (!all) return refused(all.error());
  auto shown = cut_page(*all, "workspaces" + asked.account().to_string(), *page, [](const WorkspaceRow& w) {
    return KeyBuilder().text(folded(w.workspace.name)).id(w.workspace.id).done();
  });
  if (!shown) return std::unexpected(shown.error());
  return list_answer(*shown, asked, [](const WorkspaceRow& w) { return w.workspace; });
}

struct GetWorkspace {
  static constexpr std::string_view operation = "GetWorkspace";
  static constexpr std::string_view summary = "One workspace";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}"};
  static constexpr Access access{Access::Need::any};  // who reaches it may see its settings
  WorkspaceId workspace;
  BOOST_DESCRIBE_CLASS(GetWorkspace, (), (workspace), (), ())
  using Answer = workspaces::Workspace;
};

QueryAnswer answer(const GetWorkspace& q, const Asked& asked) {
  auto row = find_workspace(asked.ctx.sight.of<WorkspacesView>(), asked.account(), q.workspace);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  return resource((*row)->workspace, (*row)->workspace.version, asked.call);
}

struct ListMembers {
  static constexpr std::string_view operation = "ListMembers";
  static constexpr std::string_view summary =
      "The people of a workspace, in the order they came to the account";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/members"};
  static constexpr Access access = needs("members.read");
  WorkspaceId workspace;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListMembers, (), (workspace, limit, cursor, page, per_page), (), ())
  using Row = MemberView;
};

QueryAnswer answer(const ListMembers& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto rows = list_members(asked.ctx.sight.of<MembersView>(), q.workspace, *page);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, [&](const MemberRow& row) {
    return view_of(row.member, row.member.role_in(q.workspace).value_or(members::Role::member));
  });
}

struct ListKeys {
  static constexpr std::string_view operation = "ListKeys";
  static constexpr std::string_view summary =
      "Keys that were not revoked: one's own; all for the account's owner; with keys.read also service keys "
      "that give no more than one's own";
  static constexpr Route route{Method::get, "/v1/keys"};
  static constexpr Access access{Access::Need::any};
  std::optional<MemberId> member;  ///< only this member's
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListKeys, (), (member, limit, cursor, page, per_page), (), ())

  struct Row {
    KeyId id;
    std::string name;
    std::optional<MemberId> member;
    std::vector<std::string> capabilities;
    std::vector<WorkspaceId> workspaces;
    std::optional<Timestamp> expires_at, previous_valid_until;
    Timestamp created_at;
    std::int64_t version = 0;
    BOOST_DESCRIBE_CLASS(Row, (),
                         (id, name, member, capabilities, workspaces, expires_at, previous_valid_until,
                          created_at, version),
                         (), ())
  };
};

/// What a service key sees: itself, and with keys.read those that give no more than it has; oldest first.
Result<std::vector<AccessRow>> keys_in_reach(const Asked& asked) {
  const Caller& caller = asked.call.caller;
  const keys::Key& own = *caller.key->key;
  if (!caller.may("keys.read", {})) return std::vector{*caller.key};
  std::vector<AccessRow> all;
  PageRequest request;
  request.limit = max_limit;
  for (bool more = true; more && all.size() < most_keys;) {
    auto page = list_keys(asked.ctx.sight.of<AccessView>(), caller.account, std::nullopt, request);
    if (!page) return std::unexpected(page.error());
    for (auto& row : page->items) {
      if (row.key->id == own.id || within(own, *row.key)) all.push_back(std::move(row));
    }
    more = page->next_cursor.has_value();
    if (more) request.cursor = *page->next_cursor;
  }
  return all;
}

QueryAnswer answer(const ListKeys& q, const Asked& asked) {
  const Caller& caller = asked.call.caller;
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto shape = [](const AccessRow& row) {
    const auto& k = *row.key;
    return ListKeys::Row{
        k.id,         k.name,   k.member, k.capabilities, k.workspaces, k.expires_at, k.previous_valid_until,
        k.created_at, k.version};
  };
  if (!caller.member) {
    auto all = keys_in_reach(asked);
    if (!all) return refused(all.error());
    if (q.member) all->clear();
    auto shown = cut_page(*all, "keys of " + caller.key_id, *page,
                          [](const AccessRow& row) { return KeyBuilder().id(row.key->id).done(); });
    if (!shown) return std::unexpected(shown.error());
    return list_answer(*shown, asked, shape);
  }
  auto whose = q.member;
  if (!caller.is_account_owner()) {
    MemberId own = caller.member->member->id;
    if (whose && *whose != own) return no_such_thing();
    whose = own;
  }
  auto rows = list_keys(asked.ctx.sight.of<AccessView>(), caller.account, whose, *page);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, shape);
}

struct ListConnections {
  static constexpr std::string_view operation = "ListConnections";
  static constexpr std::string_view summary = "The provider connections of a workspace, alphabetical";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/connections"};
  static constexpr Access access = needs("connections.read");
  WorkspaceId workspace;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListConnections, (), (workspace, limit, cursor, page, per_page), (), ())
  using Row = ConnectionView;
};

ConnectionView view_of_row(const ConnectionRow& row) {
  ConnectionView v{row.id,
                   row.provider,
                   row.name,
                   row.account_sid,
                   row.auth_token_set,
                   row.auth_token_last4,
                   row.api_key_sid,
                   row.api_key_secret_set,
                   row.state,
                   std::nullopt,
                   row.version};
  if (!row.account_type.empty()) v.account_type = row.account_type;
  return v;
}

QueryAnswer answer(const ListConnections& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto rows = list_connections(asked.ctx.sight.of<ConnectionsView>(), q.workspace, *page);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, view_of_row);
}

struct GetConnection {
  static constexpr std::string_view operation = "GetConnection";
  static constexpr std::string_view summary = "One provider connection, without its secrets";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/connections/{connection}"};
  static constexpr Access access = needs("connections.read");
  WorkspaceId workspace;
  ConnectionId connection;
  BOOST_DESCRIBE_CLASS(GetConnection, (), (workspace, connection), (), ())
  using Answer = ConnectionView;
};

QueryAnswer answer(const GetConnection& q, const Asked& asked) {
  auto row = find_connection(asked.ctx.sight.of<ConnectionsView>(), q.workspace, q.connection);
  if (!row) return refused(row.error());
  if (!*row) return no_such_thing();
  return resource(view_of_row(**row), (*row)->version, asked.call);
}

}  // namespace

std::vector<Operation> account_queries(const QueryPortsPtr& ports) {
  return {query<GetMe>(ports),        query<ListWorkspaces>(ports), query<GetWorkspace>(ports),
          query<ListMembers>(ports),  query<ListKeys>(ports),       query<ListConnections>(ports),
          query<GetConnection>(ports)};
}

}  // namespace ringledger
