// Accounts: the tenant; unit of order and of isolation.
#pragma once

#include <variant>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::accounts {

struct Created {
  static constexpr std::string_view type = "account.created.v1";
  AccountId account;
  std::string name;
  MemberId owner;
  RL_FIELDS(Created, account, name, owner);
};

using Event = std::variant<Created>;

struct Account {
  AccountId id;
  std::string name;
  MemberId owner;
  RL_FIELDS(Account, id, name, owner);
};

}  // namespace ringledger::accounts
