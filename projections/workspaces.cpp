#include "projections/workspaces.hpp"

#include "domain/text.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, members::Event, keys::Event, connections::Event, campaigns::Event,
                       numbers::Event, calls::Event, sessions::Event, contacts::Event, messages::Event>;

std::string key_of(AccountId account, WorkspaceId workspace) {
  return KeyBuilder().id(account).id(workspace).done();
}

struct Projection {
  std::optional<WorkspaceRow> row;
  const Fact& fact;

  Projected<WorkspaceRow> operator()(const workspaces::Created& e) {
    return WorkspaceRow{fact.commit.account, workspaces::created(e), fact.at()};
  }
  Projected<WorkspaceRow> operator()(const workspaces::Updated& e) {
    if (!row) return impossible(fact.event, "the workspace " + e.workspace.to_string());
    workspaces::update(row->workspace, e);
    return std::move(row);
  }
};

}  // namespace

std::vector<std::string> WorkspacesView::keys(const Fact& fact) {
  return on_event<Others>(fact.event, std::vector<std::string>(), [&](const auto& e) {
    return std::vector<std::string>{key_of(fact.commit.account, e.workspace)};
  });
}

Projected<WorkspaceRow> WorkspacesView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact});
}

std::vector<Entry> WorkspacesView::indexes(const Row& row) {
  const auto& w = row.workspace;
  return {{KeyBuilder().id(row.account).text(folded(w.name)).id(w.id).done(), key_of(row.account, w.id)}};
}

Counters WorkspacesView::counters(const Row& row) { return {{KeyBuilder().id(row.account).done(), 1}}; }

Result<std::optional<WorkspaceRow>> find_workspace(const Rows<WorkspacesView>& rows, AccountId account,
                                                   WorkspaceId workspace) {
  return rows.row(key_of(account, workspace));
}

Result<Page<WorkspaceRow>> list_workspaces(const Rows<WorkspacesView>& rows, AccountId account,
                                           const PageRequest& page) {
  auto prefix = KeyBuilder().id(account).done();
  return row_page(rows, prefix, page, static_cast<std::uint64_t>(rows.counter(prefix)));
}

}  // namespace ringledger
