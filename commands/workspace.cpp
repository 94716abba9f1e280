#include "commands/workspace.hpp"

#include <algorithm>

#include "commands/key.hpp"

namespace ringledger {
namespace {

using Grants = std::optional<std::vector<std::string>>;

void check_grants(const Grants& grants, members::Role role, const std::string& member,
                  std::vector<Error>& faults) {
  for (std::size_t i = 0; grants && i < grants->size(); ++i) {
    if (!left_to_workspace(role, (*grants)[i]))
      faults.push_back({Code::validation_failed, "is no capability that this role can be granted",
                        "/" + member + "/" + std::to_string(i)});
  }
}

/// Sorted, each once; nullopt: those it has.
Grants changed(const Grants& wished, const std::vector<std::string>& now) {
  if (!wished) return std::nullopt;
  auto sorted = *wished;
  std::ranges::sort(sorted);
  auto doubles = std::ranges::unique(sorted);
  sorted.erase(doubles.begin(), doubles.end());
  return sorted == now ? std::nullopt : std::optional(std::move(sorted));
}

/// The member a principal acts as; nullptr for service keys and the operator.
const members::Member* acting_member(const Book& book, const Context& ctx) {
  auto id = MemberId::parse(ctx.principal.text);
  return id ? book.find<members::Member>(*id) : nullptr;
}

}  // namespace

MemberView view_of(const members::Member& m, members::Role role) {
  return {m.id, m.name, m.email, role, m.account_owner, m.added_at, m.version};
}

Decision<CreateWorkspace::Answer> decide(const CreateWorkspace& c, const Book& book, const Context& ctx) {
  const auto* account = book.find<accounts::Account>(ctx.account);
  if (!account) return no_such_thing();
  const auto* creator = acting_member(book, ctx);
  auto id = ctx.new_id<WorkspaceId>();
  workspaces::Created created{id,
                              c.name.value,
                              c.default_country.value,
                              c.time_zone.value,
                              c.plan,
                              creator ? creator->id : account->owner};
  return Accepted<CreateWorkspace::Answer>{{created}, workspaces::created(created), 201};
}

std::vector<Error> field_faults(const UpdateWorkspace& c, const Book&, const Context&) {
  std::vector<Error> faults;
  check_grants(c.manager_grants, members::Role::manager, "manager_grants", faults);
  check_grants(c.member_grants, members::Role::member, "member_grants", faults);
  return faults;
}

Decision<UpdateWorkspace::Answer> decide(const UpdateWorkspace& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* before = book.workspace(c.workspace);
  if (!before) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != before->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  workspaces::Updated e{c.workspace, {}, {}, {}, {}};
  if (c.name && c.name->value != before->name) e.name = c.name->value;
  if (c.default_country && c.default_country->value != before->default_country)
    e.default_country = c.default_country->value;
  if (c.time_zone && c.time_zone->value != before->time_zone) e.time_zone = c.time_zone->value;
  if (c.plan != before->plan) e.plan = c.plan;
  if (c.detect_caller_name != before->detect_caller_name) e.detect_caller_name = c.detect_caller_name;
  if (c.least_ai_confidence != before->least_ai_confidence) e.least_ai_confidence = c.least_ai_confidence;
  e.manager_grants = changed(c.manager_grants, before->manager_grants);
  e.member_grants = changed(c.member_grants, before->member_grants);
  if (e == workspaces::Updated{c.workspace, {}, {}, {}, {}})
    return Accepted<UpdateWorkspace::Answer>{{}, *before};
  auto after = *before;
  workspaces::update(after, e);
  return Accepted<UpdateWorkspace::Answer>{{e}, after};
}

Decision<InviteMember::Answer> decide(const InviteMember& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  if (!workspace) return no_such_thing();
  const auto* inviter = acting_member(book, ctx);
  bool by_owner =
      inviter && (inviter->account_owner || inviter->role_in(c.workspace) == members::Role::owner);
  if (c.role == members::Role::owner && !by_owner) {
    return refuse(Code::not_owner, "Only an owner of the workspace can make another one its owner.");
  }
  const auto* known = book.find<MemberByEmail>(folded(c.email.value));
  const auto* member = known ? book.find<members::Member>(known->member) : nullptr;
  if (member) {
    if (auto role = member->role_in(c.workspace))
      return Accepted<InviteMember::Answer>{{}, view_of(*member, *role), 201};
    auto answer = view_of(*member, c.role);
    ++answer.version;
    return Accepted<InviteMember::Answer>{
        {members::RoleGranted{member->id, c.workspace, c.role}}, answer, 201};
  }
  InviteMember::Answer answer{
      ctx.new_id<MemberId>(), Personal(c.name.value), Personal(c.email.value), c.role, false, ctx.now, 2};
  return Accepted<InviteMember::Answer>{{members::Added{answer.id, false, answer.name, answer.email},
                                         members::RoleGranted{answer.id, c.workspace, c.role}},
                                        answer,
                                        201};
}

}  // namespace ringledger
