// Moving a number to another workspace of the account.
#include "commands/number_transfer.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

constexpr auto moving = WarningCode::moving_between_campaigns, left_empty = WarningCode::campaign_left_empty;
std::vector<Event> history() { return acme() + imported(n1, 1); }
TransferWorkspace transfer(std::vector<WarningCode> acknowledged = {}) {
  return {dental, n1, vision, std::move(acknowledged)};
}
PreviewTransfer preview() { return {dental, n1, vision}; }
numbers::ProviderNumber there() {
  numbers::ProviderNumber n{pn(1), phone(1), {true, true, false, false}, numbers::NumberType::local, {}};
  n.settings.friendly_name = "as verified";
  return n;
}
By verified(By who = {}) { return who.facts({ProviderFacts{vision_twilio, {there()}, "", {}, 0}}); }
By failing(CarrierFailure::Kind kind) {
  return by(owner).facts(
      {ProviderFacts{vision_twilio, {}, "", CarrierFailure{kind, {20'003, "no", ""}, 0}, 0}});
}
/// What the destination is told of n1.
numbers::TransferredIn arrival() {
  auto from = imported(n1, 1);
  numbers::TransferredIn e;
  e.number = n1;
  e.workspace = vision;
  e.connection = vision_twilio;
  e.e164 = phone(1);
  e.sid = pn(1);
  e.country = "US";
  e.area_code = "415";
  e.number_type = from.number_type;
  e.capabilities = there().capabilities;
  e.cnam_state = numbers::CnamState::off;
  e.wanted.hooks = true;
  e.actual = there().settings;
  return e;
}

}  // namespace

TEST_CASE(
    "XFR-05 XFR-06 XFR-08 a transfer is one commit: out of the source, in at the destination, parked and "
    "unassigned") {
  auto world = given(history());
  world.when(transfer(), verified())
      .then({numbers::TransferredOut{n1, dental, {}, {}}, arrival()})
      .then_answer([](const TransferWorkspace::Answer& a) {
        CHECK(a.id == n1);
        CHECK(a.workspace.id == vision);
        CHECK(a.workspace.name == "Acme Vision");
        CHECK(a.assignment == Assignment::unassigned);
        CHECK(a.routing == numbers::Routing::parking);
        CHECK(a.provider.state == numbers::ProviderState::pending);
      });
}

TEST_CASE("XFR-04 a transfer unassigns at the source, after its warnings were acknowledged") {
  auto world = given(history() + assigned(n1, spring));
  world.when(transfer(), verified()).then_refused(Code::warnings_not_acknowledged, [](const Refusal& r) {
    CHECK(r.warnings.size() == 2);
  });
  world.when(transfer({moving}), verified()).then_refused(Code::warnings_changed);
  auto c = transfer({moving, left_empty});
  world.when(c, verified())
      .then({numbers::TransferredOut{n1, dental, spring, {"moving_between_campaigns", "campaign_left_empty"}},
             arrival()});
  CHECK(world.does(c, verified()));
  CHECK(world.campaign(spring).numbers == 0);
  CHECK(world.number(n1).workspace == vision);
}

TEST_CASE("XFR-09 XFR-10 after a transfer the number is not in the source workspace any more") {
  auto world = given(history());
  CHECK(world.does(transfer(), verified()));
  world.when(transfer(), verified()).then_refused(Code::not_found);
  CHECK(world.book().number_by_e164(phone(1))->workspace == vision);
}

TEST_CASE("XFR-02 ROL-03 a transfer needs the owner of both workspaces") {
  auto world = given(history() + members::RoleGranted{admin, vision, members::Role::owner} +
                     members::RoleGranted{manager, vision, members::Role::manager});
  world.when(transfer(), verified(by(admin))).then_refused(Code::not_owner);    // owns the destination only
  world.when(transfer(), verified(by(manager))).then_refused(Code::not_owner);  // belongs to both, owns none
  world.when(transfer(), verified(by(id<KeyId>(50)))).then_refused(Code::not_found);
  CHECK(world.happened({members::RoleGranted{admin, dental, members::Role::owner}}));
  world.when(transfer(), verified(by(admin))).then_answer([](const auto&) {});
  CHECK(world.happened({members::RoleGranted{admin, vision, members::Role::admin}}));
  world.when(transfer(), verified(by(admin))).then_refused(Code::not_owner);
}

TEST_CASE("XFR-02 a workspace that the caller does not belong to does not exist") {
  auto world = given(history());
  world.when(transfer(), verified(by(admin))).then_refused(Code::not_found);
  auto c = transfer();
  c.to_workspace = foreign_ws;
  world.when(c, verified()).then_refused(Code::not_found);
}

TEST_CASE("XFR-01 a number is not transferred to where it is") {
  auto c = transfer();
  c.to_workspace = dental;
  given(history()).when(c, verified()).then_refused(Code::same_workspace);
}

TEST_CASE("XFR-03 the destination needs a connection to the same provider account") {
  auto other = people() + connection_added(dental_twilio, dental) +
               connection_added(vision_twilio, vision, "AC" + std::string(32, 'b')) + imported(n1, 1);
  given(other).when(transfer(), verified()).then_refused(Code::provider_account_mismatch);
}

TEST_CASE("XFR-03 of several connections to the account the newest that works is asked, else the newest") {
  const ConnectionId stale = id<ConnectionId>(12);
  auto state = [](ConnectionId con, connections::State s) {
    return connections::Verified{con, vision, s, "Full", 0, ""};
  };
  auto world = given(history() + connection_added(stale, vision));
  Context ctx;
  ctx.principal = {owner.to_string()};
  auto asked = [&] { return questions(transfer(), world.book(), ctx).at(0).connection; };
  CHECK(asked() == stale);
  world.happened({state(vision_twilio, connections::State::active)});
  CHECK(asked() == vision_twilio);
  world.happened({state(stale, connections::State::invalid_credentials)});
  CHECK(asked() == vision_twilio);
  world.when(transfer(), verified()).then_status(200);
  world.happened({state(stale, connections::State::active)});
  CHECK(asked() == stale);
}

TEST_CASE(
    "XFR-03 XFR-08 the number must be in the destination's provider account; else nothing changes anywhere") {
  auto world = given(history());
  world.when(transfer(), by(owner).facts({ProviderFacts{vision_twilio, {}, "", {}, 0}}))
      .then_refused(Code::number_not_in_provider_account);
  world.when(transfer(), failing(CarrierFailure::Kind::invalid_credentials))
      .then_refused(Code::provider_refused, [](const Refusal& r) { CHECK(r.provider->code == 20'003); });
  world.when(transfer(), failing(CarrierFailure::Kind::unavailable))
      .then_refused(Code::provider_unavailable, [](const Refusal& r) {
        REQUIRE(r.provider);
        CHECK(r.provider->message == "no");
      });
  world.when(transfer()).then_refused(Code::provider_unavailable);
}

TEST_CASE(
    "XFR-03 the destination's provider account is asked about the number, with the destination's "
    "credentials") {
  auto world = given(history());
  Context ctx;
  ctx.principal = {owner.to_string()};
  auto asked = questions(transfer(), world.book(), ctx);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].connection == vision_twilio);
  CHECK(asked[0].numbers == std::vector{phone(1)});
  ctx.if_match = 7;
  CHECK(questions(transfer(), world.book(), ctx).empty());
  ctx.principal = {admin.to_string()};
  ctx.if_match.reset();
  CHECK(questions(transfer(), world.book(), ctx).empty());
}

TEST_CASE(
    "XFR-05 hooks that were to be restored are not: a transferred number is parked with ours; label and CNAM "
    "stay") {
  auto world =
      given(history() + numbers::Renamed{n1, dental, "Front"} + numbers::CnamToggled{n1, dental, true} +
            numbers::Deactivated{n1, dental} + numbers::Activated{n1, dental});
  auto e = arrival();
  e.label = "Front";
  e.cnam_enabled = true;
  e.cnam_state = numbers::CnamState::turning_on;
  e.wanted.friendly_name = "Front";
  e.wanted.cnam = true;
  world.when(transfer(), verified()).then({numbers::TransferredOut{n1, dental, {}, {}}, e});
}

TEST_CASE("a transfer of a number that changed meanwhile or is being released is refused") {
  auto world = given(history());
  world.when(transfer(), verified(by(owner).if_match(2))).then_refused(Code::version_mismatch);
  CHECK(world.happened({numbers::Deleted{n1, dental, {}, true, {}}}));
  world.when(transfer(), verified()).then_refused(Code::number_inactive);
}

TEST_CASE("XFR-01 a preview tells warnings, refusals and effects, and has none itself") {
  auto world = given(history() + assigned(n1, spring));
  world.when(preview()).then_nothing().then_answer([](const PreviewTransfer::Answer& a) {
    CHECK(a.warnings.size() == 2);
    CHECK(a.refusals.empty());
    REQUIRE(a.effects.size() == 3);
    CHECK(a.effects[0] == "The number leaves Spring.");
  });
  auto c = preview();
  c.to_workspace = dental;
  world.when(c).then_answer([](const PreviewTransfer::Answer& a) {
    CHECK(a.refusals.at(0).code == Code::same_workspace);
    CHECK(a.effects.empty());
  });
  c.to_workspace = foreign_ws;
  world.when(c).then_refused(Code::not_found);
}

TEST_CASE(
    "CNA-08 XFR-06 after a transfer CNAM is what the destination's provider shows, or still to be turned") {
  using numbers::CnamState;
  auto refused =
      history() + numbers::CnamToggled{n1, dental, true} + numbers::CnamRefused{n1, dental, 1, 21'409, "no"};
  auto world = given(refused);
  CHECK(world.does(transfer(), verified()));
  CHECK(world.number(n1).cnam_state == CnamState::off);  // the refusal was of another wish, elsewhere
  world = given(history() + numbers::CnamToggled{n1, dental, true});
  CHECK(world.does(transfer(), verified()));
  CHECK(world.number(n1).cnam_state == CnamState::turning_on);
}
