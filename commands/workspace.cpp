#include "commands/workspace.hpp"

namespace ringledger {
namespace {

/// The member a principal acts as; nullptr for service keys and the operator.
const members::Member* acting_member(const Book& book, const Context& ctx) {
  auto id = MemberId::parse(ctx.principal.text);
  return id ? book.find<members::Member>(*id) : nullptr;
}

}  // namespace

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
  std::vector<Event> events;
  InviteMember::Answer answer;
  if (member && member->role_in(c.workspace) == members::Role::owner && c.role != members::Role::owner) {
    if (!by_owner)
      return refuse(Code::not_owner, "Only an owner of the workspace can change an owner's role.");
    return refuse(Code::last_owner, "An invitation does not take an owner's role away.");
  }
  if (member) {
    answer = {member->id, member->name, member->email, c.role, member->version};
    if (member->role_in(c.workspace) == c.role) return Accepted<InviteMember::Answer>{{}, answer, 201};
    ++answer.version;
  } else {
    answer = {ctx.new_id<MemberId>(), Personal(c.name.value), Personal(c.email.value), c.role, 2};
    events.push_back(members::Added{answer.id, false, answer.name, answer.email});
  }
  events.push_back(members::RoleGranted{answer.id, c.workspace, c.role});
  return Accepted<InviteMember::Answer>{std::move(events), answer, 201};
}

}  // namespace ringledger
