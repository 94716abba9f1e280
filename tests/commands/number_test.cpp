// Changing one number in place: label, CNAM, status, deletion.
#include "commands/number.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using numbers::CnamState;
using numbers::Status;

namespace {

constexpr auto moving = WarningCode::moving_between_campaigns, left_empty = WarningCode::campaign_left_empty;
std::vector<Event> history() { return acme() + imported(n1, 1); }
numbers::Imported byot() {
  auto e = imported(n1, 1);
  e.origin = numbers::Origin::byot;
  return e;
}
RenameNumber rename(std::optional<Text<64>> label) { return {dental, n1, {true, std::move(label)}}; }
ToggleCnam cnam(bool on) { return {dental, n1, on}; }
ActivateNumber set(Status s) { return {dental, n1, s}; }
DeleteNumber del(std::vector<WarningCode> acknowledged = {}) {
  return {dental, n1, false, {}, std::move(acknowledged)};
}
DeleteNumber release() { return {dental, n1, true, Text<40>{phone(1).text}, {}}; }

}  // namespace

TEST_CASE("LBL-01 a label is set, changed and cleared; the same again is nothing to do") {
  auto world = given(history());
  world.when(rename(Text<64>{"Front"})).then({numbers::Renamed{n1, dental, "Front"}});
  CHECK(world.does(rename(Text<64>{"Front"})));
  world.when(rename(Text<64>{"Front"})).then_nothing();
  world.when(rename(Text<64>{"Back"})).then({numbers::Renamed{n1, dental, "Back"}});
  world.when(rename({})).then({numbers::Renamed{n1, dental, {}}});
  world.when(RenameNumber{dental, n1, {}}).then_refused(Code::validation_failed);
}

TEST_CASE("SYN-01 LBL-02 CNA-08 ASG-02 the same wish after a failure is another try") {
  numbers::ProviderFailed failure{n1, dental, 1, false, 21'400, "no"};
  auto world = given(history() + numbers::Renamed{n1, dental, "Front"} + failure);
  world.when(rename(Text<64>{"Front"}))
      .then({numbers::Renamed{n1, dental, "Front"}})
      .then_answer(
          [](const RenameNumber::Answer& a) { CHECK(a.provider.state == numbers::ProviderState::pending); });
  world.when(cnam(false)).then({numbers::CnamToggled{n1, dental, false}});
  world.when(set(Status::active)).then({numbers::Activated{n1, dental}});
  failure.gone = true;
  world = given(history() + numbers::Renamed{n1, dental, "Front"} + failure);
  world.when(rename(Text<64>{"Front"})).then({numbers::Renamed{n1, dental, "Front"}});
}

TEST_CASE(
    "LBL-02 LBL-03 the answer shows the label as pending at Twilio; one of a BYOT number is ours alone") {
  given(history()).when(rename(Text<64>{"Front"})).then_answer([](const RenameNumber::Answer& a) {
    CHECK(a.label == "Front");
    CHECK(a.provider.state == numbers::ProviderState::pending);
  });
  given(acme() + byot()).when(rename(Text<64>{"Front"})).then_answer([](const RenameNumber::Answer& a) {
    CHECK(a.provider.state == numbers::ProviderState::synced);
  });
}

TEST_CASE("LBL-01 a label has at most 64 characters, counted as people count them") {
  std::string accented;
  for (int i = 0; i < 64; ++i) accented += "é";
  CHECK(Text<64>::read_text(accented));
  CHECK_FALSE(Text<64>::read_text(accented + "x"));
  CHECK_FALSE(Text<64>::read_text(""));
  CHECK_FALSE(Text<64>::read_text("   "));
  CHECK_FALSE(Text<64>::read_text("two\nlines"));
}

TEST_CASE("CNA-01 CNAM goes on and off; as it is already, nothing happens") {
  auto world = given(history());
  world.when(cnam(false)).then_nothing();
  world.when(cnam(true))
      .then({numbers::CnamToggled{n1, dental, true}})
      .then_answer([](const ToggleCnam::Answer& a) {
        CHECK(a.cnam.enabled);
        CHECK(a.cnam.state == CnamState::turning_on);
        CHECK_FALSE(a.cnam.provider_error);
      });
  CHECK(world.does(cnam(true)));
  world.when(cnam(true)).then_nothing();
  world.when(cnam(false)).then({numbers::CnamToggled{n1, dental, false}});
}

TEST_CASE("CNA-08 after a refusal CNAM can be asked for again") {
  auto world = given(history() + numbers::CnamToggled{n1, dental, true} +
                     numbers::CnamRefused{n1, dental, 1, 21'409, "no"});
  world.when(cnam(true)).then({numbers::CnamToggled{n1, dental, true}});
  world.when(cnam(false)).then_nothing().then_answer([](const ToggleCnam::Answer& a) {
    CHECK(a.cnam.state == CnamState::refused);
    REQUIRE(a.cnam.provider_error);
    CHECK(a.cnam.provider_error->code == 21'409);
    CHECK(a.cnam.provider_error->more_info == "https://www.twilio.com/docs/errors/21409");
  });
}

TEST_CASE("CNA-01 CNAM is Twilio's: a BYOT number cannot") {
  given(acme() + byot()).when(cnam(true)).then_refused(Code::capability_missing);
}

TEST_CASE(
    "SYN-01 NUM-04 deactivating keeps the assignment and rejects calls, activating brings the route back "
    "(C8)") {
  auto world = given(history() + assigned(n1, spring));
  world.when(set(Status::active)).then_nothing();
  world.when(set(Status::inactive))
      .then({numbers::Deactivated{n1, dental}})
      .then_answer([](const ActivateNumber::Answer& a) { CHECK(a.routing == numbers::Routing::inactive); });
  CHECK(world.does(set(Status::inactive)));
  CHECK(world.campaign(spring).numbers == 1);
  world.when(set(Status::inactive)).then_nothing();
  world.when(set(Status::active))
      .then({numbers::Activated{n1, dental}})
      .then_answer([](const ActivateNumber::Answer& a) { CHECK(a.routing == numbers::Routing::campaign); });
  CHECK(set(Status::active).name() == "ActivateNumber");
  CHECK(set(Status::inactive).name() == "DeactivateNumber");
}

TEST_CASE("DEL-01 DEL-02 delete takes the number out of the inventory only") {
  auto world = given(history());
  world.when(del())
      .then({numbers::Deleted{n1, dental, {}, false, {}}})
      .then_status(200)
      .then_answer([](const DeleteNumber::Answer& a) {
        CHECK_FALSE(a.release);
        CHECK(a.provider.state != numbers::ProviderState::release_pending);
      });
  CHECK(world.does(del()));
  world.when(del()).then_refused(Code::not_found);
  world.when(rename(Text<64>{"x"})).then_refused(Code::not_found);
}

TEST_CASE("DEL-06 deleting an assigned number raises the warnings of unassigning") {
  auto world = given(history() + assigned(n1, spring));
  world.when(del()).then_refused(Code::warnings_not_acknowledged,
                                 [](const Refusal& r) { CHECK(r.warnings.size() == 2); });
  world.when(del({moving})).then_refused(Code::warnings_changed);
  auto c = del({moving, left_empty});
  world.when(c).then(
      {numbers::Deleted{n1, dental, spring, false, {"moving_between_campaigns", "campaign_left_empty"}}});
  CHECK(world.does(c));
  CHECK(world.campaign(spring).numbers == 0);
}

TEST_CASE("DEL-03 a release must name the number") {
  auto world = given(history());
  auto c = release();
  for (std::optional<std::string> wrong :
       {std::optional<std::string>{}, {"yes"}, {"+14155550002"}, {"14155550001"}}) {
    c.confirm = wrong ? std::optional(Text<40>{*wrong}) : std::nullopt;
    world.when(c).then_refused(Code::confirmation_required,
                               [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/confirm"); });
  }
  world.when(release()).then({numbers::Deleted{n1, dental, {}, true, {}}}).then_status(202);
}

TEST_CASE("DEL-03 the advice for a release can be followed, and a plus read from a query as a blank is one") {
  auto world = given(history());
  auto c = release();
  c.confirm.reset();
  world.when(c).then_refused(Code::confirmation_required, [](const Refusal& r) {
    CHECK(r.detail.find("confirm=%2B" + phone(1).text.substr(1)) != std::string::npos);
  });
  c.confirm = Text<40>{" " + phone(1).text.substr(1)};
  world.when(c).then({numbers::Deleted{n1, dental, {}, true, {}}});
}

TEST_CASE("DEL-05 only numbers managed at Twilio can be released") {
  given(acme() + byot()).when(release()).then_refused(Code::not_releasable);
  given(acme() + byot()).when(del()).then({numbers::Deleted{n1, dental, {}, false, {}}});
}

TEST_CASE("DEL-07 a pending release is not asked twice, a refused one can be asked again") {
  auto world = given(history());
  CHECK(world.does(release()));
  world.when(release()).then_nothing().then_status(202).then_answer([](const DeleteNumber::Answer& a) {
    CHECK(a.provider.state == numbers::ProviderState::release_pending);
  });
  CHECK(world.happened({numbers::ReleaseFailed{n1, dental, 20'003, "no"}}));
  world.when(release()).then({numbers::Deleted{n1, dental, {}, true, {}}}).then_status(202);
}

TEST_CASE("DEL-07 a release that is only slow is not asked twice") {
  auto world = given(history() + numbers::Deleted{n1, dental, {}, true, {}} +
                     numbers::ProviderDelayed{n1, dental, 1, 5, 20'503, "busy"});
  world.when(release()).then_nothing().then_status(202);
}

TEST_CASE(
    "DEL-07 a release on its way cannot be taken back by a plain deletion; a refused one can be given up") {
  auto world = given(history() + numbers::Deleted{n1, dental, {}, true, {}});
  world.when(del()).then_nothing().then_status(202).then_answer(
      [](const DeleteNumber::Answer& a) { CHECK(a.release); });
  CHECK(world.happened({numbers::ReleaseFailed{n1, dental, 20'003, "no"}}));
  world.when(del())
      .then({numbers::Deleted{n1, dental, {}, false, {}}})
      .then_answer(
          [](const DeleteNumber::Answer& a) { CHECK(a.provider.state == numbers::ProviderState::synced); });
}

TEST_CASE("DEL-07 while a release is pending nothing else can be wished of the number") {
  auto world = given(history() + numbers::Deleted{n1, dental, {}, true, {}});
  world.when(rename(Text<64>{"x"})).then_refused(Code::number_inactive);
  world.when(cnam(true)).then_refused(Code::number_inactive);
  world.when(set(Status::active)).then_refused(Code::number_inactive);
}

TEST_CASE("each change of a number that changed meanwhile is refused; with the version seen it is not") {
  auto world = given(history());
  auto stale = by(owner).if_match(2);
  world.when(rename(Text<64>{"x"}), stale).then_refused(Code::version_mismatch);
  world.when(cnam(true), stale).then_refused(Code::version_mismatch);
  world.when(set(Status::inactive), stale).then_refused(Code::version_mismatch);
  world.when(del(), stale).then_refused(Code::version_mismatch);
  world.when(rename(Text<64>{"x"}), by(owner).if_match(1)).then_answer([](const auto& a) {
    CHECK(a.version == 2);
  });
}

TEST_CASE("NUM-20 a number of another workspace does not exist") {
  auto world = given(history());
  world.when(RenameNumber{vision, n1, {true, Text<64>{"x"}}}).then_refused(Code::not_found);
  world.when(ToggleCnam{vision, n1, true}).then_refused(Code::not_found);
  world.when(ActivateNumber{vision, n1, Status::inactive}).then_refused(Code::not_found);
  world.when(DeleteNumber{vision, n1, false, {}, {}}).then_refused(Code::not_found);
}
