// Taking numbers of a provider account into the inventory.
#include "commands/number_import.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

using Answer = ImportNumber::Answer;

/// As the provider lists it.
numbers::ProviderNumber listed(unsigned digits, const std::string& name = "") {
  auto e = imported(n1, digits);
  numbers::ProviderNumber n{pn(digits), phone(digits), e.capabilities, numbers::NumberType::unknown, {}};
  n.settings.friendly_name = name;
  return n;
}
By with(std::vector<numbers::ProviderNumber> found) {
  return by(owner).facts({ProviderFacts{dental_twilio, std::move(found), "", {}, 0}});
}
By with_failure(CarrierFailure::Kind kind) {
  return by(owner).facts(
      {ProviderFacts{dental_twilio, {}, "", CarrierFailure{kind, {20'003, "Authenticate", ""}, 0}, 0}});
}
ImportNumber::Item item(const std::string& text) { return {Text<40>{text}, {}, {}}; }
ImportNumber::Item by_sid(unsigned digits) { return {{}, NumberSid{pn(digits)}, {}}; }
ImportNumber import(std::vector<ImportNumber::Item> items) {
  return {dental, dental_twilio, std::move(items), ImportWebhooks::keep, false};
}
/// What `keep` records for `listed(digits)`.
numbers::Imported kept(NumberId id, unsigned digits) {
  auto e = imported(id, digits);
  e.actual = {};
  return e;
}
std::vector<ImportOutcome> outcomes(const Answer& a) {
  std::vector<ImportOutcome> all;
  for (const auto& r : a.results) all.push_back(r.outcome);
  return all;
}

}  // namespace

TEST_CASE("IMP-06 IMP-12 import with keep records the hooks as found and wants nothing of the provider") {
  auto world = given(acme());
  auto found = listed(1, "Front desk");
  found.settings.hooks.voice_url = "https://theirs.example/voice";
  auto e = kept(drawn<NumberId>(world, 0), 1);
  e.label = "Front desk";
  e.actual = found.settings;
  world.when(import({item("+14155550001")}), with({found})).then({e}).then_answer([&](const Answer& a) {
    CHECK(a.imported == 1);
    CHECK(a.results.at(0).number->id == e.number);
    CHECK_FALSE(a.results.at(0).error);
  });
}

TEST_CASE("numbers are read in any usual form, with the workspace's country") {
  auto world = given(acme());
  for (auto text : {"(415) 555-0001", "+1 415-555-0001", "14155550001", "415.555.0001"}) {
    world.when(import({item(text)}), with({listed(1)})).then({kept(drawn<NumberId>(world, 0), 1)});
  }
}

TEST_CASE("every item that cannot be read is named, and nothing is imported") {
  auto world = given(acme());
  ImportNumber::Item both = item("+14155550001");
  both.sid = NumberSid{pn(1)};
  world.when(import({item("+14155550001"), item("hello"), {}, both, item("123")}), with({listed(1)}))
      .then_refused(Code::validation_failed, [](const Refusal& r) {
        REQUIRE(r.errors.size() == 4);
        CHECK(r.errors[0].pointer == "/numbers/1/e164");
        CHECK(r.errors[1].pointer == "/numbers/2");
        CHECK(r.errors[2].pointer == "/numbers/3");
        CHECK(r.errors[3].pointer == "/numbers/4/e164");
      });
}

TEST_CASE("one to a thousand numbers at once") {
  auto world = given(acme());
  std::vector<ImportNumber::Item> many;
  for (unsigned i = 0; i < 1000; ++i) many.push_back(by_sid(i + 1));
  CHECK(import(many).draws() == 1000);
  world.when(import({}), with({})).then_refused(Code::validation_failed);
  many.push_back(by_sid(1));
  world.when(import(many), with({})).then_refused(Code::validation_failed);
}

TEST_CASE("a number can be named by its SID at the provider") {
  auto world = given(acme());
  world.when(import({by_sid(1), by_sid(9)}), with({listed(1)}))
      .then({kept(drawn<NumberId>(world, 0), 1)})
      .then_answer([](const Answer& a) {
        CHECK(a.results.at(1).outcome == ImportOutcome::not_in_provider_account);
        CHECK_FALSE(a.results.at(1).e164);
      });
}

TEST_CASE("IMP-05 XFR-10 each number has its own outcome, in the order asked") {
  auto elsewhere = imported(n2, 2);
  elsewhere.workspace = vision;
  elsewhere.connection = vision_twilio;
  auto world = given(acme() + imported(n1, 1) + elsewhere);
  world
      .when(import({item("+14155550009"), item("+14155550001"), item("+14155550003"), item("+14155550002")}),
            with({listed(1), listed(2), listed(3)}))
      .then({kept(drawn<NumberId>(world, 0), 3)})
      .then_answer([](const Answer& a) {
        CHECK(outcomes(a) == std::vector{ImportOutcome::not_in_provider_account,
                                         ImportOutcome::already_imported, ImportOutcome::imported,
                                         ImportOutcome::imported_elsewhere});
        CHECK(a.imported == 1);
        CHECK(a.results.at(0).error->code == Code::number_not_in_provider_account);
        CHECK(a.results.at(1).error->code == Code::already_imported);
        CHECK(a.results.at(1).number->id == n1);
        CHECK(a.results.at(3).error->code == Code::already_imported);
        CHECK_FALSE(a.results.at(3).number);  // nothing of the other workspace is told
      });
}

TEST_CASE("IMP-05 the same number twice in one request is imported once") {
  auto world = given(acme());
  auto id = drawn<NumberId>(world, 0);
  world.when(import({item("+14155550001"), item("(415) 555-0001"), by_sid(1)}), with({listed(1)}))
      .then({kept(id, 1)})
      .then_answer([&](const Answer& a) {
        CHECK(outcomes(a) == std::vector{ImportOutcome::imported, ImportOutcome::already_imported,
                                         ImportOutcome::already_imported});
        CHECK(a.results.at(2).number->id == id);
        CHECK(a.imported == 1);
      });
}

TEST_CASE("DEL-02 IMP-09 a deleted number imported again keeps its id, in another workspace too") {
  auto world = given(acme() + imported(n1, 1) + numbers::Deleted{n1, dental, {}, false, {}});
  world.when(import({item("+14155550001")}), with({listed(1)})).then({kept(n1, 1)});
  auto c = import({item("+1 415 555 0001")});
  c.workspace = vision;
  c.connection = vision_twilio;
  auto e = kept(n1, 1);
  e.workspace = vision;
  e.connection = vision_twilio;
  world.when(c, by(owner).facts({ProviderFacts{vision_twilio, {listed(1)}, "", {}, 0}})).then({e});
}

TEST_CASE("DEL-07 a number whose release is pending is still in the inventory") {
  auto world = given(acme() + imported(n1, 1) + numbers::Deleted{n1, dental, {}, true, {}});
  world.when(import({item("+14155550001")}), with({listed(1)})).then_nothing();
}

TEST_CASE("the label is the one given, else the provider's name unless that is just the number formatted") {
  auto world = given(acme());
  auto label_of = [&](const std::string& name, std::optional<Text<64>> given_label = {}) {
    auto c = import({item("+14155550001")});
    c.numbers[0].label = given_label;
    std::optional<std::string> label;
    auto events = world.when(c, with({listed(1, name)})).events();
    if (!events.empty()) label = std::get<numbers::Imported>(events[0]).label;
    return label;
  };
  CHECK(label_of("Front desk") == "Front desk");
  CHECK(label_of("Front desk", Text<64>{"Mine"}) == "Mine");
  CHECK(label_of("Line 14155550001") == "Line 14155550001");
  CHECK(label_of("2nd floor") == "2nd floor");
  CHECK(label_of("12345") == "12345");
  CHECK(label_of("50001") == "50001");  // too short to be the number
  for (auto plain :
       {"", "(415) 555-0001", "+14155550001", "14155550001", "4155550001", "415.555.0001", "555-0001"}) {
    CAPTURE(plain);
    CHECK_FALSE(label_of(plain));
  }
}

TEST_CASE(
    "import with configure wants our hooks; hooks that are there must be acknowledged, else nothing is "
    "imported") {
  auto world = given(acme());
  auto hooked = listed(2);
  hooked.settings.hooks.sms_url = "https://theirs.example/sms";
  auto c = import({item("+14155550001"), item("+14155550002")});
  c.webhooks = ImportWebhooks::configure;
  world.when(c, with({listed(1), hooked}))
      .then_refused(Code::overwrite_not_acknowledged,
                    [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/numbers/1"); });
  c.acknowledge_overwrite = true;
  auto first = kept(drawn<NumberId>(world, 0), 1), second = kept(drawn<NumberId>(world, 1), 2);
  first.wanted.hooks = second.wanted.hooks = true;
  second.actual = hooked.settings;
  world.when(c, with({listed(1), hooked})).then({first, second});
  c.webhooks = ImportWebhooks::keep;
  c.acknowledge_overwrite = false;
  world.when(c, with({listed(1), hooked})).then_answer([](const Answer& a) { CHECK(a.imported == 2); });
}

TEST_CASE("any of the hooks counts as one that would be overwritten, a method alone does not") {
  auto world = given(acme());
  using H = numbers::ProviderHooks;
  auto asks = [&](std::string H::* member) {
    auto found = listed(1);
    found.settings.hooks.*member = "x";
    auto c = import({item("+14155550001")});
    c.webhooks = ImportWebhooks::configure;
    return !world.when(c, with({found})).decision().has_value();
  };
  for (auto member : {&H::voice_url, &H::voice_fallback_url, &H::voice_application_sid, &H::trunk_sid,
                      &H::status_callback, &H::sms_url, &H::sms_application_sid}) {
    CHECK(asks(member));
  }
  CHECK_FALSE(asks(&H::voice_method));
}

TEST_CASE("import with shadow wants the status callback only and keeps the number external") {
  auto world = given(acme());
  auto c = import({item("+14155550001")});
  c.webhooks = ImportWebhooks::shadow;
  auto e = kept(drawn<NumberId>(world, 0), 1);
  e.wanted.shadow = true;
  world.when(c, with({listed(1)})).then({e});
  CHECK(world.does(c, with({listed(1)})));
  CHECK(world.number(e.number).routing == numbers::Routing::external);
}

TEST_CASE("IMP-11 import needs credentials that the provider accepts") {
  auto world = given(acme());
  auto c = import({item("+14155550001")});
  world.when(c, with_failure(CarrierFailure::Kind::invalid_credentials))
      .then_refused(Code::provider_refused, [](const Refusal& r) {
        REQUIRE(r.provider);
        CHECK(r.provider->code == 20'003);
      });
  world.when(c, with_failure(CarrierFailure::Kind::unavailable))
      .then_refused(Code::provider_unavailable, [](const Refusal& r) {
        REQUIRE(r.provider);
        CHECK_FALSE(r.provider->message.empty());
      });
  world.when(c).then_refused(Code::provider_unavailable);
}

TEST_CASE("import into a workspace or by a connection that is not there is refused as if it did not exist") {
  auto world = given(acme());
  auto c = import({item("+14155550001")});
  c.connection = vision_twilio;
  world.when(c, with({listed(1)})).then_refused(Code::not_found);
  c.workspace = foreign_ws;
  world.when(c, with({listed(1)})).then_refused(Code::not_found);
}

TEST_CASE("IMP-01 a few numbers are asked one by one, many by listing the whole account") {
  auto world = given(acme());
  FakePhones phones;
  Context ctx;
  ctx.phones = &phones;
  auto few = questions(import({item("+14155550001"), by_sid(2)}), world.book(), ctx);
  REQUIRE(few.size() == 1);
  CHECK_FALSE(few[0].whole_account);
  CHECK(few[0].numbers == std::vector{phone(1)});
  CHECK(few[0].sids == std::vector{pn(2)});
  std::vector<ImportNumber::Item> many(21, by_sid(3));
  CHECK(questions(import(many), world.book(), ctx).at(0).whole_account);
  CHECK(questions(import({item("hello")}), world.book(), ctx).empty());
}

TEST_CASE("number facts come from the provider, and from the number itself where the provider is silent") {
  auto world = given(acme());
  auto found = listed(1);
  found.number_type = numbers::NumberType::mobile;
  auto e = kept(drawn<NumberId>(world, 0), 1);
  e.number_type = numbers::NumberType::mobile;
  world.when(import({item("+14155550001")}), with({found})).then({e});
}
