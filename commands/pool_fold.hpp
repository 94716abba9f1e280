// What numbers, sessions and calls do to the book's rows of pools. `Rows` is the fold of the whole book:
// `find<R>(name)` (null: absent, or a miss: then all that comes of it is thrown away), `set`,
// `drop<R>(name)`.
#pragma once

#include <algorithm>
#include <utility>

#include "commands/pool_queue.hpp"
#include "domain/call.hpp"

namespace ringledger {

/// Nothing that a pool looks at has changed.
inline bool stays_in_pool(const numbers::Number& before, const numbers::Number& after) {
  return before.campaign == after.campaign && before.status == after.status &&
         before.provider_state == after.provider_state && before.draining == after.draining;
}

template <class Rows>
class PoolFold {
 public:
  /// `event_id`: of the event at hand, for evidence; "" while its commit has no id.
  PoolFold(Rows& rows, Timestamp at, std::string event_id)
      : x_rows(rows), x_at(at), x_event(std::move(event_id)) {}

  /// Puts a number where it belongs by its own row, which has changed. `left`: the campaign it was taken
  /// from.
  void settle(const numbers::Number& number, const std::optional<CampaignId>& left) {
    const auto* c = tracker(number.campaign);
    const auto* before = x_rows.template find<pools::PoolNumber>(raw_name(number.id.raw));
    if (!c && !before && !left) return;  // static campaigns have no pool
    pools::PoolNumber after = before ? *before : pools::PoolNumber{};
    if (left) pools::leave_campaign(after, *left, x_at);
    pools::follow(after, number, c ? std::optional(c->pool_settings()) : std::nullopt);
    replace(before ? std::optional(*before) : std::nullopt, std::move(after));
  }
  /// After a campaign's settings changed.
  void on_settings(const campaigns::Campaign& before, const campaigns::Campaign& after) {
    auto was = before.pool_settings().fallback_number, is = after.pool_settings().fallback_number;
    if (was == is) return;
    for (const auto& e164 : {was, is}) {
      const auto* at = e164 ? x_rows.template find<NumberByE164>(e164->text) : nullptr;
      const auto* n = at ? x_rows.template find<numbers::Number>(raw_name(at->number.raw)) : nullptr;
      if (n && n->campaign == after.id) settle(*n, std::nullopt);
    }
  }
  /// A number that was never in a pool has a row while it is called: should it come into one meanwhile, it is
  /// lent to nobody before the call's end (number-pools.md D.2).
  void on_call(const std::optional<calls::Call>& before, const calls::Call& after) {
    bool was = before && is_live(*before), is = is_live(after);
    if (was == is || !after.number) return;
    auto name = raw_name(after.number->raw);
    const auto* found = x_rows.template find<pools::PoolNumber>(name);
    auto known = found ? std::optional(*found) : std::nullopt;
    auto next = known || !is ? known : in_no_pool(*after.number);
    if (!next) return;
    next->live_calls = std::max<std::int64_t>(0, next->live_calls + (is ? 1 : -1));
    if (pools::tells_nothing(*next)) return x_rows.template drop<pools::PoolNumber>(name);
    replace(known, *std::move(next));
  }
  void on_attributed(const calls::Call& call) {
    const auto* c =
        call.direction == calls::Direction::inbound ? tracker(call.attribution.campaign) : nullptr;
    if (!c) return;
    const auto* known = x_rows.template find<pools::CallsOwed>(raw_name(c->id.raw));
    auto next = known ? *known : pools::CallsOwed{};
    ++next.calls;
    const auto& flags = call.attribution.flags;
    if (std::ranges::find(flags, attribution::Flag::ambiguous) != flags.end()) ++next.ambiguous;
    x_rows.set(raw_name(c->id.raw), next);
  }
  /// Who came in the session is forgotten: nothing names them any more, and the visit, should it live, is
  /// over for its page. Its lease ends by its deadlines.
  void on_erased(SessionId id) {
    const auto* shown = x_rows.template find<ShownTo>(raw_name(id.raw));
    auto numbers = shown ? shown->numbers : std::vector<NumberId>();
    for (auto number : numbers) forget_visitor_of(id, number);
    const auto* s = x_rows.template find<sessions::Session>(raw_name(id.raw));
    if (!s) return;
    auto next = *s;
    forget_key(next);
    next.session_key = next.visitor = {};
    next.erased = true;
    x_rows.set(raw_name(id.raw), std::move(next));
  }
  void on_session(const std::optional<sessions::Session>& before, const sessions::Event& event) {
    std::visit([&](const auto& e) { on(before, e); }, event);
  }

 private:
  using Session = std::optional<sessions::Session>;
  static bool is_live(const calls::Call& c) {
    return c.direction == calls::Direction::inbound && !calls::is_final(c.status);
  }
  const campaigns::Campaign* tracker(const std::optional<CampaignId>& id) {
    const auto* c = id ? x_rows.template find<campaigns::Campaign>(raw_name(id->raw)) : nullptr;
    return c && c->is_tracker() ? c : nullptr;
  }
  pools::Pool pool(CampaignId id) {
    const auto* p = x_rows.template find<pools::Pool>(raw_name(id.raw));
    return p ? *p : pools::Pool{};
  }
  void change_pool(CampaignId id, auto&& edit) {
    auto p = pool(id);
    auto before = p.utilisation();
    edit(p);
    note(id, before, p.utilisation());
    x_rows.set(raw_name(id.raw), std::move(p));
  }
  void note(CampaignId id, Share before, Share after) {
    const auto* week = x_rows.template find<pools::Week>(raw_name(id.raw));
    if (week && !week->is_news(after, x_at)) return;
    auto next = week ? *week : pools::Week{};
    next.note(before, after, x_at);
    x_rows.set(raw_name(id.raw), std::move(next));
  }

  std::optional<pools::PoolNumber> in_no_pool(NumberId id) {
    const auto* number = x_rows.template find<numbers::Number>(raw_name(id.raw));
    if (!number) return std::nullopt;
    pools::PoolNumber n;
    pools::follow(n, *number, std::nullopt);
    return n;
  }
  void change(NumberId id, auto&& edit) {
    const auto* before = x_rows.template find<pools::PoolNumber>(raw_name(id.raw));
    if (!before) return;
    pools::PoolNumber was = *before, is = *before;
    edit(is);
    replace(was, std::move(is));
  }
  void replace(const std::optional<pools::PoolNumber>& before, pools::PoolNumber after) {
    auto was = before ? before->campaign : std::nullopt;
    bool moves = was != after.campaign;
    if (was) {
      change_pool(*was, [&](pools::Pool& p) {
        --p.of(pools::state_of(*before));
        auto w = pools::waiting_of(*before);
        if (w && (moves || w != pools::waiting_of(after))) queue(*was, w->queue, p).leave(before->id);
        if (moves) leave_members(*was, *before, p);
      });
    }
    if (after.campaign) {
      change_pool(*after.campaign, [&](pools::Pool& p) {
        ++p.of(pools::state_of(after));
        auto w = pools::waiting_of(after);
        if (w && (moves || w != pools::waiting_of(*before)))
          queue(*after.campaign, w->queue, p).join({after.id, w->since, after.e164});
        if (moves) join_members(*after.campaign, after, p);
      });
    }
    x_rows.set(raw_name(after.id.raw), std::move(after));
  }
  QueueRows<Rows> queue(CampaignId campaign, pools::Queue which, pools::Pool& p) {
    return {x_rows, campaign, which, p.length_of(which)};
  }
  void join_members(CampaignId campaign, pools::PoolNumber& n, pools::Pool& p) {
    n.member = p.size++;
    x_rows.set(member_name(campaign, n.member), PoolMember{n.id});
  }
  /// The last one takes its place.
  void leave_members(CampaignId campaign, const pools::PoolNumber& n, pools::Pool& p) {
    --p.size;
    const auto* last = x_rows.template find<PoolMember>(member_name(campaign, p.size));
    if (!last) return;
    auto mover = last->number;
    x_rows.template drop<PoolMember>(member_name(campaign, p.size));
    const auto* moved = x_rows.template find<pools::PoolNumber>(raw_name(mover.raw));
    if (mover == n.id || !moved) return;
    auto next = *moved;
    next.member = n.member;
    x_rows.set(member_name(campaign, n.member), PoolMember{mover});
    x_rows.set(raw_name(mover.raw), std::move(next));
  }

  void on(const Session&, const sessions::Started& e) {
    change_pool(e.campaign, [&](pools::Pool& p) {
      ++p.sessions;
      p.load.session_at(x_at);
    });
    if (e.session_key.clear())
      x_rows.set(page_name(e.campaign, *e.session_key.clear()), SessionByKey{e.session});
  }
  void on(const Session& before, const sessions::TouchAdded& e) {
    if (!before || !before->number) return;
    edit_showing(*before->number, e.session, [&](attribution::Showing& s) {
      attribution::remember(s.touches, {e.session, x_at, e.direct.value_or(false), x_event});
    });
  }
  void on(const Session& before, const sessions::NumberLeased& e) {
    bool risky = e.reason == sessions::LeaseReason::risky;
    end_overflow(before);
    add_gap(e);
    bool goes_on = e.reason == sessions::LeaseReason::returning &&
                   edit_showing(e.number, e.session, [](attribution::Showing& s) { s.until.reset(); });
    change(e.number, [&](pools::PoolNumber& n) {
      pools::evolve(n, e, x_at);
      if (!goes_on)
        show(n, {e.session, e.campaign, x_at, {}, risky, false, x_event, touches_of(before)}, before);
    });
    change_pool(e.campaign, [&](pools::Pool& p) {
      p.risky += risky ? 1 : 0;
      p.most_leased = std::max(p.most_leased, p.leased);
      p.last_lease_at = x_at;
    });
    if (before && before->visitor.clear()) lent_to(page_name(e.campaign, *before->visitor.clear()), e);
  }
  /// How soon another visitor sees the number; REQUIRES: it is not leased yet.
  void add_gap(const sessions::NumberLeased& e) {
    using sessions::LeaseReason;
    const auto* n = x_rows.template find<pools::PoolNumber>(raw_name(e.number.raw));
    bool other = e.reason == LeaseReason::lru || e.reason == LeaseReason::risky;
    if (!n || !other || n->last_used == Timestamp{}) return;
    const auto* known = x_rows.template find<pools::Gaps>(raw_name(e.campaign.raw));
    auto next = known ? *known : pools::Gaps{};
    next.add(x_at.ms - n->last_used.ms);
    x_rows.set(raw_name(e.campaign.raw), std::move(next));
  }
  void on(const Session& before, const sessions::LeaseHeld& e) { shown_until(before, e, e.deadline); }
  void on(const Session& before, const sessions::LeaseReleased& e) { shown_until(before, e, x_at); }
  void on(const Session& before, const sessions::LeaseExpired& e) {
    change_pool(e.campaign, [&](pools::Pool& p) { p.load.lease_over(e.leased_at, e.deadline); });
    shown_until(before, e, e.deadline);
    forget_key(before);
  }
  void on(const Session& before, const sessions::OverflowShown& e) {
    end_overflow(before);
    change_pool(e.campaign, [&](pools::Pool& p) {
      ++p.blocked;
      if (e.policy == pools::Overflow::share) ++p.shared;
    });
    if (!e.number) return;
    const auto* known = x_rows.template find<pools::PoolNumber>(raw_name(e.number->raw));
    auto n = known ? *known : fallback_elsewhere(e);
    show(n, {e.session, e.campaign, x_at, {}, false, true, x_event, touches_of(before)}, std::nullopt);
    x_rows.set(raw_name(n.id.raw), std::move(n));
  }
  void on(const Session& before, const sessions::Ended& e) {
    end_overflow(before, e.deadline);
    forget_key(before);
  }
  void on(const Session&, const sessions::Forgotten&) {}
  /// What a session without a number of its own was shown, it is shown no longer.
  void end_overflow(const Session& before, std::optional<Timestamp> deadline = std::nullopt) {
    if (before && before->phase == sessions::Phase::overflow && before->number)
      edit_showing(*before->number, before->id,
                   [&](attribution::Showing& s) { end(s, deadline.value_or(x_at)); });
  }

  static std::vector<attribution::Touch> touches_of(const Session& s) {
    return s ? s->touches : std::vector<attribution::Touch>();
  }
  /// Ours, but in no tracker's pool so far.
  static pools::PoolNumber fallback_elsewhere(const sessions::OverflowShown& e) {
    pools::PoolNumber n;
    n.id = *e.number;
    if (e.e164) n.e164 = *e.e164;
    return n;
  }
  template <class E>
  void shown_until(const Session&, const E& e, Timestamp until) {
    const auto* n = x_rows.template find<pools::PoolNumber>(raw_name(e.number.raw));
    if (!n || n->session != e.session) return;
    edit_showing(e.number, e.session, [&](attribution::Showing& s) { end(s, until); });
    change(e.number, [&](pools::PoolNumber& number) { pools::evolve(number, e, x_at); });
  }
  static void end(attribution::Showing& s, Timestamp until) {
    if (!s.until) s.until = until;
  }
  void forget_key(const Session& s) {
    if (!s || !s->session_key.clear()) return;
    auto name = page_name(s->campaign, *s->session_key.clear());
    const auto* known = x_rows.template find<SessionByKey>(name);
    if (known && known->session == s->id) x_rows.template drop<SessionByKey>(name);
  }
  /// Remembers it, in place of the oldest.
  void show(pools::PoolNumber& n, attribution::Showing showing, const Session& session) {
    bool all_used = n.showings >= remembered_showings;
    auto name = showing_name(n.id, n.showings++);
    const auto* oldest = all_used ? x_rows.template find<RememberedShowing>(name) : nullptr;
    if (oldest) {
      forget_visitor(n.id, *oldest);
      forget_shown(n.id, oldest->showing.session);
    }
    const auto* known = x_rows.template find<ShownTo>(raw_name(showing.session.raw));
    auto shown = known ? *known : ShownTo{};
    shown.numbers.push_back(n.id);
    x_rows.set(raw_name(showing.session.raw), std::move(shown));
    x_rows.set(name,
               RememberedShowing{std::move(showing), session ? session->visitor : Personal<std::string>()});
  }
  static void forget_lent(VisitorNumbers& visitor, NumberId number, SessionId session) {
    std::erase_if(visitor.lent, [&](const auto& l) { return l.number == number && l.session == session; });
  }
  void lent_to(const std::string& visitor_name, const sessions::NumberLeased& e) {
    const auto* known = x_rows.template find<VisitorNumbers>(visitor_name);
    auto visitor = known ? *known : VisitorNumbers{};
    forget_lent(visitor, e.number, e.session);
    visitor.lent.push_back({e.number, e.session, x_at});
    x_rows.set(visitor_name, std::move(visitor));
  }
  void forget_visitor(NumberId number, const RememberedShowing& oldest) {
    if (!oldest.visitor.clear()) return;
    auto name = page_name(oldest.showing.campaign, *oldest.visitor.clear());
    const auto* known = x_rows.template find<VisitorNumbers>(name);
    if (!known) return;
    auto visitor = *known;
    forget_lent(visitor, number, oldest.showing.session);
    if (visitor.lent.empty())
      x_rows.template drop<VisitorNumbers>(name);
    else
      x_rows.set(name, std::move(visitor));
  }
  /// One showing of the number to the session is not remembered any more.
  void forget_shown(NumberId number, SessionId session) {
    const auto* known = x_rows.template find<ShownTo>(raw_name(session.raw));
    if (!known) return;
    auto left = *known;
    auto at = std::ranges::find(left.numbers, number);
    if (at != left.numbers.end()) left.numbers.erase(at);
    if (left.numbers.empty())
      x_rows.template drop<ShownTo>(raw_name(session.raw));
    else
      x_rows.set(raw_name(session.raw), std::move(left));
  }
  /// The names of the visitor in the showings of the session that are remembered.
  void forget_visitor_of(SessionId session, NumberId number) {
    const auto* n = x_rows.template find<pools::PoolNumber>(raw_name(number.raw));
    auto most = n ? std::min(n->showings, remembered_showings) : 0;
    for (std::int64_t back = 1; back <= most; ++back) {
      auto name = showing_name(number, n->showings - back);
      const auto* known = x_rows.template find<RememberedShowing>(name);
      if (!known || known->showing.session != session || !known->visitor.clear()) continue;
      auto next = *known;
      forget_visitor(number, next);
      next.visitor = {};
      x_rows.set(name, std::move(next));
    }
  }
  /// The newest showing of the session; false: it is not remembered.
  bool edit_showing(NumberId number, SessionId session, auto&& edit) {
    const auto* n = x_rows.template find<pools::PoolNumber>(raw_name(number.raw));
    auto most = n ? std::min(n->showings, remembered_showings) : 0;
    for (std::int64_t back = 1; back <= most; ++back) {
      auto name = showing_name(number, n->showings - back);
      const auto* known = x_rows.template find<RememberedShowing>(name);
      if (!known || known->showing.session != session) continue;
      auto next = *known;
      edit(next.showing);
      x_rows.set(name, std::move(next));
      return true;
    }
    return false;
  }

  Rows& x_rows;
  Timestamp x_at;
  std::string x_event;
};

}  // namespace ringledger
