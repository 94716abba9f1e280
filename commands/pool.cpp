#include "commands/pool.hpp"

#include <algorithm>

namespace ringledger {
namespace {

using sessions::LeaseReason;

/// Of the candidates to share, how many are looked at.
constexpr std::int64_t most_shared_tried = 8;
constexpr Share crowded{7'500};

bool lendable(const pools::PoolNumber* n, CampaignId campaign, Timestamp now) {
  return n && n->campaign == campaign && pools::waiting_of(*n).has_value() && pools::is_cool_by(*n, now);
}

class Lending {
 public:
  Lending(const sessions::Session& session, const campaigns::Campaign& campaign, const Book& book,
          Timestamp now)
      : x_session(session),
        x_campaign(campaign),
        x_settings(campaign.pool_settings()),
        x_book(book),
        x_now(now) {
    if (const auto* p = pool_of(campaign.id, book)) x_pool = *p;
  }

  std::vector<Event> events() {
    const auto* own =
        x_session.number && x_session.phase == sessions::Phase::hold ? row(*x_session.number) : nullptr;
    if (own && own->session == x_session.id) {
      if (may_return(*own)) return {lease(*own, LeaseReason::returning)};
      give_up(*own, sessions::ReleasedBy::drain);
    }
    choose();
    return std::move(x_events);
  }

 private:
  [[nodiscard]] const pools::PoolNumber* row(NumberId id) const { return x_book.find<pools::PoolNumber>(id); }
  /// A call in progress is its own, if anybody's: it goes on.
  [[nodiscard]] bool may_return(const pools::PoolNumber& n) const {
    return n.campaign == x_campaign.id && n.enabled && n.healthy && !n.fallback;
  }
  [[nodiscard]] const pools::PoolNumber* front(pools::Queue queue) const {
    const auto* seat = x_book.find<QueueSeat>(seat_name(x_campaign.id, queue, 0));
    return seat ? row(seat->number) : nullptr;
  }

  void choose() {
    if (const auto* n = of_visitor()) return take(*n, LeaseReason::sticky);
    if (const auto* n = unused_for_longest()) return take(*n, LeaseReason::lru);
    const auto* held = x_settings.hold_soft ? front(pools::Queue::hold) : nullptr;
    if (held) return take(*held, LeaseReason::risky);
    overflow();
  }

  /// Of the free ones, and of those whose cooldown is over.
  [[nodiscard]] const pools::PoolNumber* unused_for_longest() const {
    const auto* free = front(pools::Queue::free);
    const auto* cool = front(pools::Queue::cooling);
    if (!lendable(cool, x_campaign.id, x_now)) return free;
    auto rank = [](const pools::PoolNumber& n) { return std::pair(n.last_used, n.e164); };
    return free && rank(*free) < rank(*cool) ? free : cool;
  }

  /// What the visitor was last lent, free or still on hold for nobody else.
  [[nodiscard]] const pools::PoolNumber* of_visitor() const {
    if (!x_session.visitor.clear()) return nullptr;
    const auto* known = x_book.find<VisitorNumbers>(page_name(x_campaign.id, *x_session.visitor.clear()));
    if (!known) return nullptr;
    const auto& last = known->lent.back();
    if (last.at.ms + sticky_ms < x_session.started_at.ms) return nullptr;
    const auto* n = row(last.number);
    if (!lendable(n, x_campaign.id, x_now)) return nullptr;
    return n->use == pools::Use::free || n->session == last.session ? n : nullptr;
  }

  void take(const pools::PoolNumber& n, LeaseReason reason) {
    auto lent = lease(n, reason);
    if (n.use == pools::Use::hold) give_up(n, sessions::ReleasedBy::reuse);
    x_events.emplace_back(std::move(lent));
  }
  [[nodiscard]] sessions::NumberLeased lease(const pools::PoolNumber& n, LeaseReason reason) const {
    sessions::NumberLeased e{x_session.id, x_campaign.workspace, x_campaign.id, n.id, n.e164, reason, {}};
    if (reason == LeaseReason::risky) e.previous = n.session;
    return e;
  }
  void give_up(const pools::PoolNumber& n, sessions::ReleasedBy by) {
    for (auto& e : ending_lease(n.id, by, x_book)) x_events.push_back(std::move(e));
    for (auto& e : ending_drain(n.id, x_book)) x_events.push_back(std::move(e));
  }

  void overflow() {
    sessions::OverflowShown e;
    e.session = x_session.id;
    e.workspace = x_campaign.workspace;
    e.campaign = x_campaign.id;
    e.policy = x_settings.overflow;
    e.leased = x_pool.leased;
    e.size = x_pool.size;
    if (x_settings.overflow == pools::Overflow::share) share(e);
    if (x_settings.overflow == pools::Overflow::fallback_number && x_settings.fallback_number) {
      e.e164 = x_settings.fallback_number;
      const auto* n = x_book.number_by_e164(*e.e164);
      if (n && !n->deleted) e.number = n->id;
    }
    x_events.emplace_back(std::move(e));
  }
  /// One after the other, so that callers spread.
  void share(sessions::OverflowShown& e) const {
    auto most = std::min(x_pool.size, most_shared_tried);
    for (std::int64_t i = 0; i < most; ++i) {
      const auto* member =
          x_book.find<PoolMember>(member_name(x_campaign.id, (x_pool.shared + i) % x_pool.size));
      const auto* n = member ? row(member->number) : nullptr;
      if (!n || !n->enabled || !n->healthy || !pools::is_cool_by(*n, x_now)) continue;
      e.number = n->id;
      e.e164 = n->e164;
      return;
    }
  }

  const sessions::Session& x_session;
  const campaigns::Campaign& x_campaign;
  pools::Settings x_settings;
  const Book& x_book;
  const Timestamp x_now;
  pools::Pool x_pool;
  std::vector<Event> x_events;
};

/// How many numbers of the queue of cooling ones may be lent by now: from the seat down, as a heap has none
/// that is over beneath one that is not.
std::int64_t cooled(CampaignId campaign, std::int64_t seat, std::int64_t length, Timestamp now,
                    const Book& book) {
  const auto* who =
      seat < length ? book.find<QueueSeat>(seat_name(campaign, pools::Queue::cooling, seat)) : nullptr;
  if (!who || who->since > now) return 0;
  std::int64_t count = 1;
  for (auto child : seats_below(seat)) count += cooled(campaign, child, length, now, book);
  return count;
}

/// Absent: as a new one.
template <class R>
R known_of(CampaignId campaign, const Book& book) {
  const auto* known = book.find<R>(campaign);
  return known ? *known : R{};
}

Share part(std::int64_t some, std::int64_t all) {
  return all > 0 ? Share::of(std::min(some, all), all) : Share{};
}

}  // namespace

std::vector<Event> lend_number(const sessions::Session& session, const campaigns::Campaign& campaign,
                               const Book& book, Timestamp now) {
  return Lending(session, campaign, book, now).events();
}

std::vector<Event> ending_lease(NumberId number, sessions::ReleasedBy by, const Book& book) {
  const auto* n = book.find<pools::PoolNumber>(number);
  if (!n || !n->session || !n->campaign) return {};
  const auto* s = book.find<sessions::Session>(*n->session);
  if (!s) return {};
  return {sessions::LeaseReleased{s->id, s->workspace, s->campaign, number, by, std::nullopt}};
}

std::vector<Event> ending_drain(NumberId number, const Book& book) {
  const auto* n = book.find<numbers::Number>(number);
  if (!n || !n->draining || !n->campaign) return {};
  return {numbers::Unassigned{n->id, n->workspace, *n->campaign, n->drain_acknowledged}};
}

const pools::Pool* pool_of(CampaignId campaign, const Book& book) { return book.find<pools::Pool>(campaign); }

std::optional<double> exhaustion_risk(const campaigns::Campaign& campaign, const pools::Load& load,
                                      std::int64_t size, Timestamp now) {
  if (!campaign.is_tracker()) return std::nullopt;
  return pools::exhaustion(load, campaign.pool_settings().hold_s + pools::usual_visit_s, size, now);
}

Decision<GetPool::Answer> decide(const GetPool& c, const Book& book, const Context& ctx) {
  const auto* campaign = book.find<campaigns::Campaign>(c.campaign);
  if (!campaign || campaign->workspace != c.workspace) return no_such_thing();
  const auto p = known_of<pools::Pool>(c.campaign, book);
  const auto week = known_of<pools::Week>(c.campaign, book);
  const auto gaps = known_of<pools::Gaps>(c.campaign, book);
  const auto owed = known_of<pools::CallsOwed>(c.campaign, book);
  GetPool::Answer a;
  a.size = p.size;
  a.states = {p.available, p.leased, p.hold, p.cooldown, p.disabled, p.overflow, p.unhealthy};
  auto over = cooled(c.campaign, 0, p.cooling_queue.value_or(0), ctx.now, book);
  a.states.available += over;
  a.states.cooldown -= over;
  a.utilisation = p.utilisation();
  a.peak_utilisation = part(p.most_leased, p.size);
  auto hourly = [&](int percent) { return week.percentile(percent, a.utilisation, ctx.now); };
  a.hourly_utilisation = {hourly(50), hourly(95), hourly(99)};
  a.reuse_gap = {gaps.count, gaps.mean_s(), gaps.percentile_s(10), gaps.percentile_s(50)};
  a.sessions = p.sessions;
  a.blocked = p.blocked;
  a.risky = p.risky;
  a.blocked_ratio = part(p.blocked, p.sessions);
  a.risky_ratio = part(p.risky, p.sessions);
  a.calls = owed.calls;
  a.ambiguous_calls = owed.ambiguous;
  a.ambiguous_ratio = part(owed.ambiguous, owed.calls);
  a.settings = campaign->pool_settings();
  a.offered_load = p.load.offered(ctx.now, a.settings.hold_s + pools::usual_visit_s);
  a.expected_blocked_ratio = pools::share_of(pools::erlang_b(a.offered_load, p.size));
  a.too_small = a.hourly_utilisation.p95 > crowded ||
                static_cast<double>(p.blocked) > static_cast<double>(p.sessions) * pools::blocked_too_often;
  a.last_lease_at = p.last_lease_at;
  return Accepted<GetPool::Answer>{{}, std::move(a)};
}

}  // namespace ringledger
