#include "projections/campaign_figures.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr std::int64_t quarter_ms = 15LL * 60 * 1000;
constexpr char cost = 'm';  ///< followed by the currency

struct Counted {
  char name;
  std::int64_t CampaignFigures::* value;
};
constexpr Counted counted[] = {{'c', &CampaignFigures::calls},        {'a', &CampaignFigures::answered},
                               {'n', &CampaignFigures::missed},       {'b', &CampaignFigures::blocked},
                               {'u', &CampaignFigures::unattributed}, {'f', &CampaignFigures::first_callers},
                               {'t', &CampaignFigures::talk_s}};

/// workspace ‖ 'D' ‖ campaign ‖ the quarter's beginning ‖ what (‖ currency)
KeyBuilder figures_prefix(WorkspaceId workspace, CampaignId campaign) {
  KeyBuilder key;
  key.id(workspace).byte('D').id(campaign);
  return key;
}
std::int64_t quarter_of(Timestamp at) {
  auto rest = at.ms % quarter_ms;
  return at.ms - (rest < 0 ? rest + quarter_ms : rest);
}

void read_counter(KeyReader& key, std::int64_t value, CampaignFigures& into) {
  auto name = key.byte();
  if (name == cost) into.cnam_cost[std::string(key.rest())] += value;
  auto at = std::ranges::find(counted, name, &Counted::name);
  if (at != std::end(counted)) into.*at->value += value;
}

}  // namespace

void CampaignFigures::add(const CampaignFigures& more) {
  for (const auto& c : counted) this->*c.value += more.*c.value;
  for (const auto& [currency, amount] : more.cnam_cost) cnam_cost[currency] += amount;
}

CampaignFigures figures_of(const CallRow& row) {
  CampaignFigures f;
  const auto& call = row.call;
  if (call.direction != calls::Direction::inbound) return f;
  f.calls = 1;
  if (auto outcome = calls::outcome_of(call)) {
    f.answered = *outcome == calls::Outcome::answered ? 1 : 0;
    f.blocked = *outcome == calls::Outcome::blocked_country ? 1 : 0;
    f.missed = 1 - f.answered - f.blocked;
  }
  f.unattributed = std::ranges::count(call.attribution.flags, attribution::Flag::unattributed) > 0 ? 1 : 0;
  f.first_callers = row.made_contact ? 1 : 0;
  if (f.answered > 0) f.talk_s = call.duration_s.value_or(0);
  if (row.cnam_cost) f.cnam_cost[row.cnam_cost->currency] = row.cnam_cost->ten_thousandths;
  return f;
}

void calls_index::count_figures(const CallRow& row, Counters& out) {
  const auto& campaign = row.call.attribution.campaign;
  if (!campaign) return;
  auto f = figures_of(row);
  auto at = figures_prefix(row.call.workspace, *campaign).i64(quarter_of(row.call.started_at)).done();
  for (const auto& c : counted) {
    if (f.*c.value != 0) out.emplace_back(at + c.name, f.*c.value);
  }
  for (const auto& [currency, amount] : f.cnam_cost) out.emplace_back(at + cost + currency, amount);
}

Result<std::vector<CampaignFigures>> figures_between(const Rows<CallsView>& rows, WorkspaceId workspace,
                                                     CampaignId campaign, std::span<const Timestamp> bounds) {
  std::vector<CampaignFigures> all(bounds.empty() ? 0 : bounds.size() - 1);
  if (all.empty()) return all;
  auto prefix = figures_prefix(workspace, campaign).done();
  auto at = [&](Timestamp bound) { return KeyBuilder(prefix).i64(bound.ms).done(); };
  std::size_t part = 0;
  rows.scan(counter_space, at(bounds.front()), at(bounds.back()), false,
            [&](std::string_view key, std::string_view value) {
              KeyReader reader(key.substr(prefix.size())), count(value);
              auto quarter = reader.i64();
              while (bounds[part + 1].ms <= quarter) ++part;
              read_counter(reader, count.i64(), all[part]);
              return true;
            });
  if (auto healthy = rows.health(); !healthy) return std::unexpected(healthy.error());
  return all;
}

}  // namespace ringledger
