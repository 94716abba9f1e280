#include "commands/key.hpp"

#include <algorithm>

namespace ringledger {
namespace {

bool is_account_owner(const Book& book, const Context& ctx) {
  auto id = MemberId::parse(ctx.principal.text);
  const auto* member = id ? book.find<members::Member>(*id) : nullptr;
  return member && member->account_owner;
}

/// The service key that acts, when it may hand on what it holds; else nullptr.
const keys::Key* acting_key_maker(const Book& book, const Context& ctx) {
  auto id = KeyId::parse(ctx.principal.text);
  const auto* key = id ? book.find<keys::Key>(*id) : nullptr;
  bool may = key && std::find(key->capabilities.begin(), key->capabilities.end(), "keys.write") !=
                        key->capabilities.end();
  return may ? key : nullptr;
}

/// The key, when the caller may end or rotate it: one's own, any as the account's owner, with keys.write
/// those that give no more than one has.
const keys::Key* own_key(KeyId id, const Book& book, const Context& ctx) {
  const auto* key = book.find<keys::Key>(id);
  if (!key) return nullptr;
  bool mine =
      (key->member && key->member->to_string() == ctx.principal.text) || id.to_string() == ctx.principal.text;
  if (mine || is_account_owner(book, ctx)) return key;
  const auto* maker = acting_key_maker(book, ctx);
  return maker && within(*maker, *key) ? key : nullptr;
}

}  // namespace

const std::vector<std::string_view>& all_capabilities() {
  static const std::vector<std::string_view> all{
      "calls.read",        "calls.write",   "campaigns.read", "campaigns.write", "connections.read",
      "connections.write", "contacts.read", "contacts.write", "contacts.erase",  "events.read",
      "events.write",      "keys.read",     "keys.write",     "members.read",    "members.write",
      "numbers.create",    "numbers.read",  "numbers.write",  "numbers_create"};
  return all;
}

bool within(const keys::Key& holder, const keys::Key& other) {
  auto all_in = [](const auto& some, const auto& all) {
    return std::all_of(some.begin(), some.end(),
                       [&](const auto& x) { return std::find(all.begin(), all.end(), x) != all.end(); });
  };
  if (other.member || !all_in(other.capabilities, holder.capabilities)) return false;
  if (holder.workspaces.empty()) return true;  // of the whole account
  return !other.workspaces.empty() && all_in(other.workspaces, holder.workspaces);
}

bool left_to_workspace(members::Role role, std::string_view capability) {
  bool manager = role == members::Role::manager;
  bool reads = capability == "calls.read" || capability == "contacts.read";
  return (reads && (manager || role == members::Role::member)) || (manager && capability == "contacts.write");
}

bool role_may(members::Role role, std::string_view capability,
              const std::function<bool(std::string_view)>& granted) {
  if (left_to_workspace(role, capability)) return granted(capability);
  if (capability == "events.read" && left_to_workspace(role, "calls.read"))  // events hold all of both
    return granted("calls.read") && granted("contacts.read");
  switch (role) {
    case members::Role::owner:
    case members::Role::admin:
      return true;
    case members::Role::manager:
      return (capability.ends_with(".read") && capability != "members.read") ||
             capability.starts_with("numbers") || capability == "campaigns.write";
    case members::Role::agent:
      if (capability == "contacts.write" || capability == "calls.write") return true;
      [[fallthrough]];
    case members::Role::member:
      return capability.ends_with(".read") && capability != "keys.read" && capability != "members.read";
  }
  return false;
}

std::vector<Error> field_faults(const CreateKey& c, const Book&, const Context& ctx) {
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
  if (c.workspaces.empty() && !c.capabilities.empty() && !c.member) {
    faults.push_back(
        {Code::validation_failed, "must name at least one workspace of a service key", "/workspaces"});
  }
  if (c.expires_at && *c.expires_at <= ctx.now)
    faults.push_back({Code::validation_failed, "lies in the past", "/expires_at"});
  return faults;
}

std::vector<Error> field_faults(const RotateKey& c, const Book&, const Context&) {
  if (c.overlap_s >= 0 && c.overlap_s <= 604'800) return {};
  return field_fault("/overlap_s", "must be 0 to 604800 seconds");
}

Decision<CreateKey::Answer> decide(const CreateKey& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  bool owner = is_account_owner(book, ctx);
  auto self = MemberId::parse(ctx.principal.text);
  auto member = c.member;
  if (!member && c.capabilities.empty()) member = self;
  if (member && !book.find<members::Member>(*member)) return no_such_thing();
  for (std::size_t i = 0; i < c.workspaces.size(); ++i) {
    if (!book.workspace(c.workspaces[i])) return no_such_thing();
  }
  keys::Created e{ctx.new_id<KeyId>(), c.name.value, member, {}, c.workspaces, "", c.expires_at};
  for (const auto& capability : c.capabilities) {
    e.capabilities.push_back(capability.value == "numbers_create" ? "numbers.create" : capability.value);
  }
  const auto* maker = acting_key_maker(book, ctx);
  keys::Key wished;
  wished.member = e.member;
  wished.capabilities = e.capabilities;
  wished.workspaces = e.workspaces;
  bool handed_on = maker && !e.capabilities.empty() && within(*maker, wished);
  if (!owner && !handed_on && (!member || member != self)) {
    return refuse(Code::forbidden, maker
                                       ? "A service key hands on no more than it has."
                                       : "Only the account's owner makes keys for others and for services.");
  }
  auto minted = ctx.new_secret(e.key);
  e.digest = minted.digest;
  CreateKey::Answer answer{e.key,        {minted.secret}, e.name,       e.member, e.capabilities,
                           e.workspaces, e.expires_at,    std::nullopt, ctx.now,  1};
  return Accepted<CreateKey::Answer>{{e}, std::move(answer), 201};
}

Decision<RevokeKey::Answer> decide(const RevokeKey& c, const Book& book, const Context& ctx) {
  const auto* key = own_key(c.key, book, ctx);
  if (!key) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != key->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  if (key->revoked) return Accepted<RevokeKey::Answer>{{}, {c.key, key->version}};
  return Accepted<RevokeKey::Answer>{{keys::Revoked{c.key}}, {c.key, key->version + 1}};
}

Decision<RotateKey::Answer> decide(const RotateKey& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* key = own_key(c.key, book, ctx);
  if (!key || key->revoked) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != key->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  auto minted = ctx.new_secret(c.key);
  Timestamp until{ctx.now.ms + c.overlap_s * 1000};
  return Accepted<RotateKey::Answer>{{keys::Rotated{c.key, minted.digest, until}},
                                     {c.key, key->version + 1, {minted.secret}, until}};
}

}  // namespace ringledger
