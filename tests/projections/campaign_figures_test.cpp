// What came of a campaign's calls, by when they began.
#include "projections/campaign_figures.hpp"

#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

constexpr std::int64_t minute = 60'000, hour = 60 * minute;
const Timestamp noon{1'699'963'200'000};  // 2023-11-14T12:00:00Z

CallId call(std::uint64_t n) { return id_of<CallId>(n, 9); }
calls::Received received(std::uint64_t n, Timestamp at) {
  calls::Received e;
  e.call = call(n);
  e.workspace = ws();
  e.number = num(1);
  e.account_sid = "AC1";
  e.provider_sid = "CA" + std::to_string(n);
  e.started_at = at;
  return e;
}
calls::Attributed owed(std::uint64_t n, bool to_somebody = true) {
  calls::Attributed e{call(n), ws(), {}};
  e.attribution.campaign = cmp(1);
  if (!to_somebody) e.attribution.flags = {attribution::Flag::unattributed};
  return e;
}
calls::StatusReported ended(std::uint64_t n, const std::string& word, std::int64_t duration_s) {
  calls::StatusReported e;
  e.call = call(n);
  e.workspace = ws();
  e.report = word + std::to_string(duration_s);
  e.status = word;
  e.duration_s = duration_s;
  return e;
}
std::vector<CampaignFigures> figures(const World& w, const std::vector<Timestamp>& bounds) {
  return figures_between(w.sight().of<CallsView>(), ws(), cmp(1), bounds).value();
}
CampaignFigures of_hour(const World& w) { return figures(w, {noon, {noon.ms + hour}}).at(0); }

struct Ringing : World {
  Ringing() { given({imported(1, "+14155550101")}); }
};

}  // namespace

TEST_CASE("a call is answered, missed, blocked or in progress; together they are the calls") {
  Ringing w;
  auto blocked = received(4, noon);
  blocked.route.kind = calls::RouteKind::blocked_country;
  auto parked = received(5, noon);
  parked.route.kind = calls::RouteKind::parking;
  auto out = received(6, noon);
  out.direction = calls::Direction::outbound;
  for (std::uint64_t n = 1; n <= 3; ++n) w.given({received(n, noon), owed(n)});
  w.given({blocked, owed(4), parked, owed(5), out, owed(6)});
  w.given({ended(1, "completed", 30), ended(2, "busy", 0)});
  auto f = of_hour(w);
  CHECK(f.calls == 5);
  CHECK(f.answered == 1);
  CHECK(f.missed == 2);
  CHECK(f.blocked == 1);
  CHECK(f.in_progress() == 1);
  CHECK(f.talk_s == 30);
  w.check_verified();
}

TEST_CASE("doubled, late and shuffled callbacks end in the same figures") {
  Ringing w;
  w.given({received(1, noon), owed(1)});
  for (const auto& e : {ended(1, "completed", 30), ended(1, "in-progress", 0), ended(1, "completed", 30),
                        ended(1, "completed", 31), ended(1, "no-answer", 0)})
    w.given({e});
  auto f = of_hour(w);
  CHECK(f.calls == 1);
  CHECK(f.answered == 1);
  CHECK(f.missed == 0);
  CHECK(f.talk_s == 31);
  w.check_verified();
}

TEST_CASE(
    "a call counts where it began, to the millisecond of a quarter of an hour, and in its campaign alone") {
  Ringing w;
  w.given({received(1, {noon.ms - 1}), owed(1)});
  w.given({received(2, noon), owed(2)});
  w.given({received(3, {noon.ms + 15 * minute - 1}), owed(3)});
  w.given({received(4, {noon.ms + 15 * minute}), owed(4)});
  auto elsewhere = owed(5);
  elsewhere.attribution.campaign = cmp(2);
  w.given({received(5, noon), elsewhere});
  auto f = figures(
      w, {{noon.ms - hour}, noon, {noon.ms + 15 * minute}, {noon.ms + 15 * minute}, {noon.ms + hour}});
  REQUIRE(f.size() == 4);
  CHECK(f[0].calls == 1);
  CHECK(f[1].calls == 2);
  CHECK(f[2].calls == 0);  // a stretch without length
  CHECK(f[3].calls == 1);
  CHECK(figures(w, {}).empty());
  CHECK(figures(w, {noon}).empty());
}

TEST_CASE("an attribution that is recomputed counts in place of the one before") {
  Ringing w;
  w.given({received(1, noon), owed(1, false)});
  CHECK(of_hour(w).unattributed == 1);
  w.given({calls::AttributionRecomputed{call(1), ws(), "", owed(1).attribution}});
  CHECK(of_hour(w).unattributed == 0);
  CHECK(of_hour(w).calls == 1);
  w.check_verified();
}

TEST_CASE(
    "callers that were not known before are counted, and what looking their names up cost, by currency") {
  Ringing w;
  auto ann = id_of<ContactId>(1, 11);
  contacts::Created made{ann, ws(), contacts::Source::call, "US", Personal<std::string>("+12125550100")};
  auto first = received(1, noon), second = received(2, noon), third = received(3, noon);
  first.contact = second.contact = ann;
  first.cnam_cost = second.cnam_cost = Money{100, "USD"};
  third.cnam_cost = Money{70, "EUR"};
  w.given({made, first, owed(1)});
  w.given({second, owed(2)});
  w.given({third, owed(3)});
  auto f = of_hour(w);
  CHECK(f.first_callers == 1);
  CHECK(f.cnam_cost == std::map<std::string, std::int64_t>{{"EUR", 70}, {"USD", 200}});
  w.check_verified();
}

}  // namespace ringledger
