// Workspaces and who is in them.
#include "commands/workspace.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

InviteMember invite(const std::string& email, members::Role role) {
  return {dental, {email}, {"New Person"}, role};
}
Personal<std::string> personal(const char* text) { return Personal<std::string>(text); }

}  // namespace

TEST_CASE("ROL-01 who creates a workspace owns it") {
  auto world = given(people());
  auto ws = drawn<WorkspaceId>(world, 0);
  world.when(CreateWorkspace{{"Third"}, {"US"}, {"UTC"}, workspaces::Plan::indie})
      .then({workspaces::Created{ws, "Third", "US", "UTC", workspaces::Plan::indie, owner}})
      .then_status(201);
}

TEST_CASE("a workspace made by a service key belongs to the account's owner") {
  auto world = given(people());
  auto ws = drawn<WorkspaceId>(world, 0);
  world.when(CreateWorkspace{{"Third"}, {"US"}, {"UTC"}, workspaces::Plan::indie}, by(id<KeyId>(99)))
      .then({workspaces::Created{ws, "Third", "US", "UTC", workspaces::Plan::indie, owner}});
}

TEST_CASE("an update of a workspace tells only what changed; nothing changed is nothing to do") {
  auto world = given(people());
  workspaces::Updated renamed{dental, "Acme Teeth", {}, {}, {}};
  world.when(UpdateWorkspace{dental, Text<200>{"Acme Teeth"}, CountryCode{"US"}, {}, {}}).then({renamed});
  world.when(UpdateWorkspace{dental, Text<200>{"Acme Dental"}, {}, {}, workspaces::Plan::agency})
      .then_nothing();
  world.when(UpdateWorkspace{dental, {}, CountryCode{"CA"}, TimeZone{"UTC"}, workspaces::Plan::indie})
      .then({workspaces::Updated{dental, {}, "CA", "UTC", workspaces::Plan::indie}});
}

TEST_CASE("CNA-04 CNA-06 a workspace says whether names are detected, and how sure an AI has to be") {
  auto world = given(people());
  CHECK(world.row<workspaces::Workspace>(dental)->detect_caller_name);
  CHECK(world.row<workspaces::Workspace>(dental)->least_ai_confidence == Share{8'000});
  UpdateWorkspace c{dental, {}, {}, {}, {}};
  c.detect_caller_name = true;
  c.least_ai_confidence = Share{8'000};
  world.when(c).then_nothing();
  c.detect_caller_name = false;
  c.least_ai_confidence = Share{6'500};
  workspaces::Updated e{dental, {}, {}, {}, {}};
  e.detect_caller_name = false;
  e.least_ai_confidence = Share{6'500};
  world.when(c).then({e}).then_answer([](const auto& a) { CHECK(a.least_ai_confidence == Share{6'500}); });
}

TEST_CASE(
    "ROL-02 a workspace grants its managers and members what concerns calls and contacts, and no more") {
  auto world = given(people());
  UpdateWorkspace c{dental, {}, {}, {}, {}};
  c.manager_grants = std::vector<std::string>{"contacts.read", "calls.read", "contacts.read"};
  world.when(c).then_nothing();
  c.manager_grants = std::vector<std::string>{"contacts.write", "contacts.read", "contacts.read"};
  c.member_grants = std::vector<std::string>{};
  workspaces::Updated e{dental, {}, {}, {}, {}};
  e.manager_grants = std::vector<std::string>{"contacts.read", "contacts.write"};
  e.member_grants = std::vector<std::string>{};
  world.when(c).then({e});
  world.happened({e});
  CHECK(world.row<workspaces::Workspace>(dental)->manager_grants == *e.manager_grants);
  CHECK(world.row<workspaces::Workspace>(dental)->member_grants.empty());
  world.when(c).then_nothing();
  c.manager_grants = std::vector<std::string>{"calls.read", "contacts.erase"};
  c.member_grants = std::vector<std::string>{"contacts.write"};
  world.when(c).then_refused(Code::validation_failed, [](const Refusal& r) {
    REQUIRE(r.errors.size() == 2);
    CHECK(r.errors[0].pointer == "/manager_grants/1");
    CHECK(r.errors[1].pointer == "/member_grants/0");
  });
}

TEST_CASE("an update of a workspace that changed meanwhile is refused") {
  auto world = given(people());
  world.when(UpdateWorkspace{dental, Text<200>{"x"}, {}, {}, {}}, by(owner).if_match(2))
      .then_refused(Code::version_mismatch);
  world.when(UpdateWorkspace{foreign_ws, Text<200>{"x"}, {}, {}, {}}).then_refused(Code::not_found);
}

TEST_CASE("ROL-01 an invitation adds the person and gives the role") {
  auto world = given(people());
  auto who = drawn<MemberId>(world, 0);
  world.when(invite("new@acme.example", members::Role::agent))
      .then({members::Added{who, false, personal("New Person"), personal("new@acme.example")},
             members::RoleGranted{who, dental, members::Role::agent}})
      .then_status(201)
      .then_answer([&](const MemberView& a) {
        CHECK_FALSE(a.account_owner);
        CHECK(a.added_at == world.now);
      });
}

TEST_CASE(
    "ROL-01 one member per e-mail and account, case ignored: inviting a known person into another workspace "
    "gives that member the role") {
  auto world = given(people());
  world.when(InviteMember{vision, {"ADA@acme.example"}, {"Somebody"}, members::Role::manager})
      .then({members::RoleGranted{admin, vision, members::Role::manager}})
      .then_answer([&](const MemberView& a) {
        CHECK(a.id == admin);
        CHECK(a.name == personal("Ada Admin"));
        CHECK(a.role == members::Role::manager);
        CHECK(a.added_at == world.row<members::Member>(admin)->added_at);
      });
}

TEST_CASE("ROL-01 an invitation of who is in the workspace changes no role") {
  auto world = given(people());
  world.when(invite("ada@acme.example", members::Role::admin)).then_nothing();
  world.when(invite("max@acme.example", members::Role::agent))
      .then_nothing()
      .then_status(201)
      .then_answer([](const MemberView& a) { CHECK(a.role == members::Role::manager); });
  world.when(invite("ada@acme.example", members::Role::owner), by(owner)).then_nothing();
}

TEST_CASE("ROL-01 an admin cannot make an owner, an owner can") {
  auto world = given(people());
  world.when(invite("new@acme.example", members::Role::owner), by(admin)).then_refused(Code::not_owner);
  world.when(invite("ada@acme.example", members::Role::owner), by(admin)).then_refused(Code::not_owner);
  world.when(invite("new@acme.example", members::Role::owner), by(owner))
      .then_answer([](const MemberView& a) { CHECK(a.role == members::Role::owner); });
}

TEST_CASE("ROL-01 a service key cannot make an owner") {
  given(people())
      .when(invite("new@acme.example", members::Role::owner), by(id<KeyId>(99)))
      .then_refused(Code::not_owner);
}

TEST_CASE("ROL-01 an invitation does not take an owner's role away: the last owner stays") {
  auto world = given(people());
  for (auto who : {admin, owner}) {
    world.when(invite("olga@acme.example", members::Role::member), by(who))
        .then_nothing()
        .then_answer([](const MemberView& a) {
          CHECK(a.role == members::Role::owner);
          CHECK(a.account_owner);
        });
  }
}

TEST_CASE("an invitation into a workspace that is not there is refused") {
  given(people())
      .when(InviteMember{foreign_ws, {"a@b.example"}, {"A"}, members::Role::agent})
      .then_refused(Code::not_found);
}
