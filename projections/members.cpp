#include "projections/members.hpp"

#include <algorithm>

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, keys::Event, connections::Event, campaigns::Event, numbers::Event,
                       workspaces::Updated, calls::Event, sessions::Event, contacts::Event, messages::Event>;

std::string key_of(AccountId account, MemberId member) { return KeyBuilder().id(account).id(member).done(); }

struct Folding {
  std::optional<members::Member> member;
  const Event& event;
  Timestamp at;

  Projected<members::Member> operator()(const members::Added& e) {
    return members::Member{e.member, e.account_owner, e.name, e.email, {}, at, 1};
  }
  Projected<members::Member> operator()(const members::RoleGranted& e) {
    return set(e.member, e.workspace, e.role);
  }
  Projected<members::Member> operator()(const members::RoleRevoked& e) {
    return set(e.member, e.workspace, std::nullopt);
  }
  Projected<members::Member> operator()(const workspaces::Created& e) {
    return set(e.owner, e.workspace, members::Role::owner);
  }

 private:
  Projected<members::Member> set(MemberId id, WorkspaceId workspace, std::optional<members::Role> role) {
    if (!member) return impossible(event, "the member " + id.to_string());
    std::erase_if(member->roles, [&](const auto& r) { return r.workspace == workspace; });
    if (role) member->roles.push_back({workspace, *role});
    ++member->version;
    return std::move(member);
  }
};

}  // namespace

std::optional<MemberId> member_of(const Event& event) {
  return on_event<Others>(event, std::optional<MemberId>(),
                          Overload{[](const workspaces::Created& e) { return std::optional(e.owner); },
                                   [](const members::Added& e) { return std::optional(e.member); },
                                   [](const members::RoleGranted& e) { return std::optional(e.member); },
                                   [](const members::RoleRevoked& e) { return std::optional(e.member); }});
}

Projected<members::Member> fold_member(std::optional<members::Member> member, const Event& event,
                                       Timestamp at) {
  auto same = Projected<members::Member>(member);
  return on_event<Others>(event, std::move(same), Folding{std::move(member), event, at});
}

std::vector<std::string> MembersView::keys(const Fact& fact) {
  auto member = member_of(fact.event);
  if (!member) return {};
  return {key_of(fact.commit.account, *member)};
}

Projected<MemberRow> MembersView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  auto member = fold_member(row ? std::optional(row->member) : std::nullopt, fact.event, fact.at());
  if (!member) return std::unexpected(member.error());
  if (!*member) return std::optional<Row>();
  return MemberRow{fact.commit.account, std::move(**member)};
}

std::vector<Entry> MembersView::indexes(const Row& row) {
  std::vector<Entry> out;
  for (const auto& role : row.member.roles) {
    out.push_back(
        {KeyBuilder().id(role.workspace).id(row.member.id).done(), key_of(row.account, row.member.id)});
  }
  return out;
}

Counters MembersView::counters(const Row& row) {
  Counters out;
  for (const auto& role : row.member.roles) out.emplace_back(KeyBuilder().id(role.workspace).done(), 1);
  return out;
}

Result<std::optional<MemberRow>> find_member(const Rows<MembersView>& rows, AccountId account,
                                             MemberId member) {
  return rows.row(key_of(account, member));
}

Result<Page<MemberRow>> list_members(const Rows<MembersView>& rows, WorkspaceId workspace,
                                     const PageRequest& page) {
  auto prefix = KeyBuilder().id(workspace).done();
  return row_page(rows, prefix, page, static_cast<std::uint64_t>(rows.counter(prefix)));
}

}  // namespace ringledger
