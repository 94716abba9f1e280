// API keys: of a member (with the member's roles) or of a service (with capabilities of its own).
#pragma once

#include <variant>
#include <vector>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::keys {

/// `digest`: lower-case hex SHA-256 of the whole secret; the secret itself is stored nowhere.
struct Created {
  static constexpr std::string_view type = "key.created.v1";
  KeyId key;
  std::string name;
  std::optional<MemberId> member;
  std::vector<std::string> capabilities;  ///< of a service key
  std::vector<WorkspaceId> workspaces;    ///< of a service key; empty: all of the account
  std::string digest;
  std::optional<Timestamp> expires_at;
  RL_FIELDS(Created, key, name, member, capabilities, workspaces, digest, expires_at);
};

struct Rotated {
  static constexpr std::string_view type = "key.rotated.v1";
  KeyId key;
  std::string digest;
  Timestamp previous_valid_until;
  RL_FIELDS(Rotated, key, digest, previous_valid_until);
};

struct Revoked {
  static constexpr std::string_view type = "key.revoked.v1";
  KeyId key;
  RL_FIELDS(Revoked, key);
};

using Event = std::variant<Created, Rotated, Revoked>;

struct Key {
  KeyId id;
  std::string name;
  std::optional<MemberId> member;
  std::vector<std::string> capabilities;
  std::vector<WorkspaceId> workspaces;
  std::string digest, previous_digest;
  std::optional<Timestamp> previous_valid_until, expires_at;
  Timestamp created_at;
  bool revoked = false;
  std::int64_t version = 0;
  RL_FIELDS(Key, id, name, member, capabilities, workspaces, digest, previous_digest, previous_valid_until,
            expires_at, created_at, revoked, version);
};

}  // namespace ringledger::keys
