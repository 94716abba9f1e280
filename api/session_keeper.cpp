#include "api/session_keeper.hpp"

#include <algorithm>

#include "api/logging.hpp"
#include "projections/campaigns.hpp"

namespace ringledger {
namespace {

// Issued and not answered: an account may have 256 commands on their way, and visitors come first.
constexpr std::size_t most_outstanding = 64;
constexpr std::int64_t try_again_ms = 1000;     // the shard was full, or is not open
constexpr std::int64_t look_again_ms = 10'000;  // by then what may have counted is shown
constexpr std::int64_t longest_timer_ms = 60'000;

}  // namespace

void SessionKeeper::wake() {
  auto term = x_ports.term();
  {
    std::lock_guard lock(x_mutex);
    if (term == x_term || x_stopped) return;
    x_term = term;
    forget_other_terms();
    ++x_turn;
  }
  if (term == 0) return;
  x_ports.executor->post([weak = weak_from_this(), term] {
    if (auto self = weak.lock()) self->take_over(term);
  });
}

/// With the mutex held. What was heard of since this term was opened stays.
void SessionKeeper::forget_other_terms() {
  std::erase_if(x_kept, [this](const auto& kept) { return kept.second.term != x_term; });
  std::erase_if(x_due, [this](const auto& due) { return !x_kept.contains(due.second); });
}

void SessionKeeper::look_again() {
  std::uint64_t term = 0;
  {
    std::lock_guard lock(x_mutex);
    if (x_term == 0 || x_stopped || std::exchange(x_looks_again, true)) return;
    term = x_term;
  }
  take_over_later(term, look_again_ms);
}

void SessionKeeper::take_over_later(std::uint64_t term, std::int64_t after_ms) {
  x_ports.executor->post_after(after_ms, [weak = weak_from_this(), term] {
    auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->x_mutex);
      self->x_looks_again = false;
      if (self->x_term != term || self->x_stopped) return;
    }
    self->take_over(term);
  });
}

void SessionKeeper::take_over(std::uint64_t term) {
  auto sight = x_ports.sight();
  std::unordered_map<CampaignId, std::int64_t> timeouts;
  auto timeout_of = [&](const SessionRow& row) {
    auto [at, fresh] = timeouts.try_emplace(row.campaign, pools::Settings{}.lease_timeout_s);
    if (fresh) {
      auto campaign = find_campaign(sight.of<CampaignsView>(), row.workspace, row.campaign);
      if (campaign && *campaign) at->second = (*campaign)->campaign.pool_settings().lease_timeout_s;
    }
    return at->second;
  };
  std::size_t taken = 0;
  auto ok = each_living(sight.of<SessionsView>(), [&](const SessionRow& row) {
    {
      std::lock_guard lock(x_mutex);
      if (x_term != term || x_stopped || x_kept.contains(row.id)) return;  // heard of meanwhile
    }
    ++taken;
    bool held = row.phase == sessions::Phase::hold && row.hold_until;
    held ? wait(row.account, row.id, *row.hold_until) : seen(row.account, row.id, timeout_of(row));
  });
  if (!ok) {
    log_error("sessions cannot be read", {{"reason", ok.error().detail}});
    take_over_later(term, try_again_ms);
  }
  if (taken > 0) log_info("visitor sessions taken over", {{"sessions", taken}, {"term", term}});
}

void SessionKeeper::stop() {
  std::lock_guard lock(x_mutex);
  x_stopped = true;
  x_kept.clear();
  x_due.clear();
}

std::size_t SessionKeeper::kept() const {
  std::lock_guard lock(x_mutex);
  return x_kept.size();
}

void SessionKeeper::seen(AccountId account, SessionId session, std::int64_t lease_timeout_s) {
  auto now = x_ports.clock->now();
  auto oldest = static_cast<std::int64_t>(session.raw.ms()) + pools::longest_lease_ms;
  auto deadline = Timestamp{std::min(now.ms + lease_timeout_s * 1000, std::max(oldest, now.ms))};
  keep(session, {account, now, deadline, x_ports.clock->monotonic_ms() + deadline.ms - now.ms, 0, false});
}

void SessionKeeper::wait(AccountId account, SessionId session, Timestamp deadline) {
  auto now = x_ports.clock->now();
  auto left_ms = std::max<std::int64_t>(0, deadline.ms - now.ms);
  keep(session, {account, deadline, deadline, x_ports.clock->monotonic_ms() + left_ms, 0, false});
}

void SessionKeeper::keep(SessionId session, Kept kept) {
  kept.term = x_ports.term();
  {
    std::lock_guard lock(x_mutex);
    if (x_stopped || kept.term == 0) return;
    kept.turn = ++x_turn;
    auto at = x_kept.find(session);
    // A timer that is there fires no later: it finds that there is more time, and waits on.
    bool waits = at != x_kept.end() && !at->second.asked && at->second.due_ms <= kept.due_ms;
    if (!waits) x_due.emplace(kept.due_ms, session);
    x_kept.insert_or_assign(session, kept);
  }
  arm();
}

/// One timer, for the first of all.
void SessionKeeper::arm() {
  std::int64_t delay_ms = 0;
  {
    std::lock_guard lock(x_mutex);
    if (x_stopped || x_due.empty() || x_outstanding >= most_outstanding) return;
    auto now = x_ports.clock->monotonic_ms();
    delay_ms = std::clamp<std::int64_t>(x_due.begin()->first - now, 0, longest_timer_ms);
    if (x_armed_ms >= 0 && x_armed_ms <= now + delay_ms) return;
    x_armed_ms = now + delay_ms;
  }
  x_ports.executor->post_after(delay_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->fire();
  });
}

void SessionKeeper::fire() {
  std::vector<std::pair<SessionId, Kept>> due;
  {
    std::lock_guard lock(x_mutex);
    x_armed_ms = -1;
    auto now = x_ports.clock->monotonic_ms();
    while (!x_due.empty() && x_due.begin()->first <= now && x_outstanding < most_outstanding) {
      auto session = x_due.begin()->second;
      x_due.erase(x_due.begin());
      auto at = x_kept.find(session);
      if (at == x_kept.end() || at->second.asked) continue;
      if (at->second.due_ms > now) {
        x_due.emplace(at->second.due_ms, session);
        continue;
      }
      at->second.asked = true;
      ++x_outstanding;
      due.emplace_back(session, at->second);
    }
  }
  for (const auto& [session, kept] : due) ask(session, kept);
  arm();
}

void SessionKeeper::ask(SessionId session, const Kept& kept) {
  x_ports.issue(
      kept.account, LapseSession{session, kept.seen_at, kept.deadline},
      [weak = weak_from_this(), session, turn = kept.turn](std::optional<LapseSession::Answer> answer) {
        if (auto self = weak.lock()) self->answered(session, turn, std::move(answer));
      });
}

void SessionKeeper::answered(SessionId session, std::uint64_t turn,
                             std::optional<LapseSession::Answer> answer) {
  {
    std::lock_guard lock(x_mutex);
    --x_outstanding;
    take_answer(session, turn, std::move(answer));
  }
  arm();
}

/// With the mutex held.
void SessionKeeper::take_answer(SessionId session, std::uint64_t turn,
                                std::optional<LapseSession::Answer> answer) {
  auto at = x_kept.find(session);
  if (at == x_kept.end() || at->second.turn != turn) return;
  if (answer && !answer->next) {
    x_kept.erase(at);
    return;
  }
  auto& kept = at->second;
  kept.asked = false;
  auto wait_ms = try_again_ms;
  if (answer) {
    kept.deadline = *answer->next;
    wait_ms = std::max<std::int64_t>(0, kept.deadline.ms - x_ports.clock->now().ms);
  }
  kept.due_ms = x_ports.clock->monotonic_ms() + wait_ms;
  x_due.emplace(kept.due_ms, session);
}

}  // namespace ringledger
