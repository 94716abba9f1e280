// Whatever visitors, callers and people do to a pool, in whatever order: no number is lent twice, and the
// states add up.
#include <map>
#include <random>

#include "commands/call_attribution.hpp"
#include "commands/number_assignment.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

/// Each live lease is the only one of its number; the states add up.
void check_leases(const World& world) {
  std::map<NumberId, int> live;
  for (const auto& [key, row] : world.rows) {
    if (!row) continue;
    if (const auto* s = std::get_if<sessions::Session>(row.get()); s && s->phase == sessions::Phase::leased) {
      ++live[*s->number];
      const auto* n = world.row<pools::PoolNumber>(*s->number);
      CHECK(n->session == s->id);
      CHECK(n->use == pools::Use::leased);
    }
    if (const auto* k = std::get_if<SessionByKey>(row.get()))
      CHECK_FALSE(world.row<sessions::Session>(k->session)->over);
  }
  for (const auto& [number, count] : live) CHECK(count == 1);
  const auto& p = pool(world);
  CHECK(p.available + p.leased + p.hold + p.cooldown + p.disabled + p.overflow + p.unhealthy == p.size);
  CHECK(p.leased == static_cast<std::int64_t>(live.size()));
  CHECK(p.size == world.campaign(site).numbers);
}

/// Whatever happens to a pool, drawn from a seed.
class Crowd {
 public:
  explicit Crowd(unsigned seed) : x_random(seed), world(pool_of(6, settings())) {}

  void step() {
    world.now.ms += pick(200) * second;
    switch (pick(13)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return (void)world.does(visit(std::to_string(pick(9)), std::to_string(pick(7))));
      case 4:
      case 5:
      case 6:
        return lapse();
      case 7:
        if (auto s = some_session()) world.does(ShowNumber{site, *s});
        return;
      case 8:
        if (auto s = some_session()) world.does(EndVisitorSession{site, *s});
        return;
      case 9:
        return (void)world.does(AssignToCampaign{dental, number(), {true, somewhere()}, all_codes(), false});
      case 10:
        return (void)world.does(AssignToCampaign{dental, number(), {true, {}}, all_codes(), true});
      case 11:
        if (auto s = some_session())
          world.does(AddTouch{site, *s, Text<2048>{"https://shop.example/again"}, {}, {}, {}});
        return;
      default:
        return call_or_status();
    }
  }
  void check() const {
    check_leases(world);
    check_queues(pool(world));
  }
  /// Decided again by the same model, each call's attribution is what it was when it rang. Answers how many
  /// of them were owed to visits.
  int check_attributions() const {
    int owed = 0;
    for (const auto& [key, row] : world.rows) {
      const auto* call = row ? std::get_if<calls::Call>(row.get()) : nullptr;
      if (!call) continue;
      world.when(RecomputeAttribution{dental, call->id, {}}).then_nothing();
      owed += call->attribution.session ? 1 : 0;
    }
    return owed;
  }

 private:
  std::mt19937 x_random;

 public:
  World world;

 private:
  static pools::Settings settings() {
    pools::Settings s;
    s.overflow = pools::Overflow::share;
    s.cooldown_s = 3600;
    return s;
  }
  unsigned pick(unsigned below) { return static_cast<unsigned>(x_random() % below); }
  std::optional<CampaignId> somewhere() {
    auto which = pick(6);
    return which == 0 ? std::nullopt : std::optional(which == 1 ? spring : site);
  }
  NumberId number() { return nth(1 + pick(6)); }
  static std::vector<WarningCode> all_codes() {
    return {WarningCode::moving_between_campaigns, WarningCode::active_visitor_session,
            WarningCode::campaign_left_empty, WarningCode::pool_exhaustion_risk};
  }
  std::optional<SessionId> some_session() {
    std::vector<SessionId> all;
    for (const auto& [key, row] : world.rows) {
      if (const auto* s = row ? std::get_if<sessions::Session>(row.get()) : nullptr) all.push_back(s->id);
    }
    return all.empty() ? std::nullopt : std::optional(all[pick(static_cast<unsigned>(all.size()))]);
  }
  void lapse() {
    auto s = some_session();
    if (!s) return;
    auto until = world.row<sessions::Session>(*s)->hold_until;
    bool held = world.row<sessions::Session>(*s)->phase == sessions::Phase::hold;
    if (held) world.now = std::max(world.now, until);
    world.does(lapses(*s, world.now, held ? until : world.now));
  }
  void call_or_status() {
    auto sid = "CA" + std::to_string(pick(40));
    auto rung = ringing(1 + pick(6), sid);
    rung.from = "+1212555010" + std::to_string(pick(5));
    if (pick(2)) return (void)world.does(ReceiveCall{dental_twilio, rung});
    auto over = ringing(1 + pick(6), sid);
    over.status = "completed";
    world.does(ReportCallStatus{dental_twilio, over, {}});
  }
  /// Each queue holds exactly the numbers that wait in it, and its front is the first of them.
  void check_queues(const pools::Pool& p) const {
    std::map<pools::Queue, std::vector<std::pair<Timestamp, E164>>> waiting;
    for (unsigned i = 1; i <= 6; ++i) {
      const auto* n = world.row<pools::PoolNumber>(nth(i));
      if (!n || n->campaign != site) continue;
      if (auto w = pools::waiting_of(*n)) waiting[w->queue].emplace_back(w->since, n->e164);
    }
    CHECK(p.free_queue == static_cast<std::int64_t>(waiting[pools::Queue::free].size()));
    CHECK(p.hold_queue == static_cast<std::int64_t>(waiting[pools::Queue::hold].size()));
    CHECK(p.cooling_queue.value_or(0) == static_cast<std::int64_t>(waiting[pools::Queue::cooling].size()));
    for (auto& [queue, all] : waiting) {
      if (all.empty()) continue;
      auto book = world.book();
      const auto* front = book.find<QueueSeat>(seat_name(site, queue, 0));
      REQUIRE(front);
      CHECK(std::pair(front->since, front->e164) == std::ranges::min(all));
    }
  }
};

}  // namespace

TEST_CASE(
    "POOL-05 whatever happened since, the same model gives each call the attribution that it rang with") {
  int owed = 0;
  for (unsigned seed = 101; seed <= 110; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 150; ++i) crowd.step();
    owed += crowd.check_attributions();
  }
  CHECK(owed > 20);  // else this tested nothing
}

TEST_CASE(
    "POOL-05 at any position one live lease a number at most, and the states add up to the pool's size") {
  for (unsigned seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 150; ++i) {
      crowd.step();
      crowd.check();
    }
    CHECK(pool(crowd.world).sessions > 5);
  }
}

TEST_CASE("POOL-05 a pool of 500 under 2,000 visitors: one live lease a number, and the states add up") {
  pools::Settings settings;
  settings.overflow = pools::Overflow::no_swap;
  auto world = pool_of(500, settings);
  std::mt19937 random(500);
  std::vector<SessionId> live;
  for (int visitor = 0; visitor < 2'000; ++visitor) {
    world.now.ms += 1;  // 2,000 come in two seconds; every third leaves, so that numbers are lent again
    auto key = std::to_string(visitor);
    live.push_back(starts(world, visit(key, std::to_string(random() % 1'500))).session);
    if (visitor % 3 == 0) {
      auto gone = live.begin() + static_cast<std::ptrdiff_t>(random() % live.size());
      REQUIRE(world.does(EndVisitorSession{site, *gone}));
      live.erase(gone);
    }
    if (visitor % 100 == 0) check_leases(world);
  }
  check_leases(world);
  CHECK(pool(world).leased == 500);
  CHECK(pool(world).sessions == 2'000);
  CHECK(pool(world).blocked > 0);
}
