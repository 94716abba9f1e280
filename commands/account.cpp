#include "commands/account.hpp"

namespace ringledger {

Decision<CreateAccount::Answer> decide(const CreateAccount& c, const Book& book, const Context& ctx) {
  if (book.find<accounts::Account>(ctx.account)) {  // the id follows from the key (architecture.md "Ids")
    return refuse(Code::idempotency_key_reused, "An account was opened with this Idempotency-Key long ago.");
  }
  auto owner = ctx.new_id<MemberId>();
  auto key = ctx.new_id<KeyId>();
  auto minted = ctx.new_secret(key);
  Personal<std::string> name(c.owner.name.value), email(c.owner.email.value);
  return Accepted<CreateAccount::Answer>{
      {accounts::Created{ctx.account, c.name.value, owner}, members::Added{owner, true, name, email},
       keys::Created{key, "first key", owner, {}, {}, minted.digest, std::nullopt}},
      {{ctx.account, c.name.value}, {owner, name, email}, {key, {minted.secret}}},
      201};
}

}  // namespace ringledger
