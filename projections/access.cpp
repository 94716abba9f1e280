#include "projections/access.hpp"

#include "projections/members.hpp"

namespace ringledger {
namespace {

using Others = Ignores<connections::Event, campaigns::Event, numbers::Event, calls::Event, sessions::Event,
                       contacts::Event, messages::Event>;

template <class Tag>
std::string key_of(char kind, Id<Tag> id) {
  return KeyBuilder().byte(kind).id(id).done();
}

struct Projection {
  std::optional<AccessRow> row;
  const Fact& fact;
  std::string_view key;  ///< of the row

  Projected<AccessRow> operator()(const accounts::Created& e) {
    AccessRow next;
    next.account = fact.commit.account;
    next.of_account = accounts::Account{e.account, e.name, e.owner};
    return next;
  }
  Projected<AccessRow> operator()(const keys::Created& e) {
    AccessRow next;
    next.account = fact.commit.account;
    next.key = keys::Key{e.key, e.name,       e.member,     e.capabilities, e.workspaces, e.digest,
                         "",    std::nullopt, e.expires_at, fact.at(),      false,        1};
    return next;
  }
  Projected<AccessRow> operator()(const keys::Rotated& e) {
    return change(e.key, [&](keys::Key& k) {
      k.previous_digest = std::exchange(k.digest, e.digest);
      k.previous_valid_until = e.previous_valid_until;
      ++k.version;
    });
  }
  Projected<AccessRow> operator()(const keys::Revoked& e) {
    return change(e.key, [](keys::Key& k) {
      k.revoked = true;
      ++k.version;
    });
  }
  Projected<AccessRow> operator()(const workspaces::Created& e) {
    if (key != access_key(e.workspace)) return changed_member();  // its owner
    AccessRow next;
    next.account = fact.commit.account;
    next.workspace = workspaces::created(e);
    return next;
  }
  Projected<AccessRow> operator()(const workspaces::Updated& e) {
    if (!row || !row->workspace) return impossible(fact.event, "the workspace " + e.workspace.to_string());
    workspaces::update(*row->workspace, e);
    return std::move(row);
  }
  template <class E>
    requires in_variant<E, members::Event>
  Projected<AccessRow> operator()(const E&) {
    return changed_member();
  }

 private:
  Projected<AccessRow> changed_member() {
    auto member = fold_member(row ? std::move(row->member) : std::nullopt, fact.event, fact.at());
    if (!member) return std::unexpected(member.error());
    AccessRow next;
    next.account = fact.commit.account;
    next.member = std::move(*member);
    return next;
  }
  Projected<AccessRow> change(KeyId id, auto&& edit) {
    if (!row || !row->key) return impossible(fact.event, "the key " + id.to_string());
    edit(*row->key);
    return std::move(row);
  }
};

}  // namespace

std::string access_key(KeyId key) { return key_of('k', key); }
std::string access_key(MemberId member) { return key_of('m', member); }
std::string access_key(AccountId account) { return key_of('a', account); }
std::string access_key(WorkspaceId workspace) { return key_of('w', workspace); }

std::vector<std::string> AccessView::keys(const Fact& fact) {
  using Keys = std::vector<std::string>;
  return on_event<Others>(fact.event, Keys(),
                          Overload{[](const accounts::Created& e) { return Keys{access_key(e.account)}; },
                                   [](const workspaces::Created& e) {
                                     return Keys{access_key(e.owner), access_key(e.workspace)};
                                   },
                                   [](const workspaces::Updated& e) { return Keys{access_key(e.workspace)}; },
                                   [](const keys::Created& e) { return Keys{access_key(e.key)}; },
                                   [](const keys::Rotated& e) { return Keys{access_key(e.key)}; },
                                   [](const keys::Revoked& e) { return Keys{access_key(e.key)}; },
                                   [](const members::Added& e) { return Keys{access_key(e.member)}; },
                                   [](const members::RoleGranted& e) { return Keys{access_key(e.member)}; },
                                   [](const members::RoleRevoked& e) { return Keys{access_key(e.member)}; }});
}

Projected<AccessRow> AccessView::project(std::optional<Row> row, const Fact& fact, std::string_view key) {
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact, key});
}

std::vector<Entry> AccessView::indexes(const Row& row) {
  if (!row.key || row.key->revoked) return {};
  auto value = access_key(row.key->id);
  std::vector<Entry> out = {{KeyBuilder().id(row.account).byte('k').id(row.key->id).done(), value}};
  if (row.key->member) {
    out.push_back(
        {KeyBuilder().id(row.account).byte('m').id(*row.key->member).id(row.key->id).done(), value});
  }
  return out;
}

Counters AccessView::counters(const Row& row) {
  if (!row.key || row.key->revoked) return {};
  Counters out = {{KeyBuilder().id(row.account).byte('k').done(), 1}};
  if (row.key->member)
    out.emplace_back(KeyBuilder().id(row.account).byte('m').id(*row.key->member).done(), 1);
  return out;
}

Result<Page<AccessRow>> list_keys(const Rows<AccessView>& rows, AccountId account,
                                  std::optional<MemberId> member, const PageRequest& page) {
  KeyBuilder prefix;
  prefix.id(account).byte(member ? 'm' : 'k');
  if (member) prefix.id(*member);
  return row_page(rows, prefix.view(), page, static_cast<std::uint64_t>(rows.counter(prefix.view())));
}

}  // namespace ringledger
