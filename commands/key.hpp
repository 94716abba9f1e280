// Commands about API keys.
#pragma once

#include <functional>

#include "commands/command.hpp"

namespace ringledger {

/// A member's key (without `member`: one's own) or, with `capabilities` and `workspaces`, a service key.
struct CreateKey {
  static constexpr std::string_view operation = "CreateKey";
  static constexpr std::string_view summary = "Makes an API key; its secret is shown once";
  static constexpr Route route{Method::post, "/v1/keys"};
  static constexpr Access access{Access::Need::any};
  static constexpr int statuses[] = {201};
  Text<200> name;
  std::optional<MemberId> member;
  std::vector<Text<64>> capabilities;
  std::vector<WorkspaceId> workspaces;  ///< of a service key, at least one
  std::optional<Timestamp> expires_at;
  BOOST_DESCRIBE_CLASS(CreateKey, (), (name, member, capabilities, workspaces, expires_at), (), ())

  struct Answer {
    KeyId id;
    OneTimeSecret secret;
    std::string name;
    std::optional<MemberId> member;
    std::vector<std::string> capabilities;
    std::vector<WorkspaceId> workspaces;
    std::optional<Timestamp> expires_at, previous_valid_until;
    Timestamp created_at;
    std::int64_t version = 0;
    RL_FIELDS(Answer, id, secret, name, member, capabilities, workspaces, expires_at, previous_valid_until,
              created_at, version);
  };
};
std::vector<Error> field_faults(const CreateKey&, const Book&, const Context&);
Decision<CreateKey::Answer> decide(const CreateKey&, const Book&, const Context&);

struct RevokeKey {
  static constexpr std::string_view operation = "RevokeKey";
  static constexpr std::string_view summary = "Ends a key at once";
  static constexpr Route route{Method::del, "/v1/keys/{key}"};
  static constexpr Access access{Access::Need::any};
  KeyId key;
  BOOST_DESCRIBE_CLASS(RevokeKey, (), (key), (), ())

  struct Answer {
    KeyId id;
    std::int64_t version = 0;
    bool revoked = true;
    RL_FIELDS(Answer, id, version, revoked);
  };
};
Decision<RevokeKey::Answer> decide(const RevokeKey&, const Book&, const Context&);

/// The id stays; the old secret works `overlap_s` longer.
struct RotateKey {
  static constexpr std::string_view operation = "RotateKey";
  static constexpr std::string_view summary = "Gives a key a new secret; the old one works overlap_s longer";
  static constexpr Route route{Method::post, "/v1/keys/{key}/rotate"};
  static constexpr Access access{Access::Need::any};
  KeyId key;
  std::int64_t overlap_s = 0;  ///< 0 to 604,800 (a week)
  BOOST_DESCRIBE_CLASS(RotateKey, (), (key, overlap_s), (), ())
  static bool defaulted(std::string_view m) { return m == "overlap_s"; }

  struct Answer {
    KeyId id;
    std::int64_t version = 0;
    OneTimeSecret secret;
    Timestamp previous_valid_until;
    RL_FIELDS(Answer, id, version, secret, previous_valid_until);
  };
};
std::vector<Error> field_faults(const RotateKey&, const Book&, const Context&);
Decision<RotateKey::Answer> decide(const RotateKey&, const Book&, const Context&);

/// Every capability that roles and service keys can hold (api.md "Accounts, people, keys").
const std::vector<std::string_view>& all_capabilities();
/// True when a service key gives nothing that `holder` does not have: what one with keys.write may hand on.
bool within(const keys::Key& holder, const keys::Key& other);
/// Whether the workspace decides if the role has that capability: what features.md ROL-02 says "depends" of.
bool left_to_workspace(members::Role role, std::string_view capability);
/// What a role may do in its workspace (api.md "Accounts, people, keys"; features.md ROL-02). `granted` is
/// asked only for what is left to the workspace.
bool role_may(members::Role role, std::string_view capability,
              const std::function<bool(std::string_view capability)>& granted);

}  // namespace ringledger
