// Queries about who there is: the caller, workspaces, members, keys, connections.
#include <algorithm>

#include "api/query_operation.hpp"
#include "commands/connection.hpp"
#include "commands/key.hpp"
#include "projections/connections.hpp"
#include "projections/members.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {
namespace {

constexpr std::size_t most_workspaces = 10'000;  ///< told by GetMe and looked through by ListWorkspaces

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
                 return role_may(r.role, capability);
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
  std::string list = "workspaces" + asked.account().to_string();
  auto order = [](const WorkspaceRow& w) {
    return KeyBuilder().text(lower_ascii(w.workspace.name)).id(w.workspace.id).done();
  };
  auto from = all->begin();
  if (!page->cursor.empty()) {
    auto after = read_cursor(list, page->cursor);
    if (!after) return refused(after.error());
    from = std::find_if(from, all->end(), [&](const auto& w) { return order(w) > *after; });
  }
  auto left = static_cast<std::size_t>(all->end() - from);
  from += static_cast<std::ptrdiff_t>(std::min(left, page->skip));
  left = static_cast<std::size_t>(all->end() - from);
  Page<WorkspaceRow> shown;
  shown.total = all->size();
  shown.items.assign(from, from + static_cast<std::ptrdiff_t>(std::min(left, page->limit)));
  if (left > page->limit) shown.next_cursor = make_cursor(list, order(shown.items.back()));
  return list_answer(shown, asked, [](const WorkspaceRow& w) { return w.workspace; });
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

  struct Row {
    MemberId id;
    Personal<std::string> name, email;
    members::Role role{};  ///< in this workspace
    bool account_owner = false;
    Timestamp added_at;
    std::int64_t version = 0;
    BOOST_DESCRIBE_CLASS(Row, (), (id, name, email, role, account_owner, added_at, version), (), ())
  };
};

QueryAnswer answer(const ListMembers& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto rows = list_members(asked.ctx.sight.of<MembersView>(), q.workspace, *page);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, [&](const MemberRow& row) {
    const auto& m = row.member;
    auto role = m.role_in(q.workspace).value_or(members::Role::member);
    return ListMembers::Row{m.id, m.name, m.email, role, m.account_owner, row.added_at, m.version};
  });
}

struct ListKeys {
  static constexpr std::string_view operation = "ListKeys";
  static constexpr std::string_view summary =
      "Keys that were not revoked: one's own, or all of the account for its owner";
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
    BOOST_DESCRIBE_CLASS(Row, (),
                         (id, name, member, capabilities, workspaces, expires_at, previous_valid_until,
                          created_at),
                         (), ())
  };
};

QueryAnswer answer(const ListKeys& q, const Asked& asked) {
  const Caller& caller = asked.call.caller;
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto shape = [](const AccessRow& row) {
    const auto& k = *row.key;
    return ListKeys::Row{
        k.id,        k.name, k.member, k.capabilities, k.workspaces, k.expires_at, k.previous_valid_until,
        k.created_at};
  };
  if (!caller.member) {  // a service key sees itself
    Page<AccessRow> self;
    if (!q.member) self.items.push_back(*caller.key);
    self.total = self.items.size();
    return list_answer(self, asked, shape);
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
