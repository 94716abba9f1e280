// Every state of a small world of writers over one log: no rule of counting can be left out
// (../shared/spec/protocol.md "Rules", "Why each rule").
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/domain/support/counting_model.hpp"

using namespace ringledger;
using namespace ringledger::model;

namespace {

std::string shown(const Verdict& v) {
  std::string out = v.violation;
  for (const auto& action : v.trace) out += "\n  " + action;
  return out;
}

/// The shortest trace, for a person, and that there is one.
void must_fail(Drop drop, Bounds bounds, const std::string& how) {
  auto verdict = Model(bounds, drop).run();
  INFO(shown(verdict));
  CHECK_MESSAGE(verdict.violation.contains(how), verdict.states << " states and no violation");
  if (std::getenv("RL_MODEL_TRACES")) MESSAGE(shown(verdict));
}

}  // namespace

TEST_CASE("with every rule nothing counts twice or on another history, in every state of the model") {
  std::vector<std::pair<const char*, Bounds>> worlds{
      {"two nodes, a record that lands twice", {2, 2, 2, 1, 0, 0, 1, 0}},
      {"two nodes, a produce that fails and lands", {2, 2, 2, 1, 0, 1, 0, 0}},
      {"a node that crashes with a pipeline in flight", {1, 2, 3, 2, 1, 1, 0, 0}}};
  if (std::getenv("RL_MODEL_LONG")) {
    worlds.insert(worlds.end(), {{"two pipelines", {2, 2, 2, 2, 0, 0, 0, 0}},
                                 {"two nodes and a crash", {2, 2, 2, 1, 1, 0, 0, 0}},
                                 {"a crash and a failure", {2, 1, 2, 1, 1, 1, 0, 0}},
                                 {"a failure and a copy", {2, 2, 2, 1, 0, 1, 1, 0}},
                                 {"three nodes", {3, 2, 2, 1, 0, 0, 0, 0}}});
  }
  for (const auto& [name, bounds] : worlds) {
    CAPTURE(name);
    auto verdict = Model(bounds, Drop::nothing).run();
    CHECK_MESSAGE(verdict.violation.empty(), shown(verdict));
    CHECK(verdict.states > 50'000);
  }
}

TEST_CASE("the fold alone keeps a key from counting twice, whatever its writer forgot") {
  auto verdict = Model({2, 2, 2, 1, 0, 1, 0, 0}, Drop::writer_looks_too).run();
  CHECK_MESSAGE(verdict.violation.empty(), shown(verdict));
}

TEST_CASE("without the term in COMMIT a commit of an older term counts on the wrong base") {
  must_fail(Drop::term_in_commit, {1, 3, 2, 2, 0, 1, 0, 0}, "but was decided on");
}
TEST_CASE("without an exact seq a commit counts past a gap") {
  must_fail(Drop::seq_exact, {1, 2, 1, 2, 0, 0, 0, 0}, "but was decided on");
}
TEST_CASE("without a greater term a copy of an old claim takes the partition back") {
  must_fail(Drop::claim_only_if_greater, {2, 2, 2, 1, 0, 0, 1, 0}, "but was decided on");
}
TEST_CASE("without the node two who claimed the same term both count") {
  must_fail(Drop::node, {2, 3, 1, 2, 0, 0, 0, 0}, "but was decided on");
}
TEST_CASE("without an incarnation a restarted node and its dead self both count") {
  must_fail(Drop::incarnation, {1, 3, 2, 2, 1, 0, 0, 0}, "but was decided on");
}
TEST_CASE("without new commit ids a key counts twice") {
  must_fail(Drop::commit_id_new, {1, 1, 1, 1, 0, 0, 0, 0}, "counts twice");
}
TEST_CASE("answered when acknowledged, a commit behind a gap was answered and is void") {
  must_fail(Drop::answer_after_read_back, {1, 2, 1, 2, 0, 0, 0, 1}, "and is void");
}
TEST_CASE("opened before the claim was read, a writer decides on an old book, and it counts") {
  must_fail(Drop::open_after_the_claim, {2, 2, 2, 1, 0, 0, 0, 0}, "but was decided on");
}
TEST_CASE("a term that goes on after a failed produce counts without having seen what landed after all") {
  must_fail(Drop::failed_produce_ends_the_term, {1, 2, 1, 1, 0, 1, 0, 0}, "but was decided on");
}
TEST_CASE("a refusal that is no commit may be untrue when it is given") {
  must_fail(Drop::refusals_as_commits, {2, 2, 2, 1, 0, 0, 0, 0}, "would not be true");
}
