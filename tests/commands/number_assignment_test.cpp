// Lending a number to a campaign and taking it back: warnings, refusals, routing.
#include "commands/number_assignment.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

constexpr auto moving = WarningCode::moving_between_campaigns, shown = WarningCode::active_visitor_session,
               left_empty = WarningCode::campaign_left_empty, recent = WarningCode::recent_visitor;
const std::vector<WarningCode> both{moving, left_empty};

AssignToCampaign assign(NumberId n, CampaignId c, std::vector<WarningCode> acknowledged = {}) {
  return {dental, n, {true, c}, std::move(acknowledged), false};
}
AssignToCampaign unassign(NumberId n, std::vector<WarningCode> acknowledged = {}) {
  return {dental, n, {true, {}}, std::move(acknowledged), false};
}
/// n1, n2 in Spring (static), n3 in the inventory.
std::vector<Event> three() {
  return acme() + imported(n1, 1) + imported(n2, 2) + imported(n3, 3) + assigned(n1, spring) +
         assigned(n2, spring);
}
std::vector<WarningCode> codes(const std::vector<Warning>& all) {
  std::vector<WarningCode> c;
  for (const auto& w : all) c.push_back(w.code);
  return c;
}
numbers::Assigned moved(NumberId n, CampaignId to, CampaignId from, std::vector<std::string> acknowledged) {
  return {n, dental, to, from, std::move(acknowledged)};
}
/// A visitor sees n1, which is Website's only number, now.
World with_visitor() {
  const auto ann = id<SessionId>(90);
  auto world = given(acme() + imported(n1, 1) + assigned(n1, site));
  world.happened({sessions::Started{ann, dental, site, {}, Personal<std::string>("k"), {}, {}, {}, {}, {}},
                  sessions::NumberLeased{ann, dental, site, n1, phone(1), sessions::LeaseReason::lru, {}}});
  return world;
}

}  // namespace

TEST_CASE(
    "ASG-01 ASG-02 a number in the inventory is assigned without a warning and routed to the campaign") {
  auto world = given(three());
  world.when(assign(n3, site)).then({assigned(n3, site)}).then_answer([](const AssignToCampaign::Answer& a) {
    CHECK(a.assignment == Assignment::assigned);
    CHECK(a.campaign->name == "Website");
    CHECK(a.routing == numbers::Routing::campaign);
    CHECK(a.provider.state == numbers::ProviderState::pending);
  });
}

TEST_CASE("ASG-01 to the campaign where it is, nothing happens") {
  given(three()).when(assign(n1, spring)).then_nothing().then_status(200);
}

TEST_CASE("ASG-04 ASG-05 moving from a static campaign warns critically, in the document's words") {
  given(three()).when(assign(n1, site)).then_refused(Code::warnings_not_acknowledged, [](const Refusal& r) {
    REQUIRE(codes(r.warnings) == std::vector{moving});
    CHECK(r.warnings[0].severity == Severity::critical);
    CHECK(r.warnings[0].campaign == spring);
    CHECK(
        r.warnings[0].message ==
        "This number will be removed from Spring. That campaign may stop working if it's a static campaign.");
  });
}

TEST_CASE("ASG-04 moving from a website tracker is a warning, not critical") {
  given(acme() + imported(n1, 1) + imported(n2, 2) + assigned(n1, site) + assigned(n2, site))
      .when(assign(n1, spring))
      .then_refused(Code::warnings_not_acknowledged, [](const Refusal& r) {
        REQUIRE(codes(r.warnings) == std::vector{moving});
        CHECK(r.warnings[0].severity == Severity::warning);
      });
}

TEST_CASE("ASG-07 taking the last number leaves the campaign empty, in the document's words") {
  given(acme() + imported(n1, 1) + assigned(n1, spring))
      .when(assign(n1, site))
      .then_refused(Code::warnings_not_acknowledged, [](const Refusal& r) {
        REQUIRE(codes(r.warnings) == both);
        CHECK(r.warnings[1].severity == Severity::warning);
        CHECK(r.warnings[1].campaign == spring);
        CHECK(r.warnings[1].message ==
              "Removing this number will leave Spring with no numbers. Calls to this campaign will stop.");
      });
}

TEST_CASE("ASG-08 warnings are cumulative: a move can raise all three") {
  with_visitor().when(assign(n1, spring)).then_refused(Code::warnings_not_acknowledged, [](const Refusal& r) {
    REQUIRE(codes(r.warnings) == std::vector{moving, shown, left_empty});
    CHECK(r.warnings[1].severity == Severity::danger);
    CHECK(r.warnings[1].session == id<SessionId>(90));
    CHECK(r.warnings[1].message ==
          "This number is currently displayed to a visitor on your website. Unassigning it now may cause "
          "a failed "
          "call for that visitor.");
  });
}

TEST_CASE("ASG-03 ASG-12 the confirmed move records the warnings that stood; acknowledging more is fine") {
  auto world = given(three());
  world.when(assign(n1, site, {moving})).then({moved(n1, site, spring, {"moving_between_campaigns"})});
  world.when(assign(n1, site, {recent, left_empty, moving, moving}))
      .then({moved(n1, site, spring, {"moving_between_campaigns"})});
}

TEST_CASE("ASG-12 a confirmation is refused when more stands than was acknowledged, with the whole set") {
  auto world = given(acme() + imported(n1, 1) + assigned(n1, spring));
  for (auto acknowledged : {std::vector{moving}, std::vector{left_empty}, std::vector{recent}}) {
    world.when(assign(n1, site, acknowledged)).then_refused(Code::warnings_changed, [](const Refusal& r) {
      CHECK(codes(r.warnings) == both);
    });
  }
  world.when(assign(n1, site, both))
      .then({moved(n1, site, spring, {"moving_between_campaigns", "campaign_left_empty"})});
}

TEST_CASE("ASG-12 refusals by state are remembered, so that a repeat is refused alike") {
  for (auto code : {Code::warnings_not_acknowledged, Code::warnings_changed, Code::number_inactive,
                    Code::capability_missing, Code::campaign_archived, Code::version_mismatch}) {
    CHECK(is_remembered(code));
  }
  for (auto code :
       {Code::validation_failed, Code::not_found, Code::forbidden, Code::not_owner, Code::overloaded}) {
    CHECK_FALSE(is_remembered(code));
  }
}

TEST_CASE("ASG-13 ASG-14 each reason why a number cannot serve a campaign has its own code") {
  auto mute = imported(n2, 2);
  mute.capabilities = {false, false, false, false};
  auto world = given(acme() + imported(n1, 1) + mute + numbers::Deactivated{n1, dental} +
                     campaigns::Archived{autumn, dental});
  world.when(assign(n1, spring)).then_refused(Code::number_inactive);
  world.when(assign(n2, spring)).then_refused(Code::capability_missing);
  world.when(assign(n2, texts)).then_refused(Code::capability_missing);
  world.when(assign(n2, autumn)).then_refused(Code::campaign_archived);
}

TEST_CASE("ASG-13 a campaign for SMS needs SMS, one for voice needs voice") {
  auto voice_only = imported(n1, 1), sms_only = imported(n2, 2);
  voice_only.capabilities = {true, false, false, false};
  sms_only.capabilities = {false, true, false, false};
  auto world = given(acme() + voice_only + sms_only);
  world.when(assign(n1, spring)).then({assigned(n1, spring)});
  world.when(assign(n1, texts)).then_refused(Code::capability_missing);
  world.when(assign(n2, texts)).then({assigned(n2, texts)});
  world.when(assign(n2, spring)).then_refused(Code::capability_missing);
}

TEST_CASE("ASG-13 NUM-20 numbers and campaigns of another workspace do not exist") {
  auto world = given(three());
  world.when(assign(n3, vision_ads)).then_refused(Code::not_found);
  world.when(AssignToCampaign{vision, n3, {true, vision_ads}, {}, false}).then_refused(Code::not_found);
  world.when(assign(id<NumberId>(99), spring)).then_refused(Code::not_found);
  world.when(assign(n3, id<CampaignId>(99))).then_refused(Code::not_found);
}

TEST_CASE("an assignment to a number that changed meanwhile is refused, unless the version is the one seen") {
  auto world = given(three());
  world.when(assign(n3, site), by(owner).if_match(2)).then_refused(Code::version_mismatch);
  world.when(assign(n3, site), by(owner).if_match(1)).then({assigned(n3, site)});
}

TEST_CASE("the campaign must be named or null, and drain goes with null") {
  auto world = given(three());
  AssignToCampaign c{dental, n1, {}, {}, false};
  world.when(c).then_refused(Code::validation_failed,
                             [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/campaign"); });
  c.campaign = {true, spring};
  c.drain = true;
  world.when(c).then_refused(Code::validation_failed,
                             [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/drain"); });
  CHECK(assign(n1, spring).name() == "AssignToCampaign");
  CHECK(unassign(n1).name() == "UnassignNumber");
}

TEST_CASE("UNA-01 UNA-03 an unassigned number is parked in the inventory and can be assigned again") {
  auto world = given(three());
  world.when(unassign(n1, {moving}))
      .then({numbers::Unassigned{n1, dental, spring, {"moving_between_campaigns"}}})
      .then_answer([](const AssignToCampaign::Answer& a) {
        CHECK(a.assignment == Assignment::unassigned);
        CHECK_FALSE(a.campaign);
        CHECK(a.routing == numbers::Routing::parking);
      });
  CHECK(world.does(unassign(n1, {moving})));
  CHECK(world.campaign(spring).numbers == 1);
  world.when(assign(n1, site)).then({assigned(n1, site)});
}

TEST_CASE("UNA-02 unassigning raises the warnings that a move raises") {
  auto world = given(acme() + imported(n1, 1) + assigned(n1, spring));
  world.when(unassign(n1)).then_refused(Code::warnings_not_acknowledged, [](const Refusal& r) {
    CHECK(codes(r.warnings) == both);
  });
  world.when(unassign(n1, {left_empty})).then_refused(Code::warnings_changed);
}

TEST_CASE("UNA-01 unassigning what is not assigned is nothing to do") {
  given(three()).when(unassign(n3)).then_nothing();
}

TEST_CASE("ASG-01 many numbers: one result each, in order, and the rest is assigned all the same") {
  auto inactive = id<NumberId>(34);
  auto world = given(three() + imported(inactive, 4) + numbers::Deactivated{inactive, dental});
  AssignMany c{dental, site, {n3, inactive, id<NumberId>(99), n1, n3}, {}};
  world.when(c).then({assigned(n3, site)}).then_answer([&](const AssignMany::Answer& a) {
    REQUIRE(a.results.size() == 5);
    CHECK(a.assigned == 2);
    CHECK(a.results[0].outcome == "assigned");
    CHECK(a.results[0].number == NumberRef{n3, phone(3)});
    CHECK(a.results[1].error->code == Code::number_inactive);
    CHECK(a.results[2].error->code == Code::not_found);
    CHECK_FALSE(a.results[2].number);
    CHECK(a.results[3].error->code == Code::warnings_not_acknowledged);
    CHECK(codes(a.results[3].error->warnings) == std::vector{moving});
    CHECK(a.results[4].outcome == "assigned");  // its twin did it
  });
}

TEST_CASE(
    "ASG-07 of many, the one that leaves the campaign empty is warned of although it was not the last "
    "before") {
  AssignMany c{dental, site, {n1, n2}, {moving}};
  given(three())
      .when(c)
      .then({moved(n1, site, spring, {"moving_between_campaigns"})})
      .then_answer([](const AssignMany::Answer& a) {
        REQUIRE(a.results[1].error);
        CHECK(a.results[1].error->code == Code::warnings_changed);
        CHECK(codes(a.results[1].error->warnings) == both);
      });
}

TEST_CASE("an unknown or foreign campaign refuses the whole; one to a thousand numbers at once") {
  auto world = given(three());
  world.when(AssignMany{dental, vision_ads, {n3}, {}}).then_refused(Code::not_found);
  world.when(AssignMany{dental, site, {}, {}}).then_refused(Code::validation_failed);
  world.when(AssignMany{dental, site, std::vector(1001, n3), {}}).then_refused(Code::validation_failed);
  world.when(AssignMany{dental, site, std::vector(1000, n3), {}}).then({assigned(n3, site)});
}

TEST_CASE("ASG-03 a preview tells warnings, refusals and effects, and has none itself") {
  auto world = given(acme() + imported(n1, 1) + assigned(n1, spring));
  world.when(PreviewAssignment{dental, n1, site})
      .then_nothing()
      .then_answer([](const PreviewAssignment::Answer& a) {
        CHECK(codes(a.warnings) == both);
        CHECK(a.refusals.empty());
        CHECK(a.effects ==
              std::vector<std::string>{"The number leaves Spring.", "Calls are routed to Website."});
      });
  world.when(PreviewAssignment{dental, n1, {}}).then_answer([](const PreviewAssignment::Answer& a) {
    CHECK(codes(a.warnings) == both);
    CHECK(a.effects.back() == "Calls are parked until the number is assigned again.");
  });
  world.when(PreviewAssignment{dental, n1, spring}).then_answer([](const PreviewAssignment::Answer& a) {
    CHECK(a.warnings.empty());
  });
  world.when(PreviewAssignment{dental, n1, vision_ads}).then_refused(Code::not_found);
}

TEST_CASE(
    "ASG-03 ASG-11 a preview of the first assignment says that the hooks will be set; all refusals are "
    "listed") {
  auto mute = imported(n1, 1);
  mute.capabilities = {};
  auto world = given(acme() + mute + numbers::Deactivated{n1, dental} + campaigns::Archived{texts, dental} +
                     imported(n2, 2));
  world.when(PreviewAssignment{dental, n1, texts}).then_answer([](const PreviewAssignment::Answer& a) {
    REQUIRE(a.refusals.size() == 3);
    CHECK(a.refusals[0].code == Code::campaign_archived);
    CHECK(a.refusals[1].code == Code::number_inactive);
    CHECK(a.refusals[2].code == Code::capability_missing);
  });
  world.when(PreviewAssignment{dental, n2, site}).then_answer([](const PreviewAssignment::Answer& a) {
    CHECK(a.effects.back() == "The number's webhooks at the provider are set to ours.");
  });
}

TEST_CASE("what a book has not read yet, a layer over it has not read either") {
  Book cold(AccountId{}, [](const std::string&) -> std::optional<BookRowPtr> { return std::nullopt; });
  auto layer = cold.layered();
  CHECK(layer.find<numbers::Number>(n1) == nullptr);
  CHECK(layer.misses().size() == 1);
  CHECK(cold.misses() == layer.misses());
}

TEST_CASE("ASG-02 assigning where it is after the provider failed is another try, without warnings") {
  auto world = given(acme() + imported(n1, 1) + assigned(n1, spring) +
                     numbers::ProviderFailed{n1, dental, 1, false, 21'400, "no"});
  AssignToCampaign c;
  c.workspace = dental;
  c.number = n1;
  c.campaign = {true, spring};
  world.when(c).then({assigned(n1, spring, spring)}).then_answer([](const AssignToCampaign::Answer& a) {
    CHECK(a.provider.state == numbers::ProviderState::pending);
  });
  CHECK(world.does(c));
  CHECK(world.campaign(spring).numbers == 1);
}
