// What derives from an event's declaration: type name, workspace, entities, subject.
#include "domain/event.hpp"

#include <doctest/doctest.h>

#include <boost/mp11/algorithm.hpp>
#include <regex>
#include <set>

#include "tests/support/samples.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE("every event type is noun.past_tense.vN, and no two share a name") {
  std::set<std::string> seen;
  std::regex shape("[a-z]+\\.[a-z_]+\\.v[0-9]+");
  boost::mp11::mp_for_each<Event::Variant>([&]<class E>(E) {
    std::string type(E::type);
    CAPTURE(type);
    CHECK(std::regex_match(type, shape));
    CHECK(seen.insert(type).second);
  });
  CHECK(seen.size() == boost::mp11::mp_size<Event::Variant>::value);
}

TEST_CASE("every event names the entity it is about first, by the noun of its type") {
  boost::mp11::mp_for_each<Event::Variant>([&]<class E>(E e) {
    std::string type(E::type);
    CAPTURE(type);
    auto entities = entities_of(e);
    REQUIRE_FALSE(entities.empty());
    auto subject = subject_of(e);
    CHECK(subject == type.substr(0, type.find('.')) + "s/" + entities.front());
    CHECK(entities.front().substr(0, 1) == (type.starts_with("number") ? "n" : type.substr(0, 1)));
  });
}

TEST_CASE("entities are every id of the event, inside optionals and lists too, each once") {
  Event moved = assigned(n1, autumn, spring);
  CHECK(entities_of(moved) ==
        std::vector<std::string>{n1.to_string(), dental.to_string(), autumn.to_string(), spring.to_string()});
  Event first = assigned(n1, autumn);
  CHECK(entities_of(first) ==
        std::vector<std::string>{n1.to_string(), dental.to_string(), autumn.to_string()});
  Event key = keys::Created{owner_key, "k", owner, {"numbers.read"}, {dental, vision, dental}, "d", {}};
  CHECK(entities_of(key) == std::vector<std::string>{owner_key.to_string(), owner.to_string(),
                                                     dental.to_string(), vision.to_string()});
}

TEST_CASE("an event is of at most one workspace; account-wide events of none") {
  CHECK(workspace_of(assigned(n1, spring)) == dental);
  numbers::TransferredIn in;
  in.workspace = vision;
  CHECK(workspace_of(in) == vision);
  CHECK_FALSE(workspace_of(accounts::Created{account, "Acme", owner}));
  CHECK_FALSE(workspace_of(keys::Revoked{owner_key}));
}

TEST_CASE("the subject is the CloudEvents path of the entity") {
  CHECK(subject_of(assigned(n1, spring)) == "numbers/" + n1.to_string());
  CHECK(subject_of(members::RoleGranted{admin, dental, members::Role::admin}) ==
        "members/" + admin.to_string());
  CHECK(subject_of(campaigns::Archived{spring, dental}) == "campaigns/" + spring.to_string());
}
