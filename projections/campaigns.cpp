#include "projections/campaigns.hpp"

#include "domain/text.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       calls::Event, sessions::Event, contacts::Event, messages::Event>;
using StayingNumbers =
    Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
            campaigns::Event, numbers::Imported, numbers::TransferredIn, numbers::Renamed,
            numbers::CnamToggled, numbers::Activated, numbers::Deactivated, numbers::Released,
            numbers::ReleaseFailed, numbers::ProviderSynced, numbers::ProviderFailed,
            numbers::ProviderDelayed, numbers::CnamRefused, numbers::HooksOutdated, numbers::DrainStarted,
            numbers::DrainCancelled, numbers::InboundCountriesSet, numbers::OutboundCountriesSet,
            calls::Event, sessions::Event, contacts::Event, messages::Event>;

std::string counter(WorkspaceId workspace, std::string_view what) {
  return KeyBuilder().id(workspace).raw(what).done();
}
std::string of_type(WorkspaceId workspace, campaigns::Type type) {
  return counter(workspace, type == campaigns::Type::static_ ? "static" : "tracker");
}

struct Projection {
  std::optional<CampaignRow> row;
  const Fact& fact;

  Projected<CampaignRow> operator()(const campaigns::Created& e) {
    CampaignRow next;
    next.account = fact.commit.account;
    next.campaign = campaigns::created(e);
    return next;
  }
  Projected<CampaignRow> operator()(const campaigns::Updated& e) {
    return change(e.campaign, [&](campaigns::Campaign& c) { campaigns::update(c, e); });
  }
  Projected<CampaignRow> operator()(const campaigns::Archived& e) {
    return change(e.campaign, [](campaigns::Campaign& c) {
      c.archived = true;
      ++c.version;
    });
  }
  template <class E>
    requires in_variant<E, numbers::Event>
  Projected<CampaignRow> operator()(const E&) {
    auto moves = campaign_moves(fact.event);
    if (!moves) return std::move(row);
    return change(moves->to.value_or(CampaignId{}), [&](campaigns::Campaign& c) {
      if (moves->from == c.id) --c.numbers;
      if (moves->to == c.id) ++c.numbers;
    });
  }

 private:
  Projected<CampaignRow> change(CampaignId id, auto&& edit) {
    if (!row) return impossible(fact.event, "the campaign " + id.to_string());
    edit(row->campaign);
    return std::move(row);
  }
};

}  // namespace

std::optional<CampaignMoves> campaign_moves(const Event& event) {
  using Moves = std::optional<CampaignMoves>;
  return on_event<StayingNumbers>(
      event, Moves(),
      Overload{
          [](const numbers::Assigned& e) { return Moves({e.workspace, e.from_campaign, e.campaign}); },
          [](const numbers::Unassigned& e) { return Moves({e.workspace, e.from_campaign, std::nullopt}); },
          [](const numbers::TransferredOut& e) {
            return Moves({e.workspace, e.from_campaign, std::nullopt});
          },
          [](const numbers::Deleted& e) { return Moves({e.workspace, e.from_campaign, std::nullopt}); }});
}

std::string campaign_key(WorkspaceId workspace, CampaignId campaign) {
  return KeyBuilder().id(workspace).id(campaign).done();
}

std::vector<std::string> CampaignsView::keys(const Fact& fact) {
  std::vector<std::string> out;
  if (auto moves = campaign_moves(fact.event)) {
    if (moves->from) out.push_back(campaign_key(moves->workspace, *moves->from));
    if (moves->to && moves->to != moves->from) out.push_back(campaign_key(moves->workspace, *moves->to));
    return out;
  }
  using NotCampaigns =
      Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
              numbers::Event, calls::Event, sessions::Event, contacts::Event, messages::Event>;
  return on_event<NotCampaigns>(fact.event, out, [](const auto& e) {
    return std::vector<std::string>{campaign_key(e.workspace, e.campaign)};
  });
}

Projected<CampaignRow> CampaignsView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact});
}

std::vector<Entry> CampaignsView::indexes(const Row& row) {
  const auto& c = row.campaign;
  auto key = campaign_key(c.workspace, c.id);
  std::vector<Entry> entries{{KeyBuilder().id(c.workspace).text(folded(c.name)).id(c.id).done(), key}};
  if (c.publishable_key) entries.push_back({KeyBuilder().id(c.id).done(), key});  // what a website names
  return entries;
}

Counters CampaignsView::counters(const Row& row) {
  const auto& c = row.campaign;
  return {{counter(c.workspace, "all"), 1},
          {counter(c.workspace, "used"), c.numbers > 0 ? 1 : 0},
          {of_type(c.workspace, c.campaign_type), c.numbers}};
}

Result<std::optional<CampaignRow>> find_campaign(const Rows<CampaignsView>& rows, WorkspaceId workspace,
                                                 CampaignId campaign) {
  return rows.row(campaign_key(workspace, campaign));
}

Result<std::optional<CampaignRow>> find_tracker(const Rows<CampaignsView>& rows, CampaignId campaign) {
  auto key = rows.get(index_space, KeyBuilder().id(campaign).view());
  if (!key) {
    if (auto healthy = rows.health(); !healthy) return std::unexpected(healthy.error());
    return std::optional<CampaignRow>();
  }
  return rows.row(*key);
}

CampaignId campaign_in_key(std::string_view key) {
  KeyReader reader(key);
  reader.as<WorkspaceId>();
  return reader.as<CampaignId>();
}

Result<Page<CampaignRow>> list_campaigns(const Rows<CampaignsView>& rows, WorkspaceId workspace,
                                         const PageRequest& page) {
  auto total = static_cast<std::uint64_t>(rows.counter(counter(workspace, "all")));
  return row_page(rows, KeyBuilder().id(workspace).done(), page, total);
}

std::uint64_t campaigns_in_use(const Rows<CampaignsView>& rows, WorkspaceId workspace) {
  return static_cast<std::uint64_t>(rows.counter(counter(workspace, "used")));
}

std::uint64_t numbers_by_campaign_type(const Rows<CampaignsView>& rows, WorkspaceId workspace,
                                       campaigns::Type type) {
  return static_cast<std::uint64_t>(rows.counter(of_type(workspace, type)));
}

}  // namespace ringledger
