#include "projections/warnings.hpp"

#include "projections/campaigns.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Archived, calls::Event, sessions::TouchAdded, sessions::OverflowShown,
                       sessions::Ended, sessions::Forgotten, contacts::Event, messages::Event>;
/// Of the number's own row: what changes neither its place nor its name.
using SamePlace =
    Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
            campaigns::Event, numbers::Renamed, numbers::CnamToggled, numbers::Activated,
            numbers::Deactivated, numbers::Released, numbers::ReleaseFailed, numbers::ProviderSynced,
            numbers::ProviderFailed, numbers::ProviderDelayed, numbers::CnamRefused, numbers::HooksOutdated,
            numbers::DrainStarted, numbers::DrainCancelled, numbers::InboundCountriesSet,
            numbers::OutboundCountriesSet, calls::Event, sessions::Event, contacts::Event, messages::Event>;

std::string number_key(AccountId account, NumberId id) {
  return KeyBuilder().id(account).byte('n').id(id).done();
}
std::string campaign_row_key(AccountId account, CampaignId id) {
  return KeyBuilder().id(account).byte('c').id(id).done();
}

/// The number's row after an event that places it.
struct Placing {
  std::optional<WarningsRow> row;
  const Fact& fact;

  Projected<WarningsRow> operator()(const numbers::Imported& e) {
    return fresh(e.workspace, e.number, e.e164);
  }
  Projected<WarningsRow> operator()(const numbers::TransferredIn& e) {
    return fresh(e.workspace, e.number, e.e164);
  }
  Projected<WarningsRow> operator()(const numbers::Assigned& e) { return put(e.number, e.campaign); }
  Projected<WarningsRow> operator()(const numbers::Unassigned& e) { return put(e.number, std::nullopt); }
  Projected<WarningsRow> operator()(const numbers::TransferredOut& e) { return put(e.number, std::nullopt); }
  Projected<WarningsRow> operator()(const numbers::Deleted& e) { return put(e.number, std::nullopt); }

 private:
  static Projected<WarningsRow> fresh(WorkspaceId workspace, NumberId id, const E164& e164) {
    WarningsRow next;
    next.workspace = workspace;
    next.number = WarnedNumber{id, e164, std::nullopt, {}, std::nullopt, std::nullopt, {}};
    return next;
  }
  Projected<WarningsRow> put(NumberId id, std::optional<CampaignId> campaign) {
    if (!row || !row->number) return impossible(fact.event, "the number " + id.to_string());
    row->number->campaign = campaign;
    row->number->assigned_at = campaign ? fact.at() : Timestamp{};
    row->number->live_session.reset();
    row->number->recent_session.reset();
    row->number->shown_since = {};
    return std::move(row);
  }
};

template <class E>
inline constexpr bool of_a_lease =
    std::is_same_v<E, sessions::NumberLeased> || std::is_same_v<E, sessions::LeaseHeld> ||
    std::is_same_v<E, sessions::LeaseReleased> || std::is_same_v<E, sessions::LeaseExpired>;

/// The number's row after what a session did with it.
struct Showing {
  std::optional<WarningsRow> row;
  const Fact& fact;

  Projected<WarningsRow> operator()(const sessions::NumberLeased& e) {
    return show(e, e.session, {}, fact.at());
  }
  Projected<WarningsRow> operator()(const sessions::LeaseHeld& e) {
    return show(e, {}, e.session, e.deadline);
  }
  Projected<WarningsRow> operator()(const sessions::LeaseReleased& e) {
    bool held = e.hold_until.has_value();
    return show(e, {}, held ? std::optional(e.session) : std::nullopt, held ? fact.at() : Timestamp{});
  }
  Projected<WarningsRow> operator()(const sessions::LeaseExpired& e) { return show(e, {}, {}, {}); }

 private:
  template <class E>
  Projected<WarningsRow> show(const E& e, std::optional<SessionId> live, std::optional<SessionId> recent,
                              Timestamp since) {
    if (!row || !row->number) return impossible(fact.event, "the number " + e.number.to_string());
    auto& n = *row->number;
    bool was_recent = !live && recent && n.recent_session == recent;
    n.live_session = live;
    n.recent_session = recent;
    if (!was_recent) n.shown_since = since;
    return std::move(row);
  }
};

/// The campaign's row after numbers came or went.
Projected<WarningsRow> count_moves(std::optional<WarningsRow> row, const Fact& fact,
                                   const CampaignMoves& moves) {
  if (!row || !row->campaign) return impossible(fact.event, "the campaign it moves a number of");
  auto& c = *row->campaign;
  auto before = c.numbers;
  if (moves.from == c.id) --c.numbers;
  if (moves.to == c.id) ++c.numbers;
  if (c.numbers != before) c.last_one_since = c.numbers == 1 ? fact.at() : Timestamp{};
  return row;
}

std::int64_t expected(const std::optional<pools::Settings>& settings) {
  return settings.value_or(pools::Settings{}).hold_s + pools::usual_visit_s;
}

struct Projection {
  std::optional<WarningsRow> row;
  const Fact& fact;
  bool of_number;

  Projected<WarningsRow> operator()(const campaigns::Created& e) {
    WarningsRow next;
    next.workspace = e.workspace;
    next.campaign = WarnedCampaign{e.campaign, e.name, e.campaign_type, 0, {}, expected(e.pool), {}};
    return next;
  }
  Projected<WarningsRow> operator()(const campaigns::Updated& e) {
    if (!row || !row->campaign) return impossible(fact.event, "the campaign " + e.campaign.to_string());
    if (e.name) row->campaign->name = *e.name;
    if (e.pool) row->campaign->expected_s = expected(e.pool);
    return std::move(row);
  }
  Projected<WarningsRow> operator()(const sessions::Started& e) {
    if (!row || !row->campaign) return impossible(fact.event, "the campaign " + e.campaign.to_string());
    row->campaign->load.session_at(fact.at());
    return std::move(row);
  }
  template <class E>
    requires of_a_lease<E>
  Projected<WarningsRow> operator()(const E& e) {
    if constexpr (std::is_same_v<E, sessions::LeaseExpired>) {
      if (row && row->campaign) {
        row->campaign->load.lease_over(e.leased_at, e.deadline);
        return std::move(row);
      }
    }
    return Showing{std::move(row), fact}(e);
  }
  template <class E>
    requires in_variant<E, numbers::Event>
  Projected<WarningsRow> operator()(const E&) {
    if (!of_number) {
      auto moves = campaign_moves(fact.event);
      return moves ? count_moves(std::move(row), fact, *moves) : Projected<WarningsRow>(std::move(row));
    }
    auto same = Projected<WarningsRow>(row);
    return on_event<SamePlace>(fact.event, std::move(same), Placing{std::move(row), fact});
  }
};

std::string counter(WorkspaceId workspace, char what) { return KeyBuilder().id(workspace).byte(what).done(); }
char moving_counter(campaigns::Type type) { return type == campaigns::Type::static_ ? 's' : 't'; }

}  // namespace

std::vector<std::string> WarningsView::keys(const Fact& fact) {
  std::vector<std::string> out;
  auto account = fact.commit.account;
  on_event<Others>(fact.event, 0,
                   Overload{[&](const campaigns::Created& e) {
                              out.push_back(campaign_row_key(account, e.campaign));
                              return 0;
                            },
                            [&](const campaigns::Updated& e) {
                              out.push_back(campaign_row_key(account, e.campaign));
                              return 0;
                            },
                            [&](const sessions::Started& e) {
                              out.push_back(campaign_row_key(account, e.campaign));
                              return 0;
                            },
                            [&]<class E>(const E& e)
                              requires of_a_lease<E>
                                       {
                                         out.push_back(number_key(account, e.number));
                                         if constexpr (std::is_same_v<E, sessions::LeaseExpired>)
                                           out.push_back(campaign_row_key(account, e.campaign));
                                         return 0;
                                       },
                                       [&]<class E>(const E& e)
                                         requires in_variant<E, numbers::Event>
                            {
                              if constexpr (!ignored_by<E, SamePlace>)
                                out.push_back(number_key(account, e.number));
                              return 0;
                            }});
  if (auto moves = campaign_moves(fact.event)) {
    if (moves->from) out.push_back(campaign_row_key(account, *moves->from));
    if (moves->to && moves->to != moves->from) out.push_back(campaign_row_key(account, *moves->to));
  }
  return out;
}

Projected<WarningsRow> WarningsView::project(std::optional<Row> row, const Fact& fact, std::string_view key) {
  bool of_number = key.size() > 16 && key[16] == 'n';
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact, of_number});
}

/// workspace ‖ 'c' ‖ campaign for campaigns that hold numbers; workspace ‖ 'n' ‖ campaign ‖ number,
/// covering, for numbers in campaigns.
std::vector<Entry> WarningsView::indexes(const Row& row) {
  std::string value;
  if (row.campaign && row.campaign->numbers > 0) {
    row_codec::put(value, *row.campaign);
    return {{KeyBuilder().id(row.workspace).byte('c').id(row.campaign->id).done(), value}};
  }
  if (row.number && row.number->campaign) {
    row_codec::put(value, *row.number);
    return {{KeyBuilder().id(row.workspace).byte('n').id(*row.number->campaign).id(row.number->id).done(),
             value}};
  }
  return {};
}

Counters WarningsView::counters(const Row& row) {
  if (row.campaign) {
    return {{counter(row.workspace, moving_counter(row.campaign->campaign_type)), row.campaign->numbers},
            {counter(row.workspace, 'e'), row.campaign->numbers == 1 ? 1 : 0}};
  }
  if (!row.number || !row.number->campaign) return {};
  auto of_campaign = [&](char what) {
    return KeyBuilder().id(row.workspace).byte(what).id(*row.number->campaign).done();
  };
  if (row.number->live_session) return {{counter(row.workspace, 'v'), 1}, {of_campaign('w'), 1}};
  if (row.number->recent_session) return {{of_campaign('x'), 1}};
  return {};
}

}  // namespace ringledger
