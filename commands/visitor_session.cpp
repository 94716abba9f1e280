#include "commands/visitor_session.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr std::size_t most_texts = 20, longest_name = 64, longest_text = 500;

const campaigns::Campaign* tracker(CampaignId id, const Book& book) {
  const auto* c = book.find<campaigns::Campaign>(id);
  return c && c->is_tracker() ? c : nullptr;
}

/// A session that lives, of that campaign.
const sessions::Session* living(SessionId id, CampaignId campaign, const Book& book) {
  const auto* s = book.find<sessions::Session>(id);
  return s && s->campaign == campaign && !s->over && !s->erased ? s : nullptr;
}

void add_faults(const sessions::Texts& texts, const std::string& pointer, std::vector<Error>& faults) {
  auto fault = [&](const std::string& why) { faults.push_back({Code::validation_failed, why, pointer}); };
  if (texts.size() > most_texts) return fault("must have at most 20 members");
  for (const auto& [name, value] : texts) {
    if (auto why = text_fault(name, 1, longest_name)) return fault("has a member name that " + *why);
    if (value.empty()) continue;
    if (auto why = text_fault(value, 1, longest_text)) return fault("has a text that " + *why);
  }
}

template <class T>
Personal<std::string> personal(const std::optional<T>& text) {
  return text ? Personal(text->value) : Personal<std::string>();
}
Personal<sessions::Texts> personal(const sessions::Texts& texts) {
  return texts.empty() ? Personal<sessions::Texts>() : Personal(texts);
}

/// Nothing tells how the visitor came.
template <class C>
bool is_direct(const C& c) {
  return !c.referrer && c.utm.empty() && c.click_ids.empty();
}

VisitResult result_of(const sessions::Session& s, const campaigns::Campaign& campaign, const Context& ctx) {
  auto settings = campaign.pool_settings();
  VisitResult r{s.id, std::nullopt, settings.heartbeat_s, std::nullopt, settings.lease_timeout_s};
  if (s.shown) r.number = ShownNumber{*s.shown, ctx.phones->facts(*s.shown).display};
  if (s.phase == sessions::Phase::overflow) r.policy = s.policy;
  return r;
}

/// The session after the events of its own (others of the commit are about other things).
sessions::Session after(std::optional<sessions::Session> s, const std::vector<Event>& events,
                        const Context& ctx) {
  auto id = s ? s->id : SessionId{};
  for (const auto& event : events) {
    std::visit(
        [&]<class E>(const E& e) {
          if constexpr (in_variant<E, sessions::Event> && requires { e.session; }) {
            if (id.empty()) id = e.session;
            if (e.session == id) s = sessions::evolve(std::move(s), e, ctx.now);
          }
        },
        event);
  }
  return *s;
}

/// Not what a page should go on with: none, on hold, or an overflow that is no longer there or wanted.
bool lacks_number(const sessions::Session& s, const campaigns::Campaign& campaign, const Book& book) {
  if (s.phase == sessions::Phase::leased) return false;
  if (s.phase != sessions::Phase::overflow) return true;
  auto settings = campaign.pool_settings();
  if (s.policy != settings.overflow) return true;
  if (s.policy == pools::Overflow::fallback_number) return s.shown != settings.fallback_number;
  if (s.policy != pools::Overflow::share || !s.number) return false;
  const auto* n = book.find<pools::PoolNumber>(*s.number);
  return !n || n->campaign != s.campaign || !n->enabled || !n->healthy;
}

Timestamp leased_at(const sessions::Session& s, const Book& book) {
  const auto* n = s.number ? book.find<pools::PoolNumber>(*s.number) : nullptr;
  return n && n->session == s.id ? n->leased_at : s.started_at;
}

Timestamp later(Timestamp at, std::int64_t seconds) { return {at.ms + seconds * 1000}; }

sessions::Started started(const StartVisitorSession& c, const campaigns::Campaign& campaign,
                          const Context& ctx) {
  sessions::Started e;
  e.session = ctx.new_id<SessionId>();
  e.workspace = campaign.workspace;
  e.campaign = campaign.id;
  e.consent = c.consent;
  e.session_key = Personal(c.session_key.value);
  e.visitor = personal(c.visitor);
  e.landing_url = personal(c.landing_url);
  e.referrer = personal(c.referrer);
  e.utm = personal(c.utm);
  e.click_ids = personal(c.click_ids);
  e.direct = is_direct(c);
  return e;
}

/// The number goes on hold; with nothing on hold the session just ends.
std::vector<Event> ending(const sessions::Session& s, const campaigns::Campaign& campaign,
                          sessions::ReleasedBy by, sessions::EndedBy ended, Timestamp last_seen,
                          std::optional<Timestamp> deadline) {
  std::vector<Event> events;
  if (s.phase == sessions::Phase::leased) {
    auto hold_until = later(last_seen, campaign.pool_settings().hold_s);
    events.emplace_back(sessions::LeaseReleased{s.id, s.workspace, s.campaign, *s.number, by, hold_until});
  }
  events.emplace_back(sessions::Ended{s.id, s.workspace, s.campaign, ended, deadline});
  return events;
}

}  // namespace

std::vector<Error> field_faults(const StartVisitorSession& c, const Book&, const Context&) {
  std::vector<Error> faults;
  add_faults(c.utm, "/utm", faults);
  add_faults(c.click_ids, "/click_ids", faults);
  return faults;
}

std::vector<Error> field_faults(const AddTouch& c, const Book&, const Context&) {
  std::vector<Error> faults;
  add_faults(c.utm, "/utm", faults);
  add_faults(c.click_ids, "/click_ids", faults);
  bool tells = c.landing_url || c.referrer || !c.utm.empty() || !c.click_ids.empty();
  if (!tells) faults.push_back({Code::validation_failed, "is required, or another member", "/landing_url"});
  return faults;
}

Decision<StartVisitorSession::Answer> decide(const StartVisitorSession& c, const Book& book,
                                             const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* campaign = tracker(c.campaign, book);
  if (!campaign) return no_such_thing();
  if (campaign->archived) return refuse(Code::campaign_archived, "The campaign is archived.");
  const auto* known = book.find<SessionByKey>(page_name(c.campaign, c.session_key.value));
  if (const auto* s = known ? living(known->session, c.campaign, book) : nullptr) {
    std::vector<Event> events;
    if (lacks_number(*s, *campaign, book)) events = lend_number(*s, *campaign, book, ctx.now);
    auto result = result_of(after(*s, events, ctx), *campaign, ctx);
    return Accepted<VisitResult>{std::move(events), std::move(result)};
  }
  std::vector<Event> events{started(c, *campaign, ctx)};
  for (auto& e : lend_number(after({}, events, ctx), *campaign, book, ctx.now))
    events.push_back(std::move(e));
  auto result = result_of(after({}, events, ctx), *campaign, ctx);
  return Accepted<VisitResult>{std::move(events), std::move(result), 201};
}

Decision<AddTouch::Answer> decide(const AddTouch& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* campaign = tracker(c.campaign, book);
  const auto* s = living(c.session, c.campaign, book);
  if (!campaign || !s) return no_such_thing();
  sessions::TouchAdded e{
      s->id,           s->workspace,          s->campaign, personal(c.landing_url), personal(c.referrer),
      personal(c.utm), personal(c.click_ids), is_direct(c)};
  std::vector<Event> events{std::move(e)};
  if (lacks_number(*s, *campaign, book)) {
    for (auto& lent : lend_number(*s, *campaign, book, ctx.now)) events.push_back(std::move(lent));
  }
  auto result = result_of(after(*s, events, ctx), *campaign, ctx);
  return Accepted<VisitResult>{std::move(events), std::move(result)};
}

Decision<EndVisitorSession::Answer> decide(const EndVisitorSession& c, const Book& book, const Context& ctx) {
  const auto* campaign = tracker(c.campaign, book);
  const auto* s = living(c.session, c.campaign, book);
  if (!campaign || !s) return no_such_thing();
  auto events =
      ending(*s, *campaign, sessions::ReleasedBy::client, sessions::EndedBy::client, ctx.now, std::nullopt);
  EndVisitorSession::Answer answer{s->id, std::nullopt};
  if (s->phase == sessions::Phase::hold) answer.hold_until = s->hold_until;
  if (s->phase == sessions::Phase::leased)
    answer.hold_until = later(ctx.now, campaign->pool_settings().hold_s);
  return Accepted<EndVisitorSession::Answer>{std::move(events), std::move(answer)};
}

Decision<AskVisit::Answer> decide(const AskVisit& c, const Book& book, const Context& ctx) {
  const auto* campaign = tracker(c.campaign, book);
  const auto* s = living(c.session, c.campaign, book);
  if (!campaign || !s) return no_such_thing();
  return Accepted<AskVisit::Answer>{{}, {result_of(*s, *campaign, ctx), lacks_number(*s, *campaign, book)}};
}

Decision<ShowNumber::Answer> decide(const ShowNumber& c, const Book& book, const Context& ctx) {
  const auto* campaign = tracker(c.campaign, book);
  const auto* s = living(c.session, c.campaign, book);
  if (!campaign || !s) return no_such_thing();
  std::vector<Event> events;
  if (lacks_number(*s, *campaign, book)) events = lend_number(*s, *campaign, book, ctx.now);
  auto result = result_of(after(*s, events, ctx), *campaign, ctx);
  return Accepted<VisitResult>{std::move(events), std::move(result)};
}

Decision<LapseSession::Answer> decide(const LapseSession& c, const Book& book, const Context&) {
  const auto* s = book.find<sessions::Session>(c.session);
  const auto* campaign = s ? tracker(s->campaign, book) : nullptr;
  LapseSession::Answer answer{c.session, std::nullopt};
  std::vector<Event> events;
  if (!s || !campaign) return Accepted<LapseSession::Answer>{{}, answer};
  bool too_long = c.deadline.ms >= static_cast<std::int64_t>(s->id.raw.ms()) + pools::longest_lease_ms;
  switch (s->phase) {
    case sessions::Phase::leased:
      answer.next = later(c.last_seen_at, campaign->pool_settings().hold_s);
      if (too_long) {
        events = ending(*s, *campaign, sessions::ReleasedBy::max_age, sessions::EndedBy::max_age,
                        c.last_seen_at, c.deadline);
      } else {
        events.emplace_back(sessions::LeaseHeld{s->id, s->workspace, s->campaign, *s->number, c.last_seen_at,
                                                c.deadline, *answer.next});
      }
      break;
    case sessions::Phase::hold:
      if (c.deadline < s->hold_until) {  // an older timer's
        answer.next = s->hold_until;
        break;
      }
      events.emplace_back(sessions::LeaseExpired{s->id, s->workspace, s->campaign, *s->number,
                                                 leased_at(*s, book), c.deadline});
      for (auto& e : ending_drain(*s->number, book)) events.push_back(std::move(e));
      break;
    case sessions::Phase::waiting:
    case sessions::Phase::overflow:
      events = ending(*s, *campaign, sessions::ReleasedBy::max_age, sessions::EndedBy::lapse, c.last_seen_at,
                      c.deadline);
      break;
  }
  return Accepted<LapseSession::Answer>{std::move(events), answer};
}

}  // namespace ringledger
