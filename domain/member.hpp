// Members: people of an account, with a role in each workspace.
#pragma once

#include <variant>
#include <vector>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::members {

BOOST_DEFINE_ENUM_CLASS(Role, owner, admin, manager, agent, member)

struct Added {
  static constexpr std::string_view type = "member.added.v1";
  MemberId member;
  bool account_owner = false;
  Personal<std::string> name, email;
  RL_FIELDS(Added, member, account_owner, name, email);
  [[nodiscard]] std::string subject() const { return member.to_string(); }
};

struct RoleGranted {
  static constexpr std::string_view type = "member.role_granted.v1";
  MemberId member;
  WorkspaceId workspace;
  Role role{};
  RL_FIELDS(RoleGranted, member, workspace, role);
};

struct RoleRevoked {
  static constexpr std::string_view type = "member.role_revoked.v1";
  MemberId member;
  WorkspaceId workspace;
  RL_FIELDS(RoleRevoked, member, workspace);
};

using Event = std::variant<Added, RoleGranted, RoleRevoked>;

struct WorkspaceRole {
  WorkspaceId workspace;
  Role role{};
  RL_FIELDS(WorkspaceRole, workspace, role);
};

struct Member {
  MemberId id;
  bool account_owner = false;
  Personal<std::string> name, email;
  std::vector<WorkspaceRole> roles;
  Timestamp added_at;
  std::int64_t version = 0;
  RL_FIELDS(Member, id, account_owner, name, email, roles, added_at, version);

  [[nodiscard]] std::optional<Role> role_in(WorkspaceId workspace) const {
    for (const auto& r : roles) {
      if (r.workspace == workspace) return r.role;
    }
    return std::nullopt;
  }
};

}  // namespace ringledger::members
