#include "commands/workspace.hpp"

namespace ringledger {
namespace {

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
  return Accepted<CreateWorkspace::Answer>{
      {created}, {id, created.name, created.default_country, created.time_zone, created.plan, 1}, 201};
}

Decision<UpdateWorkspace::Answer> decide(const UpdateWorkspace& c, const Book& book, const Context& ctx) {
  const auto* before = book.workspace(c.workspace);
  if (!before) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != before->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  auto after = *before;
  workspaces::Updated e{c.workspace, {}, {}, {}, {}};
  if (c.name && c.name->value != before->name) e.name = after.name = c.name->value;
  if (c.default_country && c.default_country->value != before->default_country) {
    e.default_country = after.default_country = c.default_country->value;
  }
  if (c.time_zone && c.time_zone->value != before->time_zone)
    e.time_zone = after.time_zone = c.time_zone->value;
  if (c.plan && *c.plan != before->plan) e.plan = after.plan = *c.plan;
  if (after == *before) return Accepted<UpdateWorkspace::Answer>{{}, after};
  ++after.version;
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
