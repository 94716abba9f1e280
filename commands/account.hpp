// Commands about accounts.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// The operator opens an account with its first member, the owner, and that member's first key.
struct CreateAccount {
  static constexpr std::string_view operation = "CreateAccount";
  static constexpr std::string_view summary = "Opens an account with its owner and a first key";
  static constexpr Route route{Method::post, "/v1/accounts"};
  static constexpr Access access{Access::Need::operator_only};
  static constexpr int statuses[] = {201};
  struct Owner {
    Text<200> name;
    Email email;
    BOOST_DESCRIBE_CLASS(Owner, (), (name, email), (), ())
  };
  Text<200> name;
  Owner owner;
  BOOST_DESCRIBE_CLASS(CreateAccount, (), (name, owner), (), ())

  struct Answer {
    struct Account {
      AccountId id;
      std::string name;
      RL_FIELDS(Account, id, name);
    };
    struct Owner {
      MemberId id;
      Personal<std::string> name, email;
      RL_FIELDS(Owner, id, name, email);
    };
    struct Key {
      KeyId id;
      OneTimeSecret secret;
      RL_FIELDS(Key, id, secret);
    };
    Account account;
    Owner owner;
    Key key;
    RL_FIELDS(Answer, account, owner, key);
    [[nodiscard]] std::string subject() const { return owner.id.to_string(); }
  };
};
Decision<CreateAccount::Answer> decide(const CreateAccount&, const Book&, const Context&);

}  // namespace ringledger
