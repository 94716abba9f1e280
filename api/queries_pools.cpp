// Queries about a website tracker's leases, and about pools of other sizes. The pool itself is asked of the
// book (commands/pool.hpp).
#include <algorithm>

#include "api/query_operation.hpp"
#include "domain/pool_simulation.hpp"
#include "projections/campaigns.hpp"
#include "projections/sessions.hpp"

namespace ringledger {
namespace {

BOOST_DEFINE_ENUM_CLASS(LeaseState, leased, hold)

struct LeaseRow {
  NumberRef number;
  LeaseState state{};
  SessionId session;
  std::optional<sessions::LeaseReason> reason;
  bool session_over = false;
  Timestamp started_at, leased_at;
  std::optional<Timestamp> hold_until;
  std::int64_t touches = 0;
  std::optional<bool> consent;
  Personal<std::string> visitor, landing_url, referrer;
  Personal<sessions::Texts> utm, click_ids;
  BOOST_DESCRIBE_CLASS(LeaseRow, (),
                       (number, state, session, reason, session_over, started_at, leased_at, hold_until,
                        touches, consent, visitor, landing_url, referrer, utm, click_ids),
                       (), ())
};

struct ListLeases {
  static constexpr std::string_view operation = "ListLeases";
  static constexpr std::string_view summary =
      "The numbers that visitors see, or may still call, the oldest first";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/campaigns/{campaign}/leases"};
  static constexpr Access access = needs("campaigns.read");
  WorkspaceId workspace;
  CampaignId campaign;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListLeases, (), (workspace, campaign, limit, cursor, page, per_page), (), ())
  using Row = LeaseRow;
};

LeaseRow row_of(const SessionRow& r) {
  LeaseRow row;
  row.number = {r.number.value_or(NumberId{}), r.e164.value_or(E164{})};
  row.state = r.phase == sessions::Phase::leased ? LeaseState::leased : LeaseState::hold;
  row.session = r.id;
  row.reason = r.reason;
  row.session_over = r.over;
  row.started_at = r.started_at;
  row.leased_at = r.leased_at;
  row.hold_until = r.hold_until;
  row.touches = r.touches;
  row.consent = r.consent;
  row.visitor = r.visitor;
  row.landing_url = r.landing_url;
  row.referrer = r.referrer;
  row.utm = r.utm;
  row.click_ids = r.click_ids;
  return row;
}

QueryAnswer answer(const ListLeases& q, const Asked& asked) {
  auto campaign = find_campaign(asked.ctx.sight.of<CampaignsView>(), q.workspace, q.campaign);
  if (!campaign) return refused(campaign.error());
  if (!*campaign) return no_such_thing();
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto rows = list_leases(asked.ctx.sight.of<SessionsView>(), q.workspace, q.campaign, *page);
  if (!rows) return refused(rows.error());
  return list_answer(*rows, asked, row_of);
}

BOOST_DEFINE_ENUM_CLASS(SimulationSource, sessions, erlang_b)

struct SimulatePool {
  static constexpr std::string_view operation = "SimulatePool";
  static constexpr std::string_view summary =
      "How many visitors a pool of another size, or with another hold, would leave without a number";
  static constexpr Route route{Method::get,
                               "/v1/workspaces/{workspace}/campaigns/{campaign}/pool/simulation"};
  static constexpr Access access = needs("campaigns.read");
  static constexpr std::size_t cost = 20;
  WorkspaceId workspace;
  CampaignId campaign;
  std::optional<std::int64_t> size;               ///< absent: today's
  std::optional<std::int64_t> hold_s;             ///< absent: today's
  std::optional<std::int64_t> sessions_per_hour;  ///< of a new pool, which has no sessions to replay
  std::optional<std::int64_t> visit_s;            ///< the same: how long a page is open
  BOOST_DESCRIBE_CLASS(SimulatePool, (), (workspace, campaign, size, hold_s, sessions_per_hour, visit_s), (),
                       ())

  struct Point {
    std::int64_t size = 0;
    Share blocked_ratio;
    Share
        risky_ratio;  ///< of sessions: lent a number that another visitor might still call, were that allowed
    BOOST_DESCRIBE_CLASS(Point, (), (size, blocked_ratio, risky_ratio), (), ())
  };
  struct Answer {
    SimulationSource source{};
    std::int64_t size = 0, hold_s = 0;
    std::int64_t sessions = 0;  ///< that were replayed
    std::int64_t blocked = 0, risky = 0;
    double offered_load = 0;
    Share blocked_ratio, risky_ratio;
    std::int64_t recommended_size = 0;  ///< the smallest that blocks at most 1 %
    std::vector<Point> curve;           ///< sizes around that
    BOOST_DESCRIBE_CLASS(Answer, (),
                         (source, size, hold_s, sessions, blocked, risky, offered_load, blocked_ratio,
                          risky_ratio, recommended_size, curve),
                         (), ())
  };
};

constexpr std::size_t most_replayed = 100'000;
constexpr std::size_t fewest_replayed = 100;  ///< of fewer sessions nothing can be learned
constexpr std::int64_t largest_pool = 10'000;
constexpr std::int64_t longest_hold_s = 30LL * 24 * 3600;

/// One way to ask what a size would do.
struct Sizes {
  std::function<pools::Simulated(std::int64_t size)> at;
  std::function<double(std::int64_t size)> blocked;  ///< the share of visits, not rounded
  std::int64_t visits = 0;

  /// The smallest size that blocks at most 1 %; blocking falls as pools grow.
  [[nodiscard]] std::int64_t recommended() const {
    std::int64_t low = 1, high = largest_pool;
    while (low < high) {
      auto middle = (low + high) / 2;
      blocked(middle) <= pools::blocked_too_often ? high = middle : low = middle + 1;
    }
    return low;
  }
};

Sizes replayed(const std::vector<PastVisit>& past, const pools::Settings& settings, std::int64_t hold_s) {
  std::vector<pools::Visit> visits;
  for (const auto& v : past) {
    auto open_ms = std::max<std::int64_t>(0, v.last_seen_at.ms - v.from.ms);
    auto shown_ms = open_ms + settings.lease_timeout_s * 1000;
    visits.push_back({v.from, shown_ms, std::max(shown_ms, open_ms + hold_s * 1000)});
  }
  auto count = static_cast<std::int64_t>(visits.size());
  auto at = [all = std::move(visits)](std::int64_t size) { return pools::simulate(all, size); };
  auto blocked = [at, count](std::int64_t size) {
    return static_cast<double>(at(size).blocked) / static_cast<double>(count);
  };
  return {at, blocked, count};
}

/// In parts of ten thousand sessions, as if that many had come.
Sizes expected(double per_hour, std::int64_t visit_s, const pools::Settings& settings, std::int64_t hold_s) {
  auto shown_s = visit_s + settings.lease_timeout_s;
  auto load = per_hour * static_cast<double>(std::max(shown_s, visit_s + hold_s)) / 3600;
  auto shown_load = per_hour * static_cast<double>(shown_s) / 3600;
  auto at = [load, shown_load](std::int64_t size) {
    constexpr std::int64_t whole = 10'000;
    pools::Simulated s;
    s.visits = whole;
    s.blocked = pools::share_of(pools::erlang_b(load, size)).ten_thousandths;
    s.risky =
        s.blocked - std::min(s.blocked, pools::share_of(pools::erlang_b(shown_load, size)).ten_thousandths);
    s.offered_load = load;
    return s;
  };
  return {at, [load](std::int64_t size) { return pools::erlang_b(load, size); }, 0};
}

Share part(std::int64_t some, std::int64_t all) { return all > 0 ? Share::of(some, all) : Share{}; }

SimulatePool::Answer simulated(const Sizes& sizes, std::int64_t size, std::int64_t hold_s) {
  SimulatePool::Answer a;
  a.source = sizes.visits > 0 ? SimulationSource::sessions : SimulationSource::erlang_b;
  a.size = size;
  a.hold_s = hold_s;
  a.sessions = sizes.visits;
  auto s = sizes.at(size);
  if (sizes.visits > 0) {
    a.blocked = s.blocked;
    a.risky = s.risky;
  }
  a.offered_load = s.offered_load;
  a.blocked_ratio = part(s.blocked, s.visits);
  a.risky_ratio = part(s.risky, s.visits);
  a.recommended_size = sizes.recommended();
  for (auto percent : {25, 50, 75, 100, 125, 150, 200}) {
    auto at = std::max<std::int64_t>(1, (a.recommended_size * percent + 99) / 100);
    if (!a.curve.empty() && a.curve.back().size == at) continue;
    auto point = sizes.at(at);
    a.curve.push_back({at, part(point.blocked, point.visits), part(point.risky, point.visits)});
  }
  return a;
}

QueryAnswer answer(const SimulatePool& q, const Asked& asked) {
  auto campaign = find_campaign(asked.ctx.sight.of<CampaignsView>(), q.workspace, q.campaign);
  if (!campaign) return refused(campaign.error());
  if (!*campaign) return no_such_thing();
  auto bad = [](const std::optional<std::int64_t>& v, std::int64_t least, std::int64_t most) {
    return v && (*v < least || *v > most);
  };
  if (bad(q.size, 1, largest_pool)) return bad_parameter("size", "must be from 1 to 10000");
  if (bad(q.hold_s, 0, longest_hold_s)) return bad_parameter("hold_s", "must be from 0 to 2592000");
  if (bad(q.sessions_per_hour, 0, 10'000'000))
    return bad_parameter("sessions_per_hour", "must be from 0 to 10000000");
  if (bad(q.visit_s, 0, 24 * 3600)) return bad_parameter("visit_s", "must be from 0 to 86400");
  const auto& set = (*campaign)->campaign;
  auto settings = set.pool_settings();
  auto size = q.size.value_or(std::max<std::int64_t>(1, set.numbers));
  auto hold_s = q.hold_s.value_or(settings.hold_s);
  Timestamp since{asked.ctx.now.ms - sessions::kept_after_end_ms};  // of older ones most are forgotten
  auto past = past_visits(asked.ctx.sight.of<SessionsView>(), q.workspace, q.campaign, since, most_replayed);
  if (!past) return refused(past.error());
  bool assumed = q.sessions_per_hour || past->size() < fewest_replayed;
  double per_hour = 0;
  if (q.sessions_per_hour) {
    per_hour = static_cast<double>(*q.sessions_per_hour);
  } else if (assumed && past->size() > 1) {
    auto span_ms = std::max<std::int64_t>(3'600'000, asked.ctx.now.ms - past->front().from.ms);
    per_hour = static_cast<double>(past->size()) * 3'600'000 / static_cast<double>(span_ms);
  }
  auto sizes = assumed ? expected(per_hour, q.visit_s.value_or(pools::usual_visit_s), settings, hold_s)
                       : replayed(*past, settings, hold_s);
  return json_answer(json::to_text(simulated(sizes, size, hold_s)));
}

}  // namespace

std::vector<Operation> pool_queries(const QueryPortsPtr& ports) {
  return {query<ListLeases>(ports), query<SimulatePool>(ports)};
}

}  // namespace ringledger
