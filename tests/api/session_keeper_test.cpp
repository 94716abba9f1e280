// Heartbeats in memory, and the timers that follow from their absence.
#include "api/session_keeper.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_scheduler.hpp"
#include "projections/all_views.hpp"
#include "projections/runner.hpp"
#include "tests/support/samples.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

constexpr std::int64_t second = 1000;

/// A keeper in virtual time; what it issues is written down and answered by `next`.
struct World {
  SimScheduler scheduler{7};
  SimClock clock{scheduler};
  MemoryRowStore rows;
  std::unique_ptr<ViewRunner> views;
  std::uint64_t term = 1, offset = 0;
  std::vector<LapseSession> issued;
  std::vector<std::int64_t> issued_at;
  std::function<std::optional<LapseSession::Answer>(const LapseSession&)> next = [](const LapseSession& c) {
    return std::optional(LapseSession::Answer{c.session, std::nullopt});
  };
  std::shared_ptr<SessionKeeper> keeper;

  World() {
    auto opened = ViewRunner::open(rows, all_views(), {.epoch = "e"});
    REQUIRE(opened);
    views = std::move(*opened);
    keeper = std::make_shared<SessionKeeper>(
        SessionKeeper::Ports{[this] { return views->sight(); },
                             [this](AccountId, LapseSession c, SessionKeeper::Answered done) {
                               issued.push_back(c);
                               issued_at.push_back(clock.monotonic_ms());
                               done(next(c));
                             },
                             [this] { return term; }, &scheduler.executor("timers", false), &clock});
    keeper->wake();
    run_for(1);  // nothing is there to take over
  }
  void run_for(std::int64_t ms) { REQUIRE(scheduler.run_for(ms, 1'000'000)); }
  SessionId fresh(std::uint64_t n) {
    return SessionId{RawId::make(static_cast<std::uint64_t>(clock.now().ms), account.slot(), n)};
  }
  void happened(const std::vector<Event>& events) {
    auto commit = std::make_shared<Commit>();
    commit->account = account;
    commit->id = id<CommitId>(offset + 1);
    commit->log_time = clock.now();
    commit->events = events;
    CommitBatch batch;
    batch.from = offset;
    batch.next = ++offset;
    batch.commits.push_back({batch.from, commit});
    REQUIRE(views->apply(batch));
  }
};

}  // namespace

TEST_CASE("POOL-05 a session lapses exactly its time to live after it was last heard of") {
  World w;
  auto s = w.fresh(1);
  auto began = w.clock.monotonic_ms();
  w.keeper->seen(account, s, 150);
  w.run_for(100 * second);
  w.keeper->seen(account, s, 150);
  w.run_for(149 * second);
  CHECK(w.issued.empty());
  w.run_for(2 * second);
  REQUIRE(w.issued.size() == 1);
  CHECK(w.issued_at[0] == began + 250 * second);
  CHECK(w.issued[0].deadline.ms - w.issued[0].last_seen_at.ms == 150 * second);
  w.run_for(1000 * second);
  CHECK(w.issued.size() == 1);  // there was nothing more to wait for
  CHECK(w.keeper->kept() == 0);
}

TEST_CASE(
    "POOL-05 what a lapse says to wait for is waited for; a refused one is tried again with the same "
    "deadline") {
  World w;
  auto s = w.fresh(1);
  int tries = 0;
  w.next = [&](const LapseSession& c) -> std::optional<LapseSession::Answer> {
    if (++tries == 1) return std::nullopt;  // the shard was full
    auto hold_until = Timestamp{c.last_seen_at.ms + 1800 * second};
    return LapseSession::Answer{c.session, tries == 2 ? std::optional(hold_until) : std::nullopt};
  };
  w.keeper->seen(account, s, 150);
  w.run_for(2000 * second);
  REQUIRE(w.issued.size() == 3);
  CHECK(w.issued[1].natural_key() == w.issued[0].natural_key());
  CHECK(w.issued_at[1] > w.issued_at[0]);
  CHECK(w.issued[2].deadline.ms == w.issued[0].last_seen_at.ms + 1800 * second);
  CHECK(w.issued_at[2] - w.issued_at[0] == (1800 - 150) * second);
}

TEST_CASE("POOL-05 no session is kept for longer than a day, whatever its heartbeats") {
  World w;
  auto s = w.fresh(1);
  for (int hour = 0; hour < 24; ++hour) {
    w.keeper->seen(account, s, 2 * 3600);
    w.run_for(3600 * second);
  }
  w.run_for(second);
  REQUIRE(w.issued.size() == 1);
  CHECK(w.issued[0].deadline.ms == static_cast<std::int64_t>(s.raw.ms()) + pools::longest_lease_ms);
}

TEST_CASE("POOL-05 after a take-over every lease gets one full time to live, and a hold what is left of it") {
  World w;
  auto leased = w.fresh(1), held = w.fresh(2), over = w.fresh(3);
  campaigns::Created tracker{site, dental, "Website", campaigns::Type::website_tracker, {}, {}};
  tracker.pool = pools::Settings{};
  tracker.pool->lease_timeout_s = 20;
  w.happened({tracker});
  auto until = Timestamp{w.clock.now().ms + 100 * second};
  auto shown = [](SessionId s, NumberId n) {
    return sessions::NumberLeased{s, dental, site, n, phone(1), sessions::LeaseReason::lru, {}};
  };
  w.happened({imported(n1, 1), imported(n2, 2), imported(n3, 3)});
  for (auto s : {leased, held, over})
    w.happened({sessions::Started{s, dental, site, {}, {}, {}, {}, {}, {}, {}}});
  w.happened({shown(leased, n1), shown(held, n2), shown(over, n3)});
  w.happened({sessions::LeaseHeld{held, dental, site, n2, w.clock.now(), w.clock.now(), until},
              sessions::LeaseHeld{over, dental, site, n3, w.clock.now(), w.clock.now(), until},
              sessions::LeaseExpired{over, dental, site, n3, w.clock.now(), until}});
  w.run_for(60 * second);
  w.keeper->seen(account, w.fresh(9), 1'000'000);  // of the term that ends here
  w.term = 2;
  auto began = w.clock.monotonic_ms();
  w.keeper->wake();
  w.run_for(second);
  CHECK(w.keeper->kept() == 2);
  w.run_for(60 * second);
  REQUIRE(w.issued.size() == 2);
  CHECK(w.issued[0].session == leased);
  CHECK(w.issued_at[0] - began == 20 * second);
  CHECK(w.issued[1].session == held);
  CHECK(w.issued[1].deadline == until);
  CHECK(w.issued_at[1] - began == 40 * second);
  w.term = 3;
  w.keeper->seen(account, w.fresh(10), 30);  // since the term was opened, and not shown yet
  w.rows.fail_reads();
  w.keeper->wake();
  w.run_for(second / 2);
  w.rows.fail_reads(false);
  CHECK(w.keeper->kept() == 1);
  w.run_for(second);
  CHECK_MESSAGE(w.keeper->kept() == 2, "what could not be read is read again");
  w.run_for(40 * second);
  CHECK(w.issued.size() == 5);
  w.happened({sessions::Started{over, dental, site, {}, {}, {}, {}, {}, {}, {}}, shown(over, n3)});
  w.keeper->look_again();  // it counted after all, and nobody was told
  w.run_for(15 * second);
  CHECK(w.keeper->kept() >= 1);
  w.run_for(30 * second);
  CHECK(w.issued.back().session == over);
  auto issued = w.issued.size();
  w.term = 0;  // another node writes
  w.keeper->seen(account, leased, 5);
  w.keeper->wake();
  CHECK(w.keeper->kept() == 0);
  w.run_for(100 * second);
  CHECK(w.issued.size() == issued);
}
