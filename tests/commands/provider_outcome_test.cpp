// What a reactor records after it acted at the provider.
#include "commands/provider_outcome.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

RecordProviderOutcome outcome(std::int64_t revision) {
  RecordProviderOutcome c;
  c.workspace = dental;
  c.number = n1;
  c.connection = dental_twilio;
  c.revision = revision;
  return c;
}
numbers::ProviderSettings now_there() { return {{}, "Front", false}; }
RecordProviderOutcome done(std::int64_t revision) {
  auto c = outcome(revision);
  c.actual = now_there();
  c.replaced.friendly_name = "before";
  return c;
}
/// Revision 1 wants a label, revision 2 another.
std::vector<Event> history() {
  return acme() + imported(n1, 1) + numbers::Renamed{n1, dental, "a"} + numbers::Renamed{n1, dental, "b"};
}
By reactor() { return {"system", {}, {}}; }

}  // namespace

TEST_CASE("LBL-02 a wish brought about is recorded with what it replaced, once") {
  auto world = given(history());
  numbers::ProviderSettings replaced;
  replaced.friendly_name = "before";
  world.when(done(2), reactor()).then({numbers::ProviderSynced{n1, dental, 2, now_there(), replaced}});
  CHECK(world.does(done(2), reactor()));
  CHECK(world.number(n1).provider_state == numbers::ProviderState::synced);
  world.when(done(2), reactor()).then_nothing();
  world.when(done(1), reactor()).then_nothing();
}

TEST_CASE("an outcome of an older wish is recorded and leaves the newer one pending") {
  auto world = given(history());
  CHECK(world.does(done(1), reactor()));
  CHECK(world.number(n1).synced_revision == 1);
  CHECK(world.number(n1).provider_state == numbers::ProviderState::pending);
}

TEST_CASE("what the provider refused, or has no more, is recorded") {
  auto world = given(history());
  auto c = outcome(2);
  c.refused = ProviderError{21'211, "bad", ""};
  world.when(c, reactor()).then({numbers::ProviderFailed{n1, dental, 2, false, 21'211, "bad"}});
  c.refused.reset();
  c.gone = true;
  world.when(c, reactor()).then({numbers::ProviderFailed{n1, dental, 2, true, 0, ""}});
}

TEST_CASE("CNA-08 CNAM refused while the rest was set: both are recorded, and CNAM is off again") {
  auto world = given(history() + numbers::CnamToggled{n1, dental, true});
  auto c = done(3);
  c.cnam_refused = ProviderError{21'409, "CNAM cannot be set", ""};
  world.when(c, reactor())
      .then({numbers::CnamRefused{n1, dental, 3, 21'409, "CNAM cannot be set"},
             numbers::ProviderSynced{n1, dental, 3, now_there(), c.replaced}});
  CHECK(world.does(c, reactor()));
  CHECK(world.number(n1).cnam_state == numbers::CnamState::refused);
  CHECK_FALSE(world.number(n1).cnam_enabled);
  CHECK(world.number(n1).provider_state == numbers::ProviderState::synced);
}

TEST_CASE("an outcome for a number that moved or was deleted meanwhile is nothing to do") {
  auto elsewhere = done(2);
  elsewhere.workspace = vision;
  given(history()).when(elsewhere, reactor()).then_nothing();
  elsewhere = done(2);
  elsewhere.connection = vision_twilio;
  given(history()).when(elsewhere, reactor()).then_nothing();
  given(history() + numbers::Deleted{n1, dental, {}, false, {}}).when(done(2), reactor()).then_nothing();
  given(acme()).when(done(2), reactor()).then_nothing();
}

TEST_CASE("DEL-07 a release is done only when the provider confirmed it; a refusal is shown") {
  auto world = given(history() + numbers::Deleted{n1, dental, {}, true, {}});
  auto c = outcome(3);
  c.released = true;
  c.request_id = "RQ1";
  world.when(c, reactor()).then({numbers::Released{n1, dental, 3, "RQ1"}});
  c.released = false;
  c.release_refused = ProviderError{20'003, "no", ""};
  world.when(c, reactor()).then({numbers::ReleaseFailed{n1, dental, 20'003, "no", 3, "RQ1"}});
  world.when(done(2), reactor()).then_nothing();
  CHECK(world.happened({numbers::Deleted{n1, dental, {}, true, {}}}));
  world.when(c, reactor()).then_nothing();  // asked again meanwhile
}

TEST_CASE("DEL-07 a confirmation of a release that nobody waits for is nothing to do") {
  auto c = outcome(2);
  c.released = true;
  given(history()).when(c, reactor()).then_nothing();
}

TEST_CASE("CNA-08 LBL-02 what was set while the label was refused is recorded with the refusal") {
  auto world = given(history());
  auto c = done(2);
  c.refused = ProviderError{21'400, "bad label", ""};
  c.refused_groups = {numbers::SettingGroup::label};
  c.request_id = "RQ1";
  world.when(c, reactor())
      .then({numbers::ProviderFailed{n1, dental, 2, false, 21'400, "bad label", c.refused_groups, now_there(),
                                     "RQ1"}});
}

TEST_CASE("SYN-04 a delay is recorded while something waits for it, and only when it is news") {
  auto world = given(history());
  auto c = outcome(2);
  c.delayed = ProviderError{20'503, "busy", ""};
  c.tries = 5;
  world.when(c, reactor()).then({numbers::ProviderDelayed{n1, dental, 2, 5, 20'503, "busy"}});
  CHECK(world.does(c, reactor()));
  world.when(c, reactor()).then_nothing();
  c.revision = 1;
  c.delayed->code = 20'500;
  world.when(c, reactor()).then_nothing();
  CHECK(world.does(done(2), reactor()));
  c.revision = 2;
  world.when(c, reactor()).then_nothing();
}

TEST_CASE("IMP-11 what the credentials turned out to be is recorded when it changes, for these very ones") {
  using connections::State;
  auto world = given(history());
  RecordProviderOutcome c;
  c.workspace = dental;
  c.connection = dental_twilio;
  c.health = State::invalid_credentials;
  c.connection_version = 1;
  c.refused = ProviderError{20'003, "no", ""};
  c.request_id = "RQ1";
  connections::Verified wrong{dental_twilio, dental, State::invalid_credentials, "", 20'003, "no", "RQ1"};
  world.when(c, reactor()).then({wrong});
  CHECK(world.does(c, reactor()));
  world.when(c, reactor()).then_nothing();
  c.health = State::active;
  c.connection_version = 2;
  world.when(c, reactor()).then_nothing();  // of other credentials
  c.connection_version = 1;
  c.workspace = vision;
  world.when(c, reactor()).then_nothing();
}
