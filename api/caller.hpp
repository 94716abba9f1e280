// Who calls, and what they may do. Everything comes from the credential, never from path or body.
#pragma once

#include "api/http_types.hpp"
#include "commands/command.hpp"
#include "commands/ports/system.hpp"
#include "projections/access_directory.hpp"

namespace ringledger {

struct Caller {
  bool is_operator = false;
  AccountId account;
  Principal principal;
  std::string key_id;                       ///< for rate limits; "operator" for the operator
  std::shared_ptr<const AccessRow> key;     ///< null for the operator
  std::shared_ptr<const AccessRow> member;  ///< null for service keys and the operator
  AccessDirectory* directory = nullptr;     ///< of a member: knows what the workspaces grant

  /// The role in a workspace; the account's owner owns all of its workspaces.
  [[nodiscard]] std::optional<members::Role> role_in(WorkspaceId workspace) const;
  [[nodiscard]] bool is_account_owner() const { return member && member->member->account_owner; }
  /// Within reach at all? (The workspace is known to be of the caller's account.)
  [[nodiscard]] bool reaches(WorkspaceId workspace) const;
  [[nodiscard]] bool may(std::string_view capability, WorkspaceId workspace) const;

 private:
  [[nodiscard]] bool grants(WorkspaceId workspace, members::Role role, std::string_view capability) const;
};

/// Turns a bearer token into a caller.
class Authenticator {
 public:
  /// `operator_digest`: hex SHA-256 of the operator's key; "" = there is no operator.
  Authenticator(AccessDirectory& directory, const Clock& clock, std::string operator_digest)
      : x_directory(directory), x_clock(clock), x_operator_digest(std::move(operator_digest)) {}
  std::expected<Caller, Refusal> identify(const HttpRequest& request) const;

 private:
  std::expected<Caller, Refusal> known_key(KeyId id, const std::string& digest) const;
  AccessDirectory& x_directory;
  const Clock& x_clock;
  std::string x_operator_digest;
};

/// nullopt: allowed. `workspace` is the one in the path; `exists`: it is of the caller's account.
std::optional<Refusal> access_fault(const Caller& caller, Access access, std::optional<WorkspaceId> workspace,
                                    bool exists);

}  // namespace ringledger
