// What came of a campaign's calls, per day of the workspace's time zone.
#include <algorithm>

#include "adapters/zones/zones.hpp"
#include "api/calendar_day.hpp"
#include "api/query_operation.hpp"
#include "projections/campaign_figures.hpp"
#include "projections/campaigns.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t most_days = 366, usual_days = 30;

/// Of a day, or of all of them.
struct FiguresView {
  std::int64_t calls = 0, answered = 0, missed = 0, blocked = 0, in_progress = 0;
  std::optional<Share> answer_rate;  ///< of the calls that are over; null: none is
  std::int64_t unattributed = 0, first_callers = 0, talk_s = 0;
  std::vector<Money> cnam_costs;  ///< per currency
  BOOST_DESCRIBE_CLASS(FiguresView, (),
                       (calls, answered, missed, blocked, in_progress, answer_rate, unattributed,
                        first_callers, talk_s, cnam_costs),
                       (), ())
};

struct GetCampaignFigures {
  static constexpr std::string_view operation = "GetCampaignFigures";
  static constexpr std::string_view summary =
      "What came of a campaign's inbound calls, per day of the workspace's time zone";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/campaigns/{campaign}/figures"};
  static constexpr Access access = needs("calls.read");
  static constexpr std::size_t cost = 5;
  WorkspaceId workspace;
  CampaignId campaign;
  std::optional<Date> from;  ///< absent: 30 days up to `to`
  std::optional<Date> to;    ///< inclusive; absent: today
  BOOST_DESCRIBE_CLASS(GetCampaignFigures, (), (workspace, campaign, from, to), (), ())

  struct Day {
    std::string date;
    Timestamp starts_at, ends_at;  ///< of 23 or 25 hours when the clocks change
    FiguresView figures;
    BOOST_DESCRIBE_CLASS(Day, (), (date, starts_at, ends_at, figures), (), ())
  };
  struct Answer {
    std::string time_zone;  ///< the workspace's now; the days of the past are cut by it too
    std::string from, to;
    FiguresView total;
    std::vector<Day> days;  ///< each, also those without calls
    BOOST_DESCRIBE_CLASS(Answer, (), (time_zone, from, to, total, days), (), ())
  };
};

FiguresView view_of(const CampaignFigures& f) {
  FiguresView v;
  v.calls = f.calls;
  v.answered = f.answered;
  v.missed = f.missed;
  v.blocked = f.blocked;
  v.in_progress = f.in_progress();
  auto over = f.calls - v.in_progress;
  if (over > 0) v.answer_rate = Share::of(f.answered, over);
  v.unattributed = f.unattributed;
  v.first_callers = f.first_callers;
  v.talk_s = f.talk_s;
  for (const auto& [currency, amount] : f.cnam_cost) v.cnam_costs.push_back({amount, currency});
  return v;
}

struct Days {
  std::int64_t first = 0, last = 0;
};
/// From `today` backwards, where nothing else is asked for.
std::expected<Days, Refusal> asked_days(const GetCampaignFigures& q, std::int64_t today) {
  Days days;
  days.last = q.to ? q.to->days : q.from ? std::max(today, q.from->days) : today;
  days.first = q.from ? q.from->days : std::max<std::int64_t>(0, days.last - usual_days + 1);
  if (days.first > days.last) return bad_parameter("to", "must not be before `from`");
  if (days.last - days.first >= most_days) return bad_parameter("to", "must be within 366 days of `from`");
  return days;
}

QueryAnswer answer(const GetCampaignFigures& q, const Asked& asked) {
  auto campaign = find_campaign(asked.ctx.sight.of<CampaignsView>(), q.workspace, q.campaign);
  if (!campaign) return refused(campaign.error());
  auto workspace = find_workspace(asked.ctx.sight.of<WorkspacesView>(), asked.account(), q.workspace);
  if (!workspace) return refused(workspace.error());
  if (!*campaign || !*workspace) return no_such_thing();
  const auto& zone = (*workspace)->workspace.time_zone;
  auto today = day_in(zone, asked.ctx.now);
  if (!today) return refused(today.error());
  auto days = asked_days(q, *today);
  if (!days) return std::unexpected(days.error());
  auto bounds = day_bounds(zone, days->first, static_cast<std::size_t>(days->last - days->first + 1));
  if (!bounds) return refused(bounds.error());
  auto figures = figures_between(asked.ctx.sight.of<CallsView>(), q.workspace, q.campaign, *bounds);
  if (!figures) return refused(figures.error());
  GetCampaignFigures::Answer a{zone, Date::of(days->first).text, Date::of(days->last).text, {}, {}};
  CampaignFigures total;
  for (std::size_t i = 0; i < figures->size(); ++i) {
    auto date = Date::of(days->first + static_cast<std::int64_t>(i)).text;
    a.days.push_back({std::move(date), (*bounds)[i], (*bounds)[i + 1], view_of((*figures)[i])});
    total.add((*figures)[i]);
  }
  a.total = view_of(total);
  return json_answer(json::to_text(a));
}

}  // namespace

std::vector<Operation> figures_queries(const QueryPortsPtr& ports) {
  return {query<GetCampaignFigures>(ports)};
}

}  // namespace ringledger
