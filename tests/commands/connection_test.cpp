// Credentials of a provider account.
#include "commands/connection.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

AddConnection add() {
  return {dental, connections::Provider::twilio, {"Main"}, {ac_sid}, {"0123456789abcdef"}, {}, {}};
}
ProviderFacts verified(std::string type) { return {dental_twilio, {}, std::move(type), {}, 0}; }
ProviderFacts failed(CarrierFailure::Kind kind, int code) {
  return {dental_twilio, {}, "", CarrierFailure{kind, {code, "no", ""}, 0}, 0};
}
VerifyConnection verify() { return {dental, dental_twilio}; }
std::vector<Event> history() { return people() + connection_added(dental_twilio, dental); }

}  // namespace

TEST_CASE("IMP-11 a connection is added unverified; its secrets are never answered") {
  auto world = given(people());
  auto con = drawn<ConnectionId>(world, 0);
  connections::Added e{con,    dental, connections::Provider::twilio,
                       "Main", ac_sid, Secret<std::string>("0123456789abcdef"),
                       {},     {},     "cdef"};
  world.when(add()).then({e}).then_status(201).then_answer([](const ConnectionView& v) {
    CHECK(v.auth_token_set);
    CHECK(v.auth_token_last4 == "cdef");
    CHECK_FALSE(v.api_key_secret_set);
    CHECK(v.state == connections::State::unverified);
  });
}

TEST_CASE("a token's last four are characters, never the half of one") {
  auto c = add();
  c.auth_token.value = "secret token \u20ac\U0001F511z";
  given(people()).when(c).then_answer(
      [](const auto& v) { CHECK(v.auth_token_last4 == " \u20ac\U0001F511z"); });
}

TEST_CASE("a short token shows nothing of itself") {
  auto c = add();
  c.auth_token.value = "1234567\u20ac";
  given(people()).when(c).then_answer([](const auto& v) { CHECK(v.auth_token_last4.empty()); });
}

TEST_CASE("an API key's secret needs its SID") {
  auto c = add();
  c.api_key_secret = Text<200>{"s"};
  given(people()).when(c).then_refused(
      Code::validation_failed, [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/api_key_sid"); });
  auto world = given(history());
  UpdateConnection u{dental, dental_twilio, {}, {}, {}, {true, Text<200>{"s"}}};
  world.when(u).then_refused(Code::validation_failed);
  u.api_key_sid = {true, ApiKeySid{"SK" + std::string(32, '1')}};
  world.when(u).then_answer([](const auto& v) { CHECK(v.api_key_secret_set); });
}

TEST_CASE("null removes a connection's API key: the pair, or only its secret") {
  connections::Updated with_key{dental_twilio, dental, {}, {}, {}, "SK1", Secret<std::string>("s")};
  auto world = given(history() + with_key);
  const Patch<ApiKeySid> no_sid{true, {}};
  const Patch<Text<200>> no_secret{true, {}}, secret{true, Text<200>{"t"}};
  UpdateConnection none{dental, dental_twilio, {}, {}, {}, {}};
  auto c = none;
  c.api_key_sid = no_sid;
  connections::ApiKeyRemoved pair{dental_twilio, dental, false}, only{dental_twilio, dental, true};
  world.when(c).then({pair}).then_answer([](const ConnectionView& v) {
    CHECK_FALSE(v.api_key_sid);
    CHECK_FALSE(v.api_key_secret_set);
  });
  c.api_key_secret = no_secret;
  world.when(c).then({pair});
  c.api_key_secret = secret;
  world.when(c).then_refused(Code::validation_failed,
                             [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/api_key_sid"); });
  c = none;
  c.api_key_secret = no_secret;
  world.when(c).then({only}).then_answer([](const ConnectionView& v) {
    CHECK(v.api_key_sid == "SK1");
    CHECK_FALSE(v.api_key_secret_set);
  });
  c.name = Text<200>{"Renamed"};
  connections::Updated renamed{dental_twilio, dental, "Renamed", {}, {}, {}, {}};
  world.when(c).then({only, renamed});
  world.when(none).then_nothing();
  world.happened({pair});
  CHECK_FALSE(world.row<connections::Connection>(dental_twilio)->api_key_secret.reveal());
  c = none;
  c.api_key_sid = no_sid;
  c.api_key_secret = no_secret;
  world.when(c).then_nothing();
}

TEST_CASE("updating a connection rotates what is given and keeps the rest") {
  auto world = given(history());
  UpdateConnection c{dental, dental_twilio, {}, Text<200>{"new-token-9999"}, {}, {}};
  connections::Updated e{dental_twilio, dental, {}, Secret<std::string>("new-token-9999"), "9999", {}, {}};
  world.when(c).then({e});
  world.happened({e});
  const auto* after = world.row<connections::Connection>(dental_twilio);
  CHECK(after->auth_token.reveal() == "new-token-9999");
  CHECK(after->name == "Twilio");
  CHECK(after->state == connections::State::unverified);
  world.when(c).then_nothing();
  world.when(c, by(owner).if_match(1)).then_refused(Code::version_mismatch);
}

TEST_CASE("IMP-11 a new token makes the connection unverified again; a new name does not") {
  using connections::State;
  auto world = given(history() + connections::Verified{dental_twilio, dental, State::active, "Full", 0, ""});
  UpdateConnection named{dental, dental_twilio, Text<200>{"Main"}, {}, {}, {}};
  world.when(named).then_answer([](const ConnectionView& v) { CHECK(v.state == State::active); });
  UpdateConnection c{dental, dental_twilio, {}, Text<200>{"new-token-9999"}, {}, {}};
  world.when(c).then_answer([](const ConnectionView& v) { CHECK(v.state == State::unverified); });
  CHECK(world.does(c));
  CHECK(world.row<connections::Connection>(dental_twilio)->state == State::unverified);
}

TEST_CASE("IMP-11 a suspended or closed account is suspended, though its credentials are right") {
  auto world = given(history());
  for (std::string status : {"suspended", "closed"}) {
    auto facts = verified("Full");
    facts.account_status = status;
    world.when(verify(), by(owner).facts({facts})).then_answer([](const ConnectionView& v) {
      CHECK(v.state == connections::State::suspended);
    });
  }
}

TEST_CASE("a connection of another workspace does not exist") {
  auto world = given(acme());
  world.when(UpdateConnection{vision, dental_twilio, Text<200>{"x"}, {}, {}, {}})
      .then_refused(Code::not_found);
  world.when(VerifyConnection{vision, dental_twilio}).then_refused(Code::not_found);
}

TEST_CASE("IMP-11 verifying asks the provider with the connection's own credentials") {
  auto world = given(history());
  Context ctx;
  auto asked = questions(verify(), world.book(), ctx);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].credentials.account_sid == ac_sid);
  CHECK(asked[0].credentials.auth_token == "token-1234567890");
  CHECK(questions(VerifyConnection{vision, dental_twilio}, world.book(), ctx).empty());
}

TEST_CASE("IMP-11 what the provider said of the credentials is recorded, once") {
  using connections::State;
  auto world = given(history());
  auto trial = by(owner).facts({verified("Trial")});
  connections::Verified active{dental_twilio, dental, State::active, "Trial", 0, ""};
  world.when(verify(), trial).then({active});
  world.happened({active});
  world.when(verify(), trial).then_nothing();
  world.when(verify(), by(owner).facts({failed(CarrierFailure::Kind::invalid_credentials, 20'003)}))
      .then(
          {connections::Verified{dental_twilio, dental, State::invalid_credentials, "Trial", 20'003, "no"}});
  world.when(verify(), by(owner).facts({failed(CarrierFailure::Kind::refused, 20'005)}))
      .then({connections::Verified{dental_twilio, dental, State::suspended, "Trial", 20'005, "no"}});
}

TEST_CASE("a provider that does not answer changes nothing and is asked again") {
  auto world = given(history());
  world.when(verify(), by(owner).facts({failed(CarrierFailure::Kind::unavailable, 0)}))
      .then_refused(Code::provider_unavailable, [](const Refusal& r) {
        REQUIRE(r.provider);
        CHECK(r.provider->message == "no");
      });
  world.when(verify()).then_refused(Code::provider_unavailable);
  CHECK_FALSE(is_remembered(Code::provider_unavailable));
}
