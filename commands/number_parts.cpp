#include "commands/number_parts.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "commands/pool.hpp"

namespace ringledger {

const numbers::Number* number_in(WorkspaceId workspace, NumberId id, const Book& book) {
  const auto* n = book.find<numbers::Number>(id);
  return n && n->workspace == workspace && n->visible() ? n : nullptr;
}

std::optional<Refusal> version_fault(const numbers::Number& number, const Context& ctx) {
  if (!ctx.if_match || *ctx.if_match == number.version) return std::nullopt;
  return Refusal{Code::version_mismatch,
                 "The number has version " + std::to_string(number.version) + ", not " +
                     std::to_string(*ctx.if_match) + ".",
                 {},
                 {},
                 {}};
}

std::optional<Refusal> release_fault(const numbers::Number& number) {
  if (!number.release_pending) return std::nullopt;
  return Refusal{Code::number_inactive, "The number is being released.", {}, {}, {}};
}

std::vector<Warning> warnings_of_moving(const numbers::Number& number, const Book& book, Timestamp now) {
  const auto* campaign = number.campaign ? book.find<campaigns::Campaign>(*number.campaign) : nullptr;
  if (!campaign) return {};
  std::vector<Warning> all{moving_between_campaigns(campaign->id, campaign->name, campaign->campaign_type)};
  const auto* lent = campaign->is_tracker() ? book.find<pools::PoolNumber>(number.id) : nullptr;
  bool leased = lent && lent->use == pools::Use::leased, held = lent && lent->use == pools::Use::hold;
  if (leased) all.push_back(active_visitor_session(*lent->session));
  if (campaign->numbers == 1) all.push_back(campaign_left_empty(campaign->id, campaign->name));
  const auto* pool = campaign->is_tracker() ? pool_of(campaign->id, book) : nullptr;
  auto risk = pool ? exhaustion_risk(*campaign, pool->load, pool->size - 1, now) : std::nullopt;
  if (risk) all.push_back(pool_exhaustion_risk(campaign->id, campaign->name, pools::share_of(*risk)));
  if (held) all.push_back(recent_visitor(*lent->session, lent->last_used, now));
  return all;
}

std::optional<Refusal> warnings_fault(std::vector<Warning> standing,
                                      const std::vector<WarningCode>& acknowledged) {
  bool covered = std::all_of(standing.begin(), standing.end(), [&](const Warning& w) {
    return w.severity == Severity::info ||
           std::find(acknowledged.begin(), acknowledged.end(), w.code) != acknowledged.end();
  });
  if (covered) return std::nullopt;
  Refusal r;
  r.code = acknowledged.empty() ? Code::warnings_not_acknowledged : Code::warnings_changed;
  r.detail = acknowledged.empty() ? "Read the warnings and repeat with their codes in acknowledged."
                                  : "More warnings stand than were acknowledged; read them again.";
  r.warnings = std::move(standing);
  return r;
}

std::vector<std::string> heeded(const std::vector<Warning>& standing,
                                const std::vector<WarningCode>& acknowledged) {
  std::vector<std::string> names;
  for (const auto& w : standing) {
    if (std::find(acknowledged.begin(), acknowledged.end(), w.code) == acknowledged.end()) continue;
    names.emplace_back(boost::describe::enum_to_string(w.code, ""));
  }
  return names;
}

std::optional<CampaignRef> campaign_ref(const std::optional<CampaignId>& id, const Book& book) {
  const auto* c = id ? book.find<campaigns::Campaign>(*id) : nullptr;
  if (!c) return std::nullopt;
  return CampaignRef{c->id, c->name, c->campaign_type};
}

ProviderErrorView view_of(const ProviderError& error) {
  ProviderErrorView v{error.code, error.message, std::nullopt};
  if (!error.more_info.empty()) {
    v.more_info = error.more_info;
  } else if (error.code > 0) {
    v.more_info = "https://www.twilio.com/docs/errors/" + std::to_string(error.code);
  }
  return v;
}

ProviderProgress provider_progress(const numbers::Number& n) {
  ProviderProgress p{n.provider_state, std::nullopt};
  if (n.provider_error_code != 0 || !n.provider_error_message.empty()) {
    p.error = view_of(ProviderError{static_cast<int>(n.provider_error_code), n.provider_error_message, ""});
  }
  return p;
}

CnamProgress cnam_progress(const numbers::Number& n) {
  CnamProgress p{n.cnam_enabled, n.cnam_state, std::nullopt};
  if (n.cnam_error_code != 0 || !n.cnam_error_message.empty()) {
    p.provider_error = view_of(ProviderError{static_cast<int>(n.cnam_error_code), n.cnam_error_message, ""});
  }
  return p;
}

numbers::Number after(const numbers::Number& before, const std::vector<Event>& events, const Context& ctx) {
  std::optional<numbers::Number> state = before;
  for (const auto& event : events) {
    std::visit(
        [&]<class E>(const E& e) {
          if constexpr (in_variant<E, numbers::Event>) state = numbers::evolve(std::move(state), e, ctx.now);
        },
        event);
  }
  return *state;
}

}  // namespace ringledger
