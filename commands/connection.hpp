// Commands about connections.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// A connection as its readers see it: secrets are written, never read.
struct ConnectionView {
  ConnectionId id;
  connections::Provider provider{};
  std::string name, account_sid;
  bool auth_token_set = false;
  std::string auth_token_last4;
  std::optional<std::string> api_key_sid;
  bool api_key_secret_set = false;
  connections::State state{};
  std::optional<std::string> account_type;
  std::int64_t version = 0;
  RL_FIELDS(ConnectionView, id, provider, name, account_sid, auth_token_set, auth_token_last4, api_key_sid,
            api_key_secret_set, state, account_type, version);
};
ConnectionView view_of(const connections::Connection&);

struct AddConnection {
  static constexpr std::string_view operation = "AddConnection";
  static constexpr std::string_view summary = "Adds a provider account's credentials to the workspace";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/connections"};
  static constexpr Access access = needs("connections.write");
  static constexpr int statuses[] = {201};
  WorkspaceId workspace;
  connections::Provider provider{};
  Text<200> name;
  AccountSid account_sid;
  Text<200> auth_token;
  std::optional<ApiKeySid> api_key_sid;
  std::optional<Text<200>> api_key_secret;
  BOOST_DESCRIBE_CLASS(AddConnection, (),
                       (workspace, provider, name, account_sid, auth_token, api_key_sid, api_key_secret), (),
                       ())

  using Answer = ConnectionView;
};
std::vector<Error> field_faults(const AddConnection&, const Book&, const Context&);
Decision<AddConnection::Answer> decide(const AddConnection&, const Book&, const Context&);

/// Rotates or completes credentials. An account SID cannot change: that is another connection.
struct UpdateConnection {
  static constexpr std::string_view operation = "UpdateConnection";
  static constexpr std::string_view summary = "Changes a connection's name or credentials";
  static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}/connections/{connection}"};
  static constexpr Access access = needs("connections.write");
  WorkspaceId workspace;
  ConnectionId connection;
  std::optional<Text<200>> name, auth_token;
  Patch<ApiKeySid> api_key_sid;  ///< null removes the pair: a secret is of no use without its SID
  Patch<Text<200>> api_key_secret;
  BOOST_DESCRIBE_CLASS(UpdateConnection, (),
                       (workspace, connection, name, auth_token, api_key_sid, api_key_secret), (), ())

  using Answer = ConnectionView;
};
std::vector<Error> field_faults(const UpdateConnection&, const Book&, const Context&);
Decision<UpdateConnection::Answer> decide(const UpdateConnection&, const Book&, const Context&);

/// Asks the provider whether the credentials work, and records what it said.
struct VerifyConnection {
  static constexpr std::string_view operation = "VerifyConnection";
  static constexpr std::string_view summary = "Asks the provider whether the credentials work";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/connections/{connection}/verify"};
  static constexpr Access access = needs("connections.write");
  WorkspaceId workspace;
  ConnectionId connection;
  BOOST_DESCRIBE_CLASS(VerifyConnection, (), (workspace, connection), (), ())

  using Answer = ConnectionView;
};
std::vector<ProviderQuestion> questions(const VerifyConnection&, const Book&, const Context&);
Decision<VerifyConnection::Answer> decide(const VerifyConnection&, const Book&, const Context&);

/// The connection, when it is of that workspace.
const connections::Connection* connection_in(WorkspaceId workspace, ConnectionId id, const Book& book);
/// What to ask the provider about the connection.
ProviderQuestion question_to(const connections::Connection&);

}  // namespace ringledger
