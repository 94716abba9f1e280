// Campaigns: made, changed, ended.
#include "commands/campaign.hpp"

#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using campaigns::Channel;
using campaigns::Type;

namespace {

CreateCampaign create(const std::string& name) { return {dental, {name}, Type::static_, {}, {}}; }
UpdateCampaign update() { return {dental, spring, {}, {}, {}}; }

}  // namespace

TEST_CASE("a campaign's channels are voice unless said, each once") {
  auto world = given(acme());
  auto c = create("Winter");
  auto cmp = drawn<CampaignId>(world, 0);
  world.when(c)
      .then({campaigns::Created{cmp, dental, "Winter", Type::static_, {Channel::voice}, {}}})
      .then_status(201);
  c.channels = {Channel::sms, Channel::voice, Channel::sms};
  world.when(c).then(
      {campaigns::Created{cmp, dental, "Winter", Type::static_, {Channel::voice, Channel::sms}, {}}});
}

TEST_CASE("a campaign's forwarding number is read in the workspace's country") {
  auto world = given(acme());
  auto c = create("Winter");
  c.forward_to = Text<40>{"(212) 555-1234"};
  world.when(c).then_answer([](const auto& a) { CHECK(a.forward_to == E164{"+12125551234"}); });
  c.workspace = vision;
  world.when(c).then_refused(Code::validation_failed,
                             [](const Refusal& r) { CHECK(r.errors.at(0).pointer == "/forward_to"); });
}

TEST_CASE("POOL-05 repeat window and look-back of a tracker are set, and stay unset, in their ranges") {
  constexpr std::int64_t day_s = 24 * 3600;
  auto world = given(acme());
  auto set = [](std::optional<std::int64_t> repeat_window_s, std::optional<std::int64_t> lookback_s) {
    UpdateCampaign c{dental, site, {}, {}, {}, {}, PoolWish{}};
    c.pool->repeat_window_s = repeat_window_s;
    c.pool->lookback_s = lookback_s;
    return c;
  };
  for (auto [repeat_s, lookback_s] :
       {std::pair{std::int64_t{0}, day_s}, std::pair{365 * day_s, 365 * day_s}}) {
    auto pool = one<campaigns::Updated>(world.when(set(repeat_s, lookback_s)).events()).pool;
    CHECK(pool->repeat_window_s == repeat_s);
    CHECK(pool->lookback_s == lookback_s);
    CHECK_FALSE(one<campaigns::Updated>(world.when(set(repeat_s, {})).events()).pool->lookback_s);
  }
  for (auto [repeat_s, lookback_s] :
       {std::pair{std::int64_t{-1}, day_s - 1}, std::pair{365 * day_s + 1, 365 * day_s + 1}}) {
    world.when(set(repeat_s, lookback_s)).then_refused(Code::validation_failed, [](const Refusal& r) {
      REQUIRE(r.errors.size() == 2);
      CHECK(r.errors[0].pointer == "/pool/repeat_window_s");
      CHECK(r.errors[1].pointer == "/pool/lookback_s");
      CHECK(r.errors[1].detail == "must be from 86400 to 31536000");
    });
  }
}

TEST_CASE("a campaign's name is unique in its workspace, case ignored, also after archiving") {
  auto world = given(acme() + campaigns::Archived{autumn, dental});
  world.when(create("sPRING")).then_refused(Code::name_taken);
  world.when(create("Autumn")).then_refused(Code::name_taken);
  world.when(create("Ads")).then_answer([](const auto&) {});  // taken in the other workspace only
  auto rename = update();
  rename.name = Text<200>{"WEBSITE"};
  world.when(rename).then_refused(Code::name_taken);
}

TEST_CASE("a campaign's name is unique in every script and however its accents are written") {
  auto world = given(acme() + campaign_created(id<CampaignId>(30), "Été à Genève", Type::static_));
  world.when(create("ÉTÉ À GENÈVE")).then_refused(Code::name_taken);
  world.when(create("e\u0301te\u0301 a\u0300 gene\u0300ve")).then_refused(Code::name_taken);
  world.when(create("Ete a Geneve")).then_answer([](const auto&) {});
}

TEST_CASE("a campaign may change the case of its own name, and a left name is free again") {
  auto world = given(acme());
  auto rename = update();
  rename.name = Text<200>{"SPRING"};
  world.when(rename).then({campaigns::Updated{spring, dental, "SPRING", {}, {}, false}});
  rename.name = Text<200>{"Summer"};
  CHECK(world.does(rename));
  world.when(create("spring")).then_answer([](const auto&) {});
  world.when(create("summer")).then_refused(Code::name_taken);
}

TEST_CASE("an update tells only what changed; null clears the forwarding number") {
  auto world = given(acme());
  auto c = update();
  c.channels = std::vector{Channel::voice};
  c.name = Text<200>{"Spring"};
  c.forward_to = {true, {}};
  world.when(c).then_nothing();
  c.forward_to = {true, Text<40>{"212 555 1234"}};
  world.when(c).then({campaigns::Updated{spring, dental, {}, {}, E164{"+12125551234"}, false}});
  CHECK(world.does(c));
  c.forward_to = {true, {}};
  world.when(c).then({campaigns::Updated{spring, dental, {}, {}, {}, true}});
  CHECK(world.does(c));
  CHECK_FALSE(world.campaign(spring).forward_to);
}

TEST_CASE("an update of a campaign that changed meanwhile, is archived or is elsewhere is refused") {
  auto world = given(acme() + campaigns::Archived{autumn, dental});
  auto c = update();
  c.name = Text<200>{"x"};
  world.when(c, by(owner).if_match(7)).then_refused(Code::version_mismatch);
  c.campaign = autumn;
  world.when(c).then_refused(Code::campaign_archived);
  c.campaign = vision_ads;
  world.when(c).then_refused(Code::not_found);
}

TEST_CASE("only an empty campaign can be archived, once") {
  auto world = given(acme() + imported(n1, 1) + assigned(n1, spring));
  world.when(ArchiveCampaign{dental, spring}).then_refused(Code::campaign_not_empty);
  CHECK(world.happened({unassigned(n1, spring)}));
  world.when(ArchiveCampaign{dental, spring}, by(owner).if_match(9)).then_refused(Code::version_mismatch);
  world.when(ArchiveCampaign{dental, spring}).then({campaigns::Archived{spring, dental}});
  CHECK(world.does(ArchiveCampaign{dental, spring}));
  world.when(ArchiveCampaign{dental, spring}).then_nothing();
  world.when(ArchiveCampaign{vision, spring}).then_refused(Code::not_found);
}
