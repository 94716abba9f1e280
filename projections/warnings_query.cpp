// Expanding standing warnings from rows of numbers and campaigns, and listing them.
#include <algorithm>
#include <set>

#include "projections/warnings.hpp"

namespace ringledger {
namespace {

template <class T>
bool asked(const std::vector<T>& filter, const T& value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

class WarningList {
 public:
  WarningList(const Rows<WarningsView>& rows, const WarningsQuery& query) : x_rows(rows), x_query(query) {}

  Result<Page<StandingWarning>> answer() {
    if (auto ok = check_page(x_query.page); !ok) return std::unexpected(ok.error());
    if (!x_query.page.cursor.empty()) {
      auto after = read_cursor(list_name(), x_query.page.cursor);
      if (!after) return std::unexpected(after.error());
      x_after = std::move(*after);
    }
    x_skip = x_query.page.skip;
    each_campaign([&](const WarnedCampaign& campaign) {
      count(campaign);
      if (!x_full && may_warn(campaign)) walk(campaign);
    });
    if (x_error) return std::unexpected(*x_error);
    return std::move(x_page);
  }

 private:
  [[nodiscard]] std::string list_name() const {
    KeyBuilder name;
    name.id(x_query.workspace).byte('w');
    for (auto c : x_query.codes) name.byte('c').u32(static_cast<std::uint32_t>(c));
    for (auto s : x_query.severities) name.byte('s').u32(static_cast<std::uint32_t>(s));
    for (auto c : x_query.campaigns) name.byte('m').id(c);
    return name.done();
  }

  bool wanted(const Warning& w) const {
    return asked(x_query.codes, w.code) && asked(x_query.severities, w.severity);
  }

  /// Visits the campaigns asked for that hold numbers, in the order of their ids.
  void each_campaign(const std::function<void(const WarnedCampaign&)>& visit) {
    auto prefix = KeyBuilder().id(x_query.workspace).byte('c').done();
    auto read = [&](std::string_view, std::string_view value) {
      WarnedCampaign campaign;
      if (row_codec::take(value, campaign))
        visit(campaign);
      else
        broken();
      return !x_error;
    };
    if (x_query.campaigns.empty()) return x_rows.scan_prefix(index_space, prefix, false, read);
    for (auto id : std::set<CampaignId>(x_query.campaigns.begin(), x_query.campaigns.end())) {
      x_rows.scan_prefix(index_space, KeyBuilder(prefix).id(id).done(), false, read);
    }
  }

  void broken() { x_error = Error{Code::internal, "warnings.v2: an index entry that cannot be read", {}}; }

  /// Of the campaign's numbers, how many have a visitor ('w': now, 'x': a short time ago).
  [[nodiscard]] std::uint64_t shown_numbers(CampaignId campaign, char when) const {
    auto key = KeyBuilder().id(x_query.workspace).byte(when).id(campaign).done();
    return static_cast<std::uint64_t>(x_rows.counter(key));
  }

  /// How many wanted warnings the campaign's numbers raise, without looking at them.
  void count(const WarnedCampaign& campaign) {
    WarnedNumber any;
    any.live_session = any.recent_session = SessionId{};
    for (const auto& [number, e164, warning, since] : standing_warnings(any, campaign, x_query.now)) {
      if (wanted(warning)) x_page.total += how_many(warning.code, campaign);
    }
  }
  [[nodiscard]] std::uint64_t how_many(WarningCode code, const WarnedCampaign& campaign) const {
    switch (code) {
      case WarningCode::active_visitor_session:
        return shown_numbers(campaign.id, 'w');
      case WarningCode::recent_visitor:
        return shown_numbers(campaign.id, 'x');
      case WarningCode::campaign_left_empty:
        return 1;
      case WarningCode::moving_between_campaigns:
      case WarningCode::pool_exhaustion_risk:
        break;
    }
    return static_cast<std::uint64_t>(campaign.numbers);
  }

  [[nodiscard]] bool may_warn(const WarnedCampaign& campaign) const {
    WarnedNumber any;
    if (shown_numbers(campaign.id, 'w') > 0) any.live_session = SessionId{};
    if (shown_numbers(campaign.id, 'x') > 0) any.recent_session = SessionId{};
    auto all = standing_warnings(any, campaign, x_query.now);
    return std::any_of(all.begin(), all.end(), [&](const auto& s) { return wanted(s.warning); });
  }

  void walk(const WarnedCampaign& campaign) {
    auto prefix = KeyBuilder().id(x_query.workspace).byte('n').id(campaign.id).done();
    auto from = prefix;
    if (x_after)
      from = std::max(from, KeyBuilder().id(x_query.workspace).byte('n').raw(x_after->substr(0, 32)).done());
    x_rows.scan(index_space, from, after_prefix(prefix), false,
                [&](std::string_view, std::string_view value) {
                  WarnedNumber number;
                  if (!row_codec::take(value, number)) {
                    broken();
                    return false;
                  }
                  for (auto& standing : standing_warnings(number, campaign, x_query.now))
                    add(campaign.id, std::move(standing));
                  return !x_full;
                });
  }

  void add(CampaignId campaign, StandingWarning standing) {
    if (x_full || !wanted(standing.warning)) return;
    auto order =
        KeyBuilder().id(campaign).id(standing.number).byte(static_cast<char>(standing.warning.code)).done();
    if (x_after && order <= *x_after) return;
    if (x_skip > 0) {
      --x_skip;
      return;
    }
    x_full = x_page.items.size() == x_query.page.limit;
    if (x_full) {
      if (!x_last.empty()) x_page.next_cursor = make_cursor(list_name(), x_last);
      return;
    }
    x_last = std::move(order);
    x_page.items.push_back(std::move(standing));
  }

  const Rows<WarningsView>& x_rows;
  const WarningsQuery& x_query;
  Page<StandingWarning> x_page;
  std::optional<std::string> x_after;
  std::string x_last;
  std::size_t x_skip = 0;
  bool x_full = false;
  std::optional<Error> x_error;
};

}  // namespace

std::vector<StandingWarning> standing_warnings(const WarnedNumber& number, const WarnedCampaign& campaign,
                                               Timestamp now) {
  std::vector<StandingWarning> out;
  auto add = [&](Warning warning, Timestamp since) {
    out.push_back({number.id, number.e164, std::move(warning), since});
  };
  add(moving_between_campaigns(campaign.id, campaign.name, campaign.campaign_type), number.assigned_at);
  if (number.live_session) add(active_visitor_session(*number.live_session), number.shown_since);
  if (campaign.numbers == 1) add(campaign_left_empty(campaign.id, campaign.name), campaign.last_one_since);
  auto risk = pools::exhaustion(campaign.load, campaign.expected_s, campaign.numbers - 1, now);
  if (risk) {
    auto since = Timestamp{campaign.load.hour * 3'600'000};
    add(pool_exhaustion_risk(campaign.id, campaign.name, pools::share_of(*risk)), since);
  }
  if (number.recent_session)
    add(recent_visitor(*number.recent_session, number.shown_since, now), number.shown_since);
  return out;
}

Result<std::vector<StandingWarning>> warnings_of(const Rows<WarningsView>& rows, AccountId account,
                                                 WorkspaceId workspace, NumberId number, Timestamp now) {
  std::vector<StandingWarning> none;
  auto row = rows.row(KeyBuilder().id(account).byte('n').id(number).view());
  if (!row) return std::unexpected(row.error());
  if (!*row || (*row)->workspace != workspace || !(*row)->number || !(*row)->number->campaign) return none;
  auto campaign = rows.row(KeyBuilder().id(account).byte('c').id(*(*row)->number->campaign).view());
  if (!campaign) return std::unexpected(campaign.error());
  if (!*campaign || !(*campaign)->campaign) return none;
  return standing_warnings(*(*row)->number, *(*campaign)->campaign, now);
}

Result<Page<StandingWarning>> list_warnings(const Rows<WarningsView>& rows, const WarningsQuery& query) {
  return WarningList(rows, query).answer();
}

}  // namespace ringledger
