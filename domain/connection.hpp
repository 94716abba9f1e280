// Connections: credentials and settings of one provider account.
#pragma once

#include <variant>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::connections {

BOOST_DEFINE_ENUM_CLASS(Provider, twilio)
BOOST_DEFINE_ENUM_CLASS(State, unverified, active, invalid_credentials, suspended)

struct Added {
  static constexpr std::string_view type = "connection.added.v1";
  ConnectionId connection;
  WorkspaceId workspace;
  Provider provider{};
  std::string name;
  std::string account_sid;
  Secret<std::string> auth_token;
  std::optional<std::string> api_key_sid;
  Secret<std::string> api_key_secret;
  std::string auth_token_last4;
  RL_FIELDS(Added, connection, workspace, provider, name, account_sid, auth_token, api_key_sid,
            api_key_secret, auth_token_last4);
  [[nodiscard]] std::string subject() const { return connection.to_string(); }
};

/// Only the fields that were set are present.
struct Updated {
  static constexpr std::string_view type = "connection.updated.v1";
  ConnectionId connection;
  WorkspaceId workspace;
  std::optional<std::string> name;
  Secret<std::string> auth_token;
  std::optional<std::string> auth_token_last4;
  std::optional<std::string> api_key_sid;
  Secret<std::string> api_key_secret;
  RL_FIELDS(Updated, connection, workspace, name, auth_token, auth_token_last4, api_key_sid, api_key_secret);
  [[nodiscard]] std::string subject() const { return connection.to_string(); }
};

/// The API key's secret was removed, and its SID too unless `secret_only`.
struct ApiKeyRemoved {
  static constexpr std::string_view type = "connection.api_key_removed.v1";
  ConnectionId connection;
  WorkspaceId workspace;
  bool secret_only = false;
  RL_FIELDS(ApiKeyRemoved, connection, workspace, secret_only);
};

/// What the provider said about the credentials, when asked or when they were used.
struct Verified {
  static constexpr std::string_view type = "connection.verified.v1";
  ConnectionId connection;
  WorkspaceId workspace;
  State state{};
  std::string account_type;  ///< Twilio's `type`: "Trial" or "Full"
  std::int64_t error_code = 0;
  std::string error_message;
  std::optional<std::string> request_id{};  ///< the provider's own name for the request that told it
  RL_FIELDS(Verified, connection, workspace, state, account_type, error_code, error_message, request_id);
};

using Event = std::variant<Added, Updated, Verified, ApiKeyRemoved>;

struct Connection {
  ConnectionId id;
  WorkspaceId workspace;
  Provider provider{};
  std::string name, account_sid;
  Secret<std::string> auth_token;
  std::string auth_token_last4;
  std::optional<std::string> api_key_sid;
  Secret<std::string> api_key_secret;
  State state{};
  std::string account_type;
  std::int64_t version = 0;
  Secret<std::string> previous_auth_token{};  ///< what it was before, while the provider may still use it
  std::optional<Timestamp> previous_token_until{};  ///< until when its signatures are accepted
  RL_FIELDS(Connection, id, workspace, provider, name, account_sid, auth_token, auth_token_last4, api_key_sid,
            api_key_secret, state, account_type, version, previous_auth_token, previous_token_until);
};

/// How long a replaced token's signatures are good (twilio.md B.9): Twilio signs with the new one once it is
/// the primary there, which may be after it was told to us.
inline constexpr std::int64_t rotation_grace_ms = 24LL * 3600 * 1000;

}  // namespace ringledger::connections
