#include "api/caller.hpp"

#include <algorithm>

#include "adapters/crypto/api_key_token.hpp"
#include "adapters/crypto/hash.hpp"
#include "commands/key.hpp"

namespace ringledger {
namespace {

std::unexpected<Refusal> unauthenticated() {
  return refuse(Code::unauthenticated, "Send Authorization: Bearer and a valid API key.");
}
Refusal not_there() { return no_such_thing().error(); }

}  // namespace

std::optional<members::Role> Caller::role_in(WorkspaceId workspace) const {
  if (!member) return std::nullopt;
  if (is_account_owner()) return members::Role::owner;
  return member->member->role_in(workspace);
}

bool Caller::reaches(WorkspaceId workspace) const {
  if (member) return role_in(workspace).has_value();
  if (!key) return false;
  const auto& all = key->key->workspaces;
  return all.empty() || std::find(all.begin(), all.end(), workspace) != all.end();
}

bool Caller::may(std::string_view capability, WorkspaceId workspace) const {
  if (member) {
    auto role = role_in(workspace);
    return role &&
           role_may(*role, capability, [&](std::string_view c) { return grants(workspace, *role, c); });
  }
  const auto& held = key->key->capabilities;
  return std::find(held.begin(), held.end(), capability) != held.end();
}

/// What cannot be read is not granted.
bool Caller::grants(WorkspaceId workspace, members::Role role, std::string_view capability) const {
  auto found = directory ? directory->workspace(workspace) : AccessDirectory::Found(nullptr);
  if (!found || !*found || !(*found)->workspace) return false;
  const auto& w = *(*found)->workspace;
  const auto& held = role == members::Role::manager ? w.manager_grants : w.member_grants;
  return std::find(held.begin(), held.end(), capability) != held.end();
}

std::expected<Caller, Refusal> Authenticator::known_key(KeyId id, const std::string& digest) const {
  auto found = x_directory.key(id);
  if (!found) return std::unexpected(Refusal{Code::internal, found.error().detail, {}, {}, {}});
  if (!*found || !(*found)->key) return unauthenticated();
  const keys::Key& key = *(*found)->key;
  Timestamp now = x_clock.now();
  bool current = constant_time_equal(digest, key.digest);
  bool previous = !key.previous_digest.empty() && constant_time_equal(digest, key.previous_digest) &&
                  key.previous_valid_until && now < *key.previous_valid_until;
  bool expired = key.expires_at && *key.expires_at <= now;
  if ((!current && !previous) || key.revoked || expired) return unauthenticated();
  Caller caller;
  caller.account = (*found)->account;
  caller.key = *found;
  caller.key_id = id.to_string();
  caller.principal.text = caller.key_id;
  if (key.member) {
    auto member = x_directory.member(*key.member);
    if (!member) return std::unexpected(Refusal{Code::internal, member.error().detail, {}, {}, {}});
    if (!*member || !(*member)->member) return unauthenticated();
    caller.member = *member;
    caller.directory = &x_directory;
    caller.principal.text = key.member->to_string();
  }
  return caller;
}

std::expected<Caller, Refusal> Authenticator::identify(const HttpRequest& request) const {
  std::string_view header = request.header("Authorization");
  constexpr std::string_view scheme = "bearer ";
  if (header.size() <= scheme.size() || header.size() > 512 ||
      !equal_ignoring_case(header.substr(0, scheme.size()), scheme)) {
    return unauthenticated();
  }
  std::string_view secret = header.substr(scheme.size());
  std::string digest = api_key_token::digest(secret);
  if (!x_operator_digest.empty() && constant_time_equal(digest, x_operator_digest)) {
    Caller caller;
    caller.is_operator = true;
    caller.key_id = caller.principal.text = "operator";
    return caller;
  }
  auto id = api_key_token::parse(secret);
  if (!id) return unauthenticated();
  return known_key(*id, digest);
}

std::optional<Refusal> access_fault(const Caller& caller, Access access, std::optional<WorkspaceId> workspace,
                                    bool exists) {
  using Need = Access::Need;
  if (access.need == Need::anyone) return std::nullopt;
  if (caller.is_operator != (access.need == Need::operator_only)) {
    return Refusal{Code::forbidden,
                   caller.is_operator
                       ? "The operator's key opens accounts and shows the cluster, nothing else."
                       : "Only the operator may do this.",
                   {},
                   {},
                   {}};
  }
  if (workspace && (!exists || !caller.reaches(*workspace))) return not_there();
  switch (access.need) {
    case Need::operator_only:
    case Need::any:
    case Need::anyone:
      return std::nullopt;
    case Need::account_owner:
      if (caller.is_account_owner()) return std::nullopt;
      return Refusal{Code::not_owner, "Only the account's owner may do this.", {}, {}, {}};
    case Need::capability:
      for (auto capability : {access.capability, access.also}) {
        if (!capability.empty() && !caller.may(capability, *workspace))
          return Refusal{
              Code::forbidden, "The key lacks the capability " + std::string(capability) + ".", {}, {}, {}};
      }
      return std::nullopt;
  }
  return not_there();
}

}  // namespace ringledger
