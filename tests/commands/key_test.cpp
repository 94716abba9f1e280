// API keys: who may make, end and rotate which.
#include "commands/key.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

const KeyId service = id<KeyId>(50), admins = id<KeyId>(51);

std::vector<Event> with_keys() {
  return people() + keys::Created{service, "ci", {}, {"numbers.read"}, {dental}, "d1", {}} +
         keys::Created{admins, "ada's", admin, {}, {}, "d2", {}};
}
CreateKey own_key() { return {{"laptop"}, {}, {}, {}, {}}; }
CreateKey service_key(std::vector<Text<64>> capabilities) {
  return {{"ci"}, {}, std::move(capabilities), {dental}, {}};
}

}  // namespace

TEST_CASE("ROL-01 a member makes a key of one's own; its secret is in the answer only") {
  auto world = given(people());
  auto key = drawn<KeyId>(world, 0);
  std::string secret;
  auto outcome = world.when(own_key(), by(admin));
  outcome.then_status(201).then_answer([&](const CreateKey::Answer& a) {
    secret = a.secret.value;
    CHECK(a.member == admin);
    CHECK(a.created_at == world.now);
  });
  outcome.then({keys::Created{key, "laptop", admin, {}, {}, "digest of " + secret, {}}});
  CHECK_FALSE(secret.empty());
}

TEST_CASE("ROL-01 only the account's owner makes keys for others and for services") {
  auto world = given(people());
  CreateKey for_admin{{"k"}, admin, {}, {}, {}};
  world.when(for_admin, by(owner)).then_answer([](const auto& a) { CHECK(a.member == admin); });
  world.when(for_admin, by(manager)).then_refused(Code::forbidden);
  world.when(service_key({{"numbers.read"}}), by(admin)).then_refused(Code::forbidden);
  world.when(own_key(), by(service)).then_refused(Code::forbidden);
  world.when(service_key({{"numbers.read"}}), by(owner)).then_answer([](const auto& a) {
    CHECK_FALSE(a.member);
    CHECK(a.workspaces == std::vector{dental});
  });
}

TEST_CASE("numbers_create is another name of numbers.create") {
  given(people()).when(service_key({{"numbers_create"}})).then_answer([](const auto& a) {
    CHECK(a.capabilities == std::vector<std::string>{"numbers.create"});
  });
}

TEST_CASE("every fault of a key is named") {
  auto world = given(people());
  CreateKey c{{"k"}, admin, {{"numbers.read"}, {"fly"}}, {}, world.now};
  world.when(c).then_refused(Code::validation_failed, [](const Refusal& r) {
    REQUIRE(r.errors.size() == 3);
    CHECK(r.errors[0].pointer == "/capabilities/1");
    CHECK(r.errors[1].pointer == "/member");
    CHECK(r.errors[2].pointer == "/expires_at");
  });
  world.when(CreateKey{{"k"}, {}, {}, {dental}, {}})
      .then_refused(Code::validation_failed,
                    [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/workspaces"); });
  world.when(CreateKey{{"k"}, id<MemberId>(77), {}, {}, {}}).then_refused(Code::not_found);
  world.when(CreateKey{{"k"}, {}, {{"numbers.read"}}, {foreign_ws}, {}}).then_refused(Code::not_found);
}

TEST_CASE("a service key is one of named workspaces: without any it would be refused") {
  CreateKey c{{"k"}, {}, {{"numbers.read"}}, {}, {}};
  given(people()).when(c).then_refused(Code::validation_failed, [](const Refusal& r) {
    REQUIRE(r.errors.size() == 1);
    CHECK(r.errors[0].pointer == "/workspaces");
  });
}

TEST_CASE("a service key with keys.write makes, rotates and ends keys that give no more than it has") {
  const KeyId maker = id<KeyId>(52), wide = id<KeyId>(53), reader = id<KeyId>(54);
  auto world =
      given(with_keys() + keys::Created{maker, "m", {}, {"keys.write", "numbers.read"}, {dental}, "d3", {}} +
            keys::Created{wide, "w", {}, {"numbers.read"}, {dental, vision}, "d4", {}} +
            keys::Created{reader, "r", {}, {"numbers.read"}, {dental}, "d5", {}});
  world.when(service_key({{"numbers.read"}}), by(maker)).then_status(201);
  world.when(service_key({{"numbers.write"}}), by(maker)).then_refused(Code::forbidden);
  world.when(CreateKey{{"k"}, {}, {{"numbers.read"}}, {dental, vision}, {}}, by(maker))
      .then_refused(Code::forbidden);
  world.when(CreateKey{{"k"}, admin, {}, {}, {}}, by(maker)).then_refused(Code::forbidden);
  world.when(own_key(), by(maker)).then_refused(Code::forbidden);
  world.when(service_key({{"numbers.read"}}), by(reader)).then_refused(Code::forbidden);
  world.when(RevokeKey{reader}, by(maker)).then({keys::Revoked{reader}});
  world.when(RotateKey{reader, 0}, by(maker)).then_status(200);
  for (auto other : {wide, admins, owner_key}) {
    world.when(RevokeKey{other}, by(maker)).then_refused(Code::not_found);
    world.when(RotateKey{other, 0}, by(maker)).then_refused(Code::not_found);
  }
}

TEST_CASE("a key's version counts what was done to it") {
  auto world = given(with_keys());
  world.when(own_key(), by(admin)).then_answer([](const CreateKey::Answer& a) {
    CHECK(a.version == 1);
    CHECK_FALSE(a.previous_valid_until);
  });
  world.when(RotateKey{admins, 0}, by(admin).if_match(2)).then_refused(Code::version_mismatch);
  CHECK(world.does(RotateKey{admins, 0}, by(admin).if_match(1)));
  world.when(RevokeKey{admins}, by(admin).if_match(1)).then_refused(Code::version_mismatch);
  world.when(RevokeKey{admins}, by(admin)).then_answer([](const auto& a) { CHECK(a.version == 3); });
}

TEST_CASE("a key is ended by its member or the account's owner; to others it does not exist") {
  auto world = given(with_keys());
  world.when(RevokeKey{admins}, by(admin)).then({keys::Revoked{admins}});
  world.when(RevokeKey{admins}, by(owner)).then({keys::Revoked{admins}});
  world.when(RevokeKey{admins}, by(manager)).then_refused(Code::not_found);
  world.when(RevokeKey{owner_key}, by(admin)).then_refused(Code::not_found);
  world.when(RevokeKey{service}, by(service)).then({keys::Revoked{service}});
  world.when(RevokeKey{id<KeyId>(77)}, by(owner)).then_refused(Code::not_found);
}

TEST_CASE("ending a key twice is nothing to do, rotating an ended one cannot be") {
  auto world = given(with_keys() + keys::Revoked{admins});
  world.when(RevokeKey{admins}, by(admin)).then_nothing();
  world.when(RotateKey{admins, 0}, by(admin)).then_refused(Code::not_found);
}

TEST_CASE("a rotated key keeps its id, and the old secret works overlap_s longer") {
  auto world = given(with_keys());
  Timestamp until{world.now.ms + 60'000};
  auto outcome = world.when(RotateKey{admins, 60}, by(admin));
  std::string secret;
  outcome.then_answer([&](const RotateKey::Answer& a) {
    CHECK(a.id == admins);
    CHECK(a.previous_valid_until == until);
    secret = a.secret.value;
  });
  outcome.then({keys::Rotated{admins, "digest of " + secret, until}});
  world.happened(outcome.events());
  CHECK(world.row<keys::Key>(admins)->previous_digest == "d2");
  CHECK(world.row<keys::Key>(admins)->digest == "digest of " + secret);
}

TEST_CASE("the overlap of a rotation is 0 to a week") {
  auto world = given(with_keys());
  world.when(RotateKey{admins, -1}, by(admin)).then_refused(Code::validation_failed);
  world.when(RotateKey{admins, 604'801}, by(admin)).then_refused(Code::validation_failed);
  world.when(RotateKey{admins, 604'800}, by(admin)).then_answer([](const auto&) {});
}

namespace {

/// In a workspace that grants this.
auto granting(std::vector<std::string_view> capabilities) {
  return
      [all = std::move(capabilities)](std::string_view c) { return std::ranges::find(all, c) != all.end(); };
}

}  // namespace

TEST_CASE("ROL-01 what each role may do in its workspace") {
  using members::Role;
  const auto nothing = granting({});
  for (auto role : {Role::owner, Role::admin}) {
    for (auto capability : all_capabilities()) CHECK(role_may(role, capability, nothing));
  }
  for (auto what : {"numbers.read", "numbers.write", "numbers.create", "campaigns.write", "connections.read"})
    CHECK(role_may(Role::manager, what, nothing));
  for (auto what : {"connections.write", "members.read", "members.write", "keys.write", "events.write"})
    CHECK_FALSE(role_may(Role::manager, what, nothing));
  for (auto role : {Role::agent, Role::member}) {
    CHECK(role_may(role, "numbers.read", nothing));
    CHECK(role_may(role, "connections.read", nothing));
    for (auto what : {"numbers.write", "numbers.create", "campaigns.write", "keys.read", "members.read"}) {
      CHECK_FALSE(role_may(role, what, granting({what})));
    }
  }
}

TEST_CASE(
    "ROL-02 agents view and edit contacts; of managers and members the workspace says; erasing is the "
    "admin's") {
  using members::Role;
  const auto nothing = granting({});
  for (auto what : {"contacts.read", "contacts.write", "calls.read", "calls.write", "events.read"})
    CHECK(role_may(Role::agent, what, nothing));
  for (auto role : {Role::manager, Role::member}) {
    for (auto what : {"contacts.read", "calls.read"}) {
      CHECK_FALSE(role_may(role, what, nothing));
      CHECK(role_may(role, what, granting({what})));
      CHECK_FALSE(role_may(role, "events.read", granting({what})));  // events hold both
    }
    CHECK(role_may(role, "events.read", granting({"contacts.read", "calls.read"})));
    CHECK_FALSE(role_may(role, "calls.write", granting({"calls.write"})));  // notes and qualifies
  }
  CHECK_FALSE(role_may(Role::manager, "contacts.write", nothing));
  CHECK(role_may(Role::manager, "contacts.write", granting({"contacts.write"})));
  CHECK_FALSE(role_may(Role::member, "contacts.write", granting({"contacts.write"})));
  for (auto role : {Role::manager, Role::agent, Role::member})
    CHECK_FALSE(role_may(role, "contacts.erase", granting({"contacts.erase"})));
}
