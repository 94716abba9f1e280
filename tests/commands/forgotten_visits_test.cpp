// What is kept of a visit that is over, and what is not.
#include "commands/forgotten_visits.hpp"

#include "commands/contact.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE("POOL-05 a visit that is over is forgotten unless a call is owed to it; one that lives is not") {
  auto w = pool_of(3);
  auto a = starts(w, visit("a", "ann")), b = starts(w, visit("b")), c = starts(w, visit("c"));
  call(w, 2);
  for (auto s : {a, b, c}) goes_silent(w, s.session);
  is_over(w, a.session);
  is_over(w, b.session);
  auto ended = w.now;
  w.now.ms += sessions::kept_after_end_ms;
  ForgetVisits forget{dental, {a.session, b.session, c.session}, ended};
  w.when(forget)
      .then({sessions::Forgotten{dental, {a.session}, ended}})
      .then_answer([](const ForgetVisits::Answer& r) { CHECK(r.forgotten == 1); });
  forget.sessions = {b.session, c.session};
  w.when(forget).then_nothing();
  forget = {dental, {a.session}, Timestamp{ended.ms + 1}};
  w.when(forget).then_refused(Code::validation_failed);  // too short a while ago
}

TEST_CASE("POOL-05 once a visit is forgotten the book names its visitor nowhere, and goes on") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a", "ann"));
  goes_silent(w, a.session);
  is_over(w, a.session);
  CHECK(reason_of(w.when(visit("again", "ann")).events()) == LeaseReason::sticky);
  ForgetVisits forget{dental, {a.session}, w.now};
  w.now.ms += sessions::kept_after_end_ms;
  REQUIRE(w.does(forget));
  for (const auto& [key, row] : w.rows) {
    if (row) CHECK(key.find("ann") == std::string::npos);
    const auto* showing = row ? std::get_if<RememberedShowing>(row.get()) : nullptr;
    if (showing) CHECK_FALSE(showing->visitor.clear());
  }
  CHECK(reason_of(w.when(visit("again", "ann")).events()) == LeaseReason::lru);
  REQUIRE(w.does(forget));  // told twice
  CHECK(pool(w).sessions == 1);
}
