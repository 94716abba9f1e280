// Commands about workspaces and their members.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

struct CreateWorkspace {
  static constexpr std::string_view operation = "CreateWorkspace";
  static constexpr std::string_view summary = "Creates a workspace; its creator owns it";
  static constexpr Route route{Method::post, "/v1/workspaces"};
  static constexpr Access access{Access::Need::account_owner};
  static constexpr int statuses[] = {201};
  Text<200> name;
  CountryCode default_country{"US"};  ///< reads national phone numbers
  TimeZone time_zone{"UTC"};
  workspaces::Plan plan = workspaces::Plan::indie;
  BOOST_DESCRIBE_CLASS(CreateWorkspace, (), (name, default_country, time_zone, plan), (), ())
  static bool defaulted(std::string_view m) {
    return m == "default_country" || m == "time_zone" || m == "plan";
  }

  using Answer = workspaces::Workspace;
};
Decision<CreateWorkspace::Answer> decide(const CreateWorkspace&, const Book&, const Context&);

struct UpdateWorkspace {
  static constexpr std::string_view operation = "UpdateWorkspace";
  static constexpr std::string_view summary = "Changes a workspace's settings";
  static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}"};
  static constexpr Access access{Access::Need::account_owner};
  WorkspaceId workspace;
  std::optional<Text<200>> name;
  std::optional<CountryCode> default_country;
  std::optional<TimeZone> time_zone;
  std::optional<workspaces::Plan> plan;
  std::optional<bool> detect_caller_name{};    ///< CNA-04
  std::optional<Share> least_ai_confidence{};  ///< CNA-06, C20
  /// What managers and members may do with calls and contacts (ROL-02): capabilities, in any order.
  std::optional<std::vector<std::string>> manager_grants{}, member_grants{};
  BOOST_DESCRIBE_CLASS(UpdateWorkspace, (),
                       (workspace, name, default_country, time_zone, plan, detect_caller_name,
                        least_ai_confidence, manager_grants, member_grants),
                       (), ())

  using Answer = workspaces::Workspace;
};
std::vector<Error> field_faults(const UpdateWorkspace&, const Book&, const Context&);
Decision<UpdateWorkspace::Answer> decide(const UpdateWorkspace&, const Book&, const Context&);

/// A member as a workspace sees it.
struct MemberView {
  MemberId id;
  Personal<std::string> name, email;
  members::Role role{};
  bool account_owner = false;
  Timestamp added_at;  ///< to the account
  std::int64_t version = 0;
  RL_FIELDS(MemberView, id, name, email, role, account_owner, added_at, version);
  [[nodiscard]] std::string subject() const { return id.to_string(); }
};
MemberView view_of(const members::Member& member, members::Role role);

/// One member per e-mail and account: a known e-mail is that member. Who has a role in the workspace keeps
/// it: changing a role is another command.
struct InviteMember {
  static constexpr std::string_view operation = "InviteMember";
  static constexpr std::string_view summary = "Gives a person a role in the workspace";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/members"};
  static constexpr Access access = needs("members.write");
  static constexpr int statuses[] = {201};
  WorkspaceId workspace;
  Email email;
  Text<200> name;
  members::Role role{};
  BOOST_DESCRIBE_CLASS(InviteMember, (), (workspace, email, name, role), (), ())

  using Answer = MemberView;
};
Decision<InviteMember::Answer> decide(const InviteMember&, const Book&, const Context&);

}  // namespace ringledger
