// Whatever happened: views equal their rebuild, counters add up, lists equal a search by hand.
#include <set>

#include "adapters/simulation/sim_random.hpp"
#include "projections/campaign_figures.hpp"
#include "projections/inventory_query.hpp"
#include "projections/warnings.hpp"
#include "tests/projections/support/random_history.hpp"

namespace ringledger {
namespace {

using namespace test;

/// Numbers of the workspace that the filter leaves, as somebody would find them by hand.
std::vector<NumberId> by_hand(const RandomHistory& h, const InventoryQuery& q) {
  std::vector<std::pair<std::string, NumberId>> left;
  for (const auto& [id, n] : h.numbers) {
    if (n.workspace != q.workspace || !n.visible()) continue;
    auto called = h.last_calls.find(id);
    auto s =
        summary_of({acc(), n, called == h.last_calls.end() ? std::nullopt : std::optional(called->second)});
    bool in = true;
    for (const auto& [facet, wanted] : q.filter.facets) {
      auto values = facet_values(s, facet);
      bool any = false;
      for (const auto& v : values) any = any || std::find(wanted.begin(), wanted.end(), v) != wanted.end();
      in = in && any;
    }
    if (!q.filter.campaign_types.empty()) {
      in = in && n.campaign && h.campaigns.at(*n.campaign).campaign_type == q.filter.campaign_types[0];
    }
    if (!q.filter.search.empty()) {
      bool label = n.label && lower_ascii(*n.label).find(lower_ascii(q.filter.search)) != std::string::npos;
      bool digits = !digits_of(q.filter.search).empty() &&
                    n.e164.text.find(digits_of(q.filter.search)) != std::string::npos;
      in = in && (label || digits);
    }
    if (in) left.emplace_back(sort_order(s, q.sort), id);
  }
  std::sort(left.begin(), left.end());
  if (q.descending) std::reverse(left.begin(), left.end());
  std::vector<NumberId> out;
  for (auto& [order, id] : left) out.push_back(id);
  return out;
}

InventoryQuery some_query(RandomHistory& h) {
  static const std::vector<std::pair<Facet, std::vector<std::string>>> filters = {
      {Facet::assignment, {"assigned"}},
      {Facet::assignment, {"unassigned"}},
      {Facet::status, {"inactive"}},
      {Facet::capability, {"sms"}},
      {Facet::number_type, {"toll_free", "mobile"}},
      {Facet::country, {"GB"}},
      {Facet::routing, {"campaign", "parking"}},
      {Facet::provider_state, {"pending", "failed"}},
      {Facet::provider_state, {"synced"}},
      {Facet::cnam, {"turning_on"}},
      {Facet::origin, {"byot"}},
      {Facet::campaign, {cmp(11).to_string(), cmp(21).to_string()}}};
  InventoryQuery q;
  q.account = acc();
  q.workspace = ws(1 + h.below(2));
  q.sort = inventory_sorts[h.below(4)];
  q.descending = h.once_in(2);
  q.page.limit = 1 + h.below(5);
  q.gather_at_most = h.once_in(2) ? 0 : h.once_in(2) ? 2 : 10'000;
  std::set<Facet> used;
  for (auto n = h.below(3); n > 0; --n) {
    const auto& f = filters[h.below(filters.size())];
    if (used.insert(f.first).second) q.filter.facets.push_back(f);
  }
  if (h.once_in(3))
    q.filter.search = std::vector<std::string>{"front", "0100", "(415) 55", "a", "7"}[h.below(5)];
  if (h.once_in(4)) q.filter.campaign_types = {campaigns::Type::static_};
  return q;
}

std::vector<NumberId> through_pages(const World& w, InventoryQuery q, std::size_t expected) {
  auto sight = w.sight();
  std::vector<NumberId> out;
  for (std::optional<std::string> cursor = ""; cursor;) {
    q.page.cursor = *cursor;
    auto page = list_numbers(sight.of<InventoryView>(), sight.of<CampaignsView>(), q);
    REQUIRE_MESSAGE(page.has_value(), (page ? "" : page.error().detail));
    CHECK(page->total == expected);
    CHECK(page->total_exact);
    CHECK(page->items.size() == std::min(q.page.limit, expected - out.size()));
    for (const auto& row : page->items) out.push_back(row.number.id);
    cursor = page->next_cursor;
    REQUIRE(out.size() <= expected);
  }
  return out;
}

void check_lists(const World& w, RandomHistory& h) {
  auto q = some_query(h);
  auto expected = by_hand(h, q);
  CHECK(through_pages(w, q, expected.size()) == expected);
}

void check_summary(const World& w, const RandomHistory& h) {
  auto sight = w.sight();
  for (auto workspace : {ws(1), ws(2)}) {
    auto s = summarize(sight.of<InventoryView>(), sight.of<CampaignsView>(), workspace);
    std::uint64_t total = 0, assigned = 0, inactive = 0;
    std::set<CampaignId> used;
    for (const auto& [id, n] : h.numbers) {
      if (n.workspace != workspace || !n.visible()) continue;
      ++total;
      assigned += n.campaign ? 1 : 0;
      inactive += n.status == numbers::Status::inactive ? 1 : 0;
      if (n.campaign) used.insert(*n.campaign);
    }
    CHECK(s.total == s.assigned + s.unassigned);
    CHECK(s.total == total);
    CHECK(s.assigned == assigned);
    CHECK(s.inactive == inactive);
    CHECK(s.active_campaigns == used.size());
    std::uint64_t typed = 0;
    for (const auto& [type, n] : s.by_type) typed += n;
    CHECK(typed == total);
  }
}

void check_warnings(const World& w, const RandomHistory& h) {
  std::map<CampaignId, std::size_t> held;
  for (const auto& [id, n] : h.numbers) {
    if (n.campaign) ++held[*n.campaign];
  }
  auto sight = w.sight();
  for (auto workspace : {ws(1), ws(2)}) {
    std::size_t expected = 0;
    for (const auto& [campaign, n] : held) {
      if (h.campaigns.at(campaign).workspace == workspace) expected += n + (n == 1 ? 1 : 0);
    }
    WarningsQuery q;
    q.account = acc();
    q.workspace = workspace;
    q.page.limit = 500;
    auto page = list_warnings(sight.of<WarningsView>(), q).value();
    CHECK(page.items.size() == expected);
    CHECK(page.total == expected);
  }
}

/// A campaign's calls in stretches of a few quarters of an hour, added up one by one.
void check_figures(const World& w, RandomHistory& h) {
  constexpr std::int64_t quarter = 900'000;
  std::vector<Timestamp> bounds{{1'699'999'200'000}};
  while (bounds.size() < 5)
    bounds.push_back({bounds.back().ms + quarter * static_cast<std::int64_t>(h.below(6))});
  for (const auto& [campaign, made] : h.campaigns) {
    std::vector<CampaignFigures> expected(bounds.size() - 1);
    for (const auto& [id, c] : h.calls) {
      if (c.direction == calls::Direction::outbound || c.attribution.campaign != campaign) continue;
      for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
        if (c.started_at < bounds[i] || c.started_at >= bounds[i + 1]) continue;
        auto& f = expected[i];
        auto outcome = calls::outcome_of(c);
        bool answered = outcome == calls::Outcome::answered,
             blocked = outcome == calls::Outcome::blocked_country;
        ++f.calls;
        f.answered += answered ? 1 : 0;
        f.blocked += blocked ? 1 : 0;
        f.missed += outcome && !answered && !blocked ? 1 : 0;
        f.talk_s += answered ? c.duration_s.value_or(0) : 0;
        f.unattributed += c.attribution.flags.empty() ? 0 : 1;
        f.first_callers += h.first_calls.contains(id) ? 1 : 0;
      }
    }
    CHECK(figures_between(w.sight().of<CallsView>(), made.workspace, campaign, bounds).value() == expected);
  }
}

TEST_CASE("campaign figures under random histories are what adding up the calls gives") {
  std::int64_t counted = 0;
  for (std::uint64_t seed = 301; seed <= 306; ++seed) {
    CAPTURE(seed);
    RandomHistory h(seed);
    World w;
    w.given(h.beginning());
    for (int step = 0; step < 400; ++step) w.given(h.next({w.log.now().ms + 1000}));
    check_figures(w, h);
    for (const auto& [id, c] : h.calls) counted += c.attribution.campaign ? 1 : 0;
    w.check_verified();
  }
  CHECK(counted > 10);  // else this tested nothing
}

TEST_CASE("NUM-05 under random histories total = assigned + unassigned, lists equal a search by hand") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    RandomHistory h(seed);
    World w;
    w.given(h.beginning());
    for (int step = 0; step < 60; ++step) {
      w.given(h.next({w.log.now().ms + 1000}));
      check_lists(w, h);
      if (step % 10 == 0) check_summary(w, h);
    }
    check_summary(w, h);
    check_warnings(w, h);
  }
}

TEST_CASE("views folded batch by batch equal their rebuild under random histories") {
  for (std::uint64_t seed = 101; seed <= 108; ++seed) {
    CAPTURE(seed);
    RandomHistory h(seed);
    World w;
    w.given(h.beginning());
    for (int step = 0; step < 80; ++step) w.behind(h.next({w.log.now().ms + 1000}));
    while (w.runner->position() < w.log.end()) {
      REQUIRE(w.runner->apply(w.log.batch(w.runner->position(), 1 + h.below(9))).has_value());
    }
    REQUIRE(w.runner->parked_count() == 0);
    w.check_verified();
  }
}

TEST_CASE("after crashes that leave families of different age, catching up is exact") {
  int with_ages = 0;
  for (std::uint64_t seed = 201; seed <= 212; ++seed) {
    CAPTURE(seed);
    RandomHistory h(seed);
    SimRandom random(seed);
    World w;
    w.given(h.beginning());
    bool ages_differed = false;
    for (int step = 0; step < 60; ++step) {
      w.given(h.next({w.log.now().ms + 1000}));
      if (h.once_in(9)) REQUIRE(w.runner->flush().has_value());
      if (!h.once_in(8)) continue;
      w.runner.reset();
      w.store->crash(random);
      w.open();
      for (const auto& view : w.runner->views()) {
        ages_differed = ages_differed || w.runner->position(view).value() != w.runner->position();
      }
      w.catch_up();
      CHECK(w.runner->position() == w.log.end());
      check_summary(w, h);
      check_warnings(w, h);
    }
    w.check_verified();
    with_ages += ages_differed ? 1 : 0;
  }
  CHECK(with_ages > 6);  // else this tested nothing
}

}  // namespace
}  // namespace ringledger
