#include "projections/connections.hpp"

#include "domain/text.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, campaigns::Event,
                       numbers::Event, calls::Event, sessions::Event, contacts::Event, messages::Event>;

std::string key_of(WorkspaceId workspace, ConnectionId connection) {
  return KeyBuilder().id(workspace).id(connection).done();
}

struct Projection {
  std::optional<ConnectionRow> row;
  const Fact& fact;

  Projected<ConnectionRow> operator()(const connections::Added& e) {
    ConnectionRow next;
    next.account = fact.commit.account;
    next.id = e.connection;
    next.workspace = e.workspace;
    next.provider = e.provider;
    next.name = e.name;
    next.account_sid = e.account_sid;
    next.auth_token_last4 = e.auth_token_last4;
    next.auth_token_set = e.auth_token.reveal().has_value();
    next.api_key_sid = e.api_key_sid;
    next.api_key_secret_set = e.api_key_secret.reveal().has_value();
    next.state = connections::State::unverified;
    next.created_at = fact.at();
    next.version = 1;
    return next;
  }
  Projected<ConnectionRow> operator()(const connections::Updated& e) {
    if (!row) return impossible(fact.event, "the connection " + e.connection.to_string());
    if (e.name) row->name = *e.name;
    if (e.auth_token.reveal()) row->auth_token_set = true;
    if (e.auth_token_last4) {  // there with every new token
      row->auth_token_last4 = *e.auth_token_last4;
      row->state = connections::State::unverified;
      row->error_code = 0;
      row->error_message.clear();
    }
    if (e.api_key_sid) row->api_key_sid = e.api_key_sid;
    if (e.api_key_secret.reveal()) row->api_key_secret_set = true;
    ++row->version;
    return std::move(row);
  }
  Projected<ConnectionRow> operator()(const connections::ApiKeyRemoved& e) {
    if (!row) return impossible(fact.event, "the connection " + e.connection.to_string());
    if (!e.secret_only) row->api_key_sid.reset();
    row->api_key_secret_set = false;
    ++row->version;
    return std::move(row);
  }
  Projected<ConnectionRow> operator()(const connections::Verified& e) {
    if (!row) return impossible(fact.event, "the connection " + e.connection.to_string());
    row->state = e.state;
    row->account_type = e.account_type;
    row->error_code = e.error_code;
    row->error_message = e.error_message;
    row->verified_at = fact.at();
    return std::move(row);
  }
};

}  // namespace

std::vector<std::string> ConnectionsView::keys(const Fact& fact) {
  return on_event<Others>(fact.event, std::vector<std::string>(), [](const auto& e) {
    return std::vector<std::string>{key_of(e.workspace, e.connection)};
  });
}

Projected<ConnectionRow> ConnectionsView::project(std::optional<Row> row, const Fact& fact,
                                                  std::string_view) {
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact});
}

std::vector<Entry> ConnectionsView::indexes(const Row& row) {
  auto key = key_of(row.workspace, row.id);
  return {{KeyBuilder().id(row.workspace).text(folded(row.name)).id(row.id).done(), key},
          {KeyBuilder().id(row.id).done(), key}};
}

Counters ConnectionsView::counters(const Row& row) { return {{KeyBuilder().id(row.workspace).done(), 1}}; }

Result<std::optional<ConnectionRow>> find_connection(const Rows<ConnectionsView>& rows, WorkspaceId workspace,
                                                     ConnectionId connection) {
  return rows.row(key_of(workspace, connection));
}

Result<std::optional<ConnectionRow>> find_connection(const Rows<ConnectionsView>& rows,
                                                     ConnectionId connection) {
  auto key = rows.get(index_space, KeyBuilder().id(connection).view());
  if (!key) {
    if (auto healthy = rows.health(); !healthy) return std::unexpected(healthy.error());
    return std::optional<ConnectionRow>();
  }
  return rows.row(*key);
}

ConnectionId connection_in_key(std::string_view key) {
  KeyReader reader(key);
  reader.as<WorkspaceId>();
  return reader.as<ConnectionId>();
}

Result<Page<ConnectionRow>> list_connections(const Rows<ConnectionsView>& rows, WorkspaceId workspace,
                                             const PageRequest& page) {
  auto prefix = KeyBuilder().id(workspace).done();
  return row_page(rows, prefix, page, static_cast<std::uint64_t>(rows.counter(prefix)));
}

Result<void> each_connection(const Rows<ConnectionsView>& rows,
                             const std::function<void(const ConnectionRow&)>& visit) {
  std::vector<std::string> keys;
  rows.scan(row_space, "", "", false, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  for (const auto& key : keys) {
    auto row = rows.row(key);
    if (!row) return std::unexpected(row.error());
    if (*row) visit(**row);
  }
  return rows.health();
}

}  // namespace ringledger
