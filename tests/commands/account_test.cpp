// Opening an account.
#include "commands/account.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE("ROL-01 opening an account makes its owner and the owner's first key, whose secret is not stored") {
  World nothing;
  CreateAccount c{{"Acme"}, {{"Olga Owner"}, {"olga@acme.example"}}};
  auto member = drawn<MemberId>(nothing, 0);
  auto key = drawn<KeyId>(nothing, 1);
  Personal<std::string> name("Olga Owner"), email("olga@acme.example");
  std::string secret;
  auto outcome = nothing.when(c, By{"operator", {}, {}});
  outcome.then_status(201).then_answer([&](const CreateAccount::Answer& a) {
    CHECK(a.account.id == account);
    CHECK(a.owner.id == member);
    CHECK(a.owner.email == email);
    CHECK(a.key.id == key);
    CHECK(a.subject() == member.to_string());
    secret = a.key.secret.value;
    CHECK(secret.starts_with("rl_" + key.to_string()));
  });
  outcome.then({accounts::Created{account, "Acme", member}, members::Added{member, true, name, email},
                keys::Created{key, "first key", member, {}, {}, "digest of " + secret, {}}});
}
