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
  ForgetVisits forget{dental, {a.session, b.session, c.session}, w.now};
  w.when(forget)
      .then({sessions::Forgotten{{a.session}, dental, w.now}})
      .then_answer([](const ForgetVisits::Answer& r) { CHECK(r.forgotten == 1); });
  forget.sessions = {b.session, c.session};
  w.when(forget).then_nothing();
}

TEST_CASE("POOL-05 once a visit is forgotten the book names its visitor nowhere, and goes on") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a", "ann"));
  goes_silent(w, a.session);
  is_over(w, a.session);
  CHECK(reason_of(w.when(visit("again", "ann")).events()) == LeaseReason::sticky);
  REQUIRE(w.does(ForgetVisits{dental, {a.session}, w.now}));
  for (const auto& [key, row] : w.rows) {
    CHECK(key.find("ann") == std::string::npos);
    const auto* showing = row ? std::get_if<RememberedShowing>(row.get()) : nullptr;
    if (showing) CHECK_FALSE(showing->visitor.clear());
  }
  CHECK(reason_of(w.when(visit("again", "ann")).events()) == LeaseReason::lru);
  REQUIRE(w.does(ForgetVisits{dental, {a.session}, w.now}));  // told twice
  CHECK(pool(w).sessions == 1);
}
