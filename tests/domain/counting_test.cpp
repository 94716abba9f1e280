// Which commits count: every row of protocol.md's "Why each rule" that the pure fold decides, by name.
#include "domain/counting.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

namespace {

Commit commit(std::uint64_t term, const std::string& node, std::uint64_t seq) {
  Commit c;
  c.term = term;
  c.node = node;
  c.seq = seq;
  return c;
}

/// A partition after its LOG record.
struct Partition {
  Ownership own;
  Partition() { own.epoch = "e1"; }
  bool claim(std::uint64_t term, const std::string& node) { return own.take({term, node, "http://" + node}); }
  std::optional<VoidReason> land(std::uint64_t term, const std::string& node, std::uint64_t seq) {
    return own.count(commit(term, node, seq), std::nullopt, {});
  }
};

}  // namespace

TEST_CASE("before the LOG record nothing counts, not even a claim") {
  Ownership own;
  CHECK_FALSE(own.take({1, "a", ""}));
  CHECK(own.count(commit(1, "a", 1), std::nullopt, {}) == VoidReason::no_owner);
}

TEST_CASE("without a claim every commit is void") {
  Partition p;
  CHECK(p.land(0, "", 1) == VoidReason::no_owner);
  CHECK(p.own.seq == 0);
}

TEST_CASE("a claim that counts makes its node the owner and starts the sequence anew") {
  Partition p;
  CHECK(p.claim(1, "a"));
  CHECK_FALSE(p.land(1, "a", 1));
  CHECK_FALSE(p.land(1, "a", 2));
  CHECK(p.claim(5, "b"));
  CHECK(p.own.owner == "b");
  CHECK(p.own.owner_url == "http://b");
  CHECK(p.own.seq == 0);
  CHECK_FALSE(p.land(5, "b", 1));
}

TEST_CASE("term: a delayed commit of an older term is void although its sequence fits") {
  Partition p;
  p.claim(1, "a");
  p.claim(2, "a");
  CHECK_FALSE(p.land(2, "a", 1));                      // k3
  CHECK(p.land(1, "a", 2) == VoidReason::stale_term);  // k2, decided on k1 that never landed
}

TEST_CASE("seq: a commit that was decided on one that did not land yet is void") {
  Partition p;
  p.claim(1, "a");
  CHECK(p.land(1, "a", 2) == VoidReason::sequence_gap);
  CHECK_FALSE(p.land(1, "a", 1));
}

TEST_CASE("seq: a copy of a counted commit is void") {
  Partition p;
  p.claim(1, "a");
  CHECK_FALSE(p.land(1, "a", 1));
  CHECK(p.land(1, "a", 1) == VoidReason::sequence_gap);
}

TEST_CASE("a claim of the same or a lower term is void: the first of two rivals wins") {
  Partition p;
  CHECK(p.claim(1, "b"));
  CHECK_FALSE(p.claim(1, "a"));
  CHECK(p.claim(2, "a"));
  CHECK_FALSE(p.claim(1, "b"));  // a late copy
  CHECK(p.own.owner == "a");
  CHECK(p.land(1, "b", 1) == VoidReason::stale_term);
}

TEST_CASE("node: both claimed the same term, only the counted claim's node writes") {
  Partition p;
  p.claim(1, "a");
  p.claim(1, "b");
  CHECK_FALSE(p.land(1, "a", 1));
  CHECK(p.land(1, "b", 2) == VoidReason::foreign_node);
}

TEST_CASE("incarnation: the same machine after a restart is another node") {
  Partition p;
  p.claim(1, "a.1111");
  p.claim(2, "a.2222");
  CHECK(p.land(2, "a.1111", 1) == VoidReason::foreign_node);
}

TEST_CASE("a command id that was counted within seven days is a duplicate and moves nothing") {
  Partition p;
  p.claim(1, "a");
  auto c = commit(1, "a", 1);
  Timestamp seen{1'000};
  CHECK(p.own.count(c, seen, {1'000 + remembered_ms - 1}) == VoidReason::duplicate);
  CHECK(p.own.seq == 0);
  CHECK_FALSE(p.own.count(c, seen, {1'000 + remembered_ms}));
  CHECK(p.own.seq == 1);
}

TEST_CASE("a void commit moves nothing: what follows still counts") {
  Partition p;
  p.claim(1, "a");
  CHECK(p.land(1, "a", 3));
  CHECK(p.land(1, "b", 1));
  CHECK(p.land(9, "a", 1));
  CHECK_FALSE(p.land(1, "a", 1));
}

TEST_CASE("expiry counts in the account's log time, which never falls") {
  CHECK(effective_time({5}, {9}) == Timestamp{9});
  CHECK(effective_time({9}, {5}) == Timestamp{9});
  CHECK(remembered({0}, {remembered_ms - 1}));
  CHECK_FALSE(remembered({0}, {remembered_ms}));
}
