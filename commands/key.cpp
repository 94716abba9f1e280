#include "commands/key.hpp"

#include <algorithm>

namespace ringledger {
namespace {

bool is_account_owner(const Book& book, const Context& ctx) {
  auto id = MemberId::parse(ctx.principal.text);
  const auto* member = id ? book.find<members::Member>(*id) : nullptr;
  return member && member->account_owner;
}

/// The key, when the caller may end or rotate it: one's own, or any as the account's owner.
const keys::Key* own_key(KeyId id, const Book& book, const Context& ctx) {
  const auto* key = book.find<keys::Key>(id);
  if (!key) return nullptr;
  bool mine =
      (key->member && key->member->to_string() == ctx.principal.text) || id.to_string() == ctx.principal.text;
  return mine || is_account_owner(book, ctx) ? key : nullptr;
}

std::vector<Error> faults_of(const CreateKey& c, const Context& ctx) {
  std::vector<Error> faults;
  const auto& known = all_capabilities();
  for (std::size_t i = 0; i < c.capabilities.size(); ++i) {
    bool fine = std::find(known.begin(), known.end(), c.capabilities[i].value) != known.end();
    if (!fine)
      faults.push_back(
          {Code::validation_failed, "is not a capability", "/capabilities/" + std::to_string(i)});
  }
  if (c.member && !c.capabilities.empty()) {
    faults.push_back({Code::validation_failed,
                      "cannot stand beside capabilities: a member's key has the member's roles", "/member"});
  }
  if (!c.workspaces.empty() && c.capabilities.empty()) {
    faults.push_back(
        {Code::validation_failed, "belongs to a service key: name its capabilities too", "/workspaces"});
  }
  if (c.expires_at && *c.expires_at <= ctx.now)
    faults.push_back({Code::validation_failed, "lies in the past", "/expires_at"});
  return faults;
}

}  // namespace

const std::vector<std::string_view>& all_capabilities() {
  static const std::vector<std::string_view> all{
      "calls.read",        "calls.write",   "campaigns.read", "campaigns.write", "connections.read",
      "connections.write", "contacts.read", "contacts.write", "events.read",     "events.write",
      "keys.read",         "keys.write",    "members.read",   "members.write",   "numbers.create",
      "numbers.read",      "numbers.write", "numbers_create"};
  return all;
}

bool role_may(members::Role role, std::string_view capability) {
  switch (role) {
    case members::Role::owner:
    case members::Role::admin:
      return true;
    case members::Role::manager:
      return capability.ends_with(".read") || capability.starts_with("numbers") ||
             capability == "campaigns.write";
    case members::Role::agent:
    case members::Role::member:
      return capability.ends_with(".read") && capability != "keys.read" && capability != "connections.read";
  }
  return false;
}

Decision<CreateKey::Answer> decide(const CreateKey& c, const Book& book, const Context& ctx) {
  auto faults = faults_of(c, ctx);
  if (!faults.empty()) {
    auto detail = faults.front().pointer + " " + faults.front().detail;
    return refuse(Code::validation_failed, std::move(detail), std::move(faults));
  }
  bool owner = is_account_owner(book, ctx);
  auto self = MemberId::parse(ctx.principal.text);
  auto member = c.member;
  if (!member && c.capabilities.empty()) member = self;
  if (member && !book.find<members::Member>(*member)) return no_such_thing();
  for (std::size_t i = 0; i < c.workspaces.size(); ++i) {
    if (!book.workspace(c.workspaces[i])) return no_such_thing();
  }
  if (!owner && (!member || member != self)) {
    return refuse(Code::forbidden, "Only the account's owner makes keys for others and for services.");
  }
  keys::Created e{ctx.new_id<KeyId>(), c.name.value, member, {}, c.workspaces, "", c.expires_at};
  for (const auto& capability : c.capabilities) {
    e.capabilities.push_back(capability.value == "numbers_create" ? "numbers.create" : capability.value);
  }
  auto minted = ctx.new_secret(e.key);
  e.digest = minted.digest;
  return Accepted<CreateKey::Answer>{
      {e},
      {e.key, {minted.secret}, e.name, e.member, e.capabilities, e.workspaces, e.expires_at, ctx.now},
      201};
}

Decision<RevokeKey::Answer> decide(const RevokeKey& c, const Book& book, const Context& ctx) {
  const auto* key = own_key(c.key, book, ctx);
  if (!key) return no_such_thing();
  if (key->revoked) return Accepted<RevokeKey::Answer>{{}, {c.key}};
  return Accepted<RevokeKey::Answer>{{keys::Revoked{c.key}}, {c.key}};
}

Decision<RotateKey::Answer> decide(const RotateKey& c, const Book& book, const Context& ctx) {
  if (c.overlap_s < 0 || c.overlap_s > 604'800)
    return refuse_field("/overlap_s", "must be 0 to 604800 seconds");
  const auto* key = own_key(c.key, book, ctx);
  if (!key || key->revoked) return no_such_thing();
  auto minted = ctx.new_secret(c.key);
  Timestamp until{ctx.now.ms + c.overlap_s * 1000};
  return Accepted<RotateKey::Answer>{{keys::Rotated{c.key, minted.digest, until}},
                                     {c.key, {minted.secret}, until}};
}

}  // namespace ringledger
