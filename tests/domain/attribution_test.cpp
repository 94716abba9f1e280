// number-pools.md D.4, rule by rule.
#include "domain/attribution.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/samples.hpp"

using namespace ringledger;
using namespace ringledger::attribution;
using ringledger::testing::id;

namespace {

const CampaignId tracker = id<CampaignId>(1), other = id<CampaignId>(2);
const SessionId ann = id<SessionId>(11), bob = id<SessionId>(12), cid = id<SessionId>(13);
constexpr std::int64_t minute = 60'000;
const Timestamp now{1'700'000'000'000};

Timestamp ago(std::int64_t minutes) { return {now.ms - minutes * minute}; }

campaigns::Campaign campaign(campaigns::Type type) {
  campaigns::Campaign c;
  c.id = tracker;
  c.name = "Spring";
  c.campaign_type = type;
  return c;
}
const auto a_tracker = campaign(campaigns::Type::website_tracker);
const auto a_static = campaign(campaigns::Type::static_);

Known known(std::vector<Showing> showings, const campaigns::Campaign& c = a_tracker) {
  Known k;
  k.at = now;
  k.campaign = CampaignThen{c.id, c.name, c.campaign_type};
  k.assigned_by = "cmt_a/0";
  k.showings = std::move(showings);
  return k;
}
Showing showing(SessionId session, std::int64_t from, std::optional<std::int64_t> until = {}) {
  Showing s{session, tracker, ago(from), {}, false, false, "cmt_" + std::to_string(from) + "/0"};
  if (until) s.until = ago(*until);
  return s;
}
Showing overflow(std::uint64_t session) {
  auto s = showing(id<SessionId>(session), 5, 1);
  s.overflow = true;
  return s;
}
bool flagged(const Snapshot& s, Flag flag) { return std::ranges::count(s.flags, flag) == 1; }

}  // namespace

TEST_CASE("a static campaign is certain, and its evidence is the assignment") {
  auto s = attribute(known({}, a_static));
  CHECK(s.campaign == tracker);
  CHECK(s.campaign_name == "Spring");
  CHECK(s.source == "Spring");
  CHECK(s.confidence == Share{10'000});
  CHECK(s.evidence == std::vector<std::string>{"cmt_a/0"});
  CHECK(s.flags.empty());
  CHECK(s.model == Model::last_touch);
  CHECK(s.model_version == model_version);
}

TEST_CASE("a number without a campaign is unattributed, with confidence 0") {
  auto k = known({showing(ann, 5)});
  k.campaign.reset();
  auto s = attribute(k);
  CHECK_FALSE(s.campaign);
  CHECK_FALSE(s.source);
  CHECK(s.confidence == Share{0});
  CHECK(s.flags == std::vector{Flag::unattributed});
}

TEST_CASE("a live lease is that session's for certain, whoever had the number before") {
  auto s = attribute(known({showing(bob, 20, 10), showing(ann, 5)}));
  CHECK(s.session == ann);
  CHECK(s.confidence == Share{10'000});
  CHECK(s.candidates == std::vector<Candidate>{{ann, {10'000}}});
  CHECK(s.evidence == std::vector<std::string>{"cmt_a/0", "cmt_5/0"});
  CHECK(s.flags.empty());
}

TEST_CASE("a risky lease shares with the one before, who might still call") {
  auto live = showing(ann, 5);
  live.risky = true;
  auto s = attribute(known({showing(bob, 20, 10), live}));
  CHECK(s.session == ann);
  CHECK(s.confidence == Share{5'000});
  CHECK(s.candidates.size() == 2);
  CHECK(flagged(s, Flag::risky));
  CHECK(flagged(s, Flag::ambiguous));
}

TEST_CASE(
    "a lease that ended within the call window counts, one of as many sessions as had the number in it") {
  auto alone = attribute(known({showing(ann, 50, 30)}));
  CHECK(alone.session == ann);
  CHECK(alone.confidence == Share{10'000});
  auto three = attribute(known({showing(ann, 50, 30), showing(bob, 29, 20), showing(cid, 19, 3)}));
  CHECK(three.session == cid);
  CHECK(three.confidence == Share{3'333});
  auto late = attribute(known({showing(ann, 50, 31)}));
  CHECK_FALSE(late.session);
  CHECK(late.flags == std::vector{Flag::unattributed});
}

TEST_CASE("a caller attributed before in the campaign keeps that session, within the repeat window") {
  constexpr std::int64_t day = 24 * 60;
  auto k = known({});
  k.earlier = EarlierCall{ago(30 * day), bob, {5'000}, "cmt_e/1"};
  auto s = attribute(k);
  CHECK(s.session == bob);
  CHECK(s.confidence == Share{5'000});
  CHECK(s.evidence == std::vector<std::string>{"cmt_a/0", "cmt_e/1"});
  CHECK(s.flags == std::vector{Flag::repeat_caller});
  k.earlier->at.ms -= 1;
  CHECK(attribute(k).flags == std::vector{Flag::unattributed});
  k.earlier->at = now;
  CHECK(attribute(k).session == bob);
  k.earlier->at.ms += 1;  // this call is told of late: the other one came after it
  CHECK(attribute(k).flags == std::vector{Flag::unattributed});
  k.showings = {showing(ann, 5)};
  CHECK(attribute(k).session == ann);
}

TEST_CASE("a shared overflow number: one is it, up to five share, more are the campaign's overflow") {
  auto one = attribute(known({overflow(21)}));
  CHECK(one.session == id<SessionId>(21));
  CHECK(one.flags == std::vector{Flag::overflow});
  std::vector<Showing> many;
  for (std::uint64_t n = 0; n < 5; ++n) many.push_back(overflow(21 + n));
  auto five = attribute(known(many));
  CHECK_FALSE(five.session);
  CHECK(five.candidates.size() == 5);
  CHECK(five.confidence == Share{2'000});
  CHECK(flagged(five, Flag::ambiguous));
  many.push_back(overflow(40));
  auto six = attribute(known(many));
  CHECK(six.candidates.empty());
  CHECK(six.source == "overflow");
  CHECK(six.confidence == Share{0});
  CHECK(flagged(six, Flag::unattributed));
}

TEST_CASE("a number shown in another campaign within the window is flagged, in a static campaign too") {
  auto elsewhere = showing(ann, 20, 10);
  elsewhere.campaign = other;
  for (const auto* c : {&a_tracker, &a_static}) {
    auto s = attribute(known({elsewhere}, *c));
    CHECK_FALSE(s.session);
    CHECK(flagged(s, Flag::stale_display));
  }
  elsewhere.overflow = true;  // a main line that serves another campaign as its fallback
  CHECK_FALSE(flagged(attribute(known({elsewhere}, a_static)), Flag::stale_display));
  elsewhere.overflow = false;
  elsewhere.until = ago(31);
  CHECK_FALSE(flagged(attribute(known({elsewhere})), Flag::stale_display));
}

TEST_CASE("the same facts in any order give the same snapshot") {
  std::vector<Showing> all{showing(ann, 25, 20), showing(bob, 25, 15), showing(cid, 12, 3), overflow(21)};
  std::ranges::sort(all, {}, &Showing::evidence);
  auto first = attribute(known(all));
  while (std::ranges::next_permutation(all, {}, [](const Showing& s) {
           return std::pair(s.evidence, s.session);
         }).found)
    CHECK(attribute(known(all)) == first);
}

namespace {

constexpr std::int64_t day = 24 * 60;

Touch touch(SessionId session, std::int64_t minutes_ago, bool direct = false) {
  return {session, ago(minutes_ago), direct, "cmt_t" + std::to_string(minutes_ago) + "/0"};
}
/// Ann came by an advertisement 14 days ago and called; Bob is the visit that she came back with a week later
/// and called from; Cid is today's, which came directly. She was first heard of eight days ago.
Known came_back() {
  auto today = showing(cid, 5);
  today.touches = {touch(cid, 5, true)};
  auto k = known({today});
  k.touches = {touch(ann, 14 * day), touch(bob, 7 * day), touch(bob, 7 * day - 1)};
  k.lead_at = ago(8 * day);
  return k;
}
using Dealt = std::vector<std::pair<SessionId, std::int64_t>>;
Dealt dealt(const Known& k, Model model) {
  auto s = attribute(k, model);
  CHECK(s.model == model);
  Dealt out;
  for (const auto& c : s.candidates) out.emplace_back(c.session, c.confidence.ten_thousandths);
  REQUIRE_FALSE(out.empty());
  CHECK(s.session == out.front().first);
  CHECK(s.confidence.ten_thousandths == out.front().second);
  return out;
}

}  // namespace

TEST_CASE("each model deals a call out over the caller's touches in its own way") {
  auto k = came_back();
  CHECK(dealt(k, Model::last_touch) == Dealt{{cid, 10'000}});
  CHECK(dealt(k, Model::first_touch) == Dealt{{ann, 10'000}});
  CHECK(dealt(k, Model::last_non_direct) == Dealt{{bob, 10'000}});
  CHECK(dealt(k, Model::lead_creation) == Dealt{{ann, 10'000}});
  CHECK(dealt(k, Model::linear) == Dealt{{bob, 5'000}, {cid, 2'500}, {ann, 2'500}});
  CHECK(dealt(k, Model::first_and_lead) == Dealt{{ann, 10'000}});
  CHECK(dealt(k, Model::position) == Dealt{{cid, 4'000}, {ann, 4'000}, {bob, 2'000}});
  CHECK(dealt(k, Model::time_decay) == Dealt{{bob, 4'445}, {cid, 4'443}, {ann, 1'111}});
  k.lead_at = ago(2 * day);
  CHECK(dealt(k, Model::first_and_lead) == Dealt{{bob, 5'000}, {ann, 5'000}});
}

TEST_CASE("the evidence of a model is the rules' own and the touches that it owes something to") {
  auto k = came_back();
  CHECK(attribute(k, Model::first_touch).evidence ==
        std::vector<std::string>{"cmt_a/0", "cmt_5/0", "cmt_t20160/0"});
}

TEST_CASE("a model deals out no more certainty than the rules have, and leaves who else may have called") {
  auto k = came_back();
  k.showings[0].until = ago(4);
  k.showings.push_back(showing(id<SessionId>(20), 20, 10));  // somebody else, who may have called as well
  CHECK(dealt(k, Model::position) ==
        Dealt{{cid, 2'000}, {ann, 2'000}, {bob, 1'000}, {id<SessionId>(20), 5'000}});
}

TEST_CASE("touches after the call, and those from before the look-back, count for no model") {
  auto k = came_back();
  k.touches.push_back(touch(ann, -1));
  k.touches.insert(k.touches.begin(), touch(id<SessionId>(20), 30 * day + 1));
  CHECK(dealt(k, Model::first_touch) == Dealt{{ann, 10'000}});
  CHECK(dealt(k, Model::linear) == Dealt{{bob, 5'000}, {cid, 2'500}, {ann, 2'500}});
}

TEST_CASE("a static campaign and a call of nobody's are the same by every model, but for its name") {
  for (const auto& k : {known({}, a_static), known({})}) {
    auto by_rules = attribute(k), linear = attribute(k, Model::linear);
    CHECK(linear.model == Model::linear);
    linear.model = by_rules.model;
    CHECK(linear == by_rules);
  }
}

TEST_CASE("of very many touches the first and the newest are remembered, each once") {
  std::vector<Touch> all;
  for (std::int64_t n = 100; n > 0; --n) remember(all, touch(ann, n));
  remember(all, touch(ann, 1));
  CHECK(all.size() == most_touches);
  CHECK(all.front() == touch(ann, 100));
  CHECK(all[1] == touch(ann, 31));
  CHECK(all.back() == touch(ann, 1));
}
