// The writer protocol with real shards over a log in the test's hand: each trace of protocol.md's table, and
// random histories. RL_PROTOCOL_SEEDS=n for more, RL_PROTOCOL_SEED=s for one.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/adapters/simulation/support/protocol_world.hpp"

namespace ringledger::test {
namespace {

using Keys = std::vector<int>;

/// Node n writes.
void let_write(ProtocolWorld& w, std::size_t n) {
  w.deliver_all(n);
  if (!w.open(n)) w.contend(n);
  w.land_all();
  w.deliver_all(n);
  REQUIRE(w.open(n));
}

/// All have claimed the first term; node 0's claim landed, and it writes. The others' are still on their way.
ProtocolWorld& only_first(ProtocolWorld& w) {
  for (std::size_t n = 0; n < w.nodes(); ++n) w.deliver_all(n);
  w.land(w.sent(RecordKind::claim));
  w.deliver_all(0);
  REQUIRE(w.open(0));
  return w;
}

TEST_CASE("term in COMMIT: a delayed commit of an older term is void, and its command counts once") {
  ProtocolWorld w(1, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.submit(0, 3);  // decided on 1
  w.fail(w.sent(RecordKind::commit, 1));
  CHECK_FALSE(w.open(0));
  w.land(w.sent(RecordKind::claim));
  w.deliver_all(0);
  REQUIRE(w.open(0));  // both are void for certain, and decided again
  w.submit(0, 5);
  w.land(w.sent(RecordKind::commit, 3));  // the old one
  w.deliver_all(0);
  CHECK(w.counted().empty());
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1, 3, 5});
}

TEST_CASE("seq exact: a commit that overtakes the one it was decided on is void") {
  ProtocolWorld w(2, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.submit(0, 3);
  w.land(w.sent(RecordKind::commit, 3));
  w.deliver_all(0);
  CHECK_FALSE(w.open(0));  // own commit void: it resigned
  CHECK(w.shard(0).stats().resigned == 1);
  CHECK(w.answered().empty());
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1, 3});
}

TEST_CASE("out of space: the term is not gone on with, though what was sent before lands") {
  ProtocolWorld w(14, 1);
  let_write(w, 0);
  auto term = w.shard(0).term();
  w.submit(0, 1);
  w.submit(0, 3);
  w.submit(0, 5);
  w.refuse(w.sent(RecordKind::commit, 5));
  CHECK(w.turned_away(5) == Code::read_only);
  w.land(w.sent(RecordKind::commit, 1));  // 3 is still on its way
  w.deliver_all(0);
  CHECK(w.answered().contains(1));
  CHECK_FALSE(w.open(0));
  w.pass(1000);  // the claim of the next term
  w.settle();
  w.judge();
  CHECK(w.shard(0).term() > term);
}

TEST_CASE("CLAIM only if greater: a copy of an old claim gives nothing back") {
  ProtocolWorld w(3, 2);
  w.deliver_all(0);
  w.partition.copy(w.sent(RecordKind::claim));
  only_first(w);
  w.submit(0, 1);
  auto old_claim = w.partition.on_the_way().front().record;  // node 0's, once more
  w.deliver_all(1);
  w.contend(1);
  w.land(w.partition.on_the_way().size() - 1);  // node 1 takes over
  w.deliver_all(1);
  REQUIRE(w.open(1));
  w.submit(1, 3);
  w.land(w.sent(RecordKind::commit, 3));
  CHECK(w.partition.on_the_way().front().record == old_claim);
  w.land(0);
  w.land(w.sent(RecordKind::commit, 1));
  CHECK(w.counted() == Keys{3});
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{3, 1});
}

TEST_CASE("node: of two who claimed the same term one writes, and the other's commits are void") {
  ProtocolWorld w(4, 2);
  only_first(w);  // node 1's claim of the same term is still on its way
  w.submit(0, 1);
  w.land(w.sent(RecordKind::claim));
  w.deliver_all(1);
  w.deliver_all(0);
  CHECK(w.open(0));
  CHECK_FALSE(w.open(1));
  w.submit(1, 3);
  CHECK(w.turned_away(3) == Code::not_writer);
  w.settle();
  w.judge();
}

TEST_CASE("incarnation: what a dead node had in flight is void for the node that was restarted") {
  ProtocolWorld w(5, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.submit(0, 3);
  w.crash(0);
  let_write(w, 0);  // everything that was on its way has landed before or after the new claim
  w.submit(0, 5);
  w.settle();
  w.judge();
  ProtocolWorld late(6, 1);
  let_write(late, 0);
  late.submit(0, 1);
  late.crash(0);
  late.deliver_all(0);
  late.land(late.sent(RecordKind::claim));
  late.deliver_all(0);
  REQUIRE(late.open(0));
  late.submit(0, 3);
  late.land(late.sent(RecordKind::commit, 1));  // of its dead self
  CHECK(late.counted().empty());
  late.settle();
  late.judge();
  CHECK(late.counted() == Keys{3, 1});
  auto nodes = late.claimants();
  CHECK(std::set(nodes.begin(), nodes.end()).size() == 2);  // of one name
}

TEST_CASE("commit id new: a record produced twice counts once, and the writer goes on") {
  ProtocolWorld w(7, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.partition.copy(w.sent(RecordKind::commit, 1));
  w.land_all();
  w.deliver_all(0);
  CHECK(w.open(0));
  CHECK(w.answered().contains(1));
  w.submit(0, 3);
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1, 3});
}

TEST_CASE("commit id new: the fold itself keeps a key from counting twice, and its writer resigns") {
  ProtocolWorld w(14, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.land_all();
  w.deliver_all(0);
  w.land_again(1);
  w.deliver_all(0);
  CHECK(w.shard(0).stats().voided == 1);
  CHECK(w.shard(0).stats().resigned == 1);
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1});
}

/// As a newer release would write it, in the term of whoever writes now.
LogRecord newer_commit(const ProtocolWorld& w, const std::string& node, std::uint64_t seq) {
  return {w.partition.landed().size(), RecordKind::commit,
          "{\"v\":" + std::to_string(newest_level + 1) + ",\"term\":" + std::to_string(w.shard(0).term()) +
              ",\"node\":\"" + node + "\",\"seq\":" + std::to_string(seq) + ",\"new\":true}"};
}

TEST_CASE("a stranger's record of a newer format is void, and nothing stops") {
  ProtocolWorld w(17, 2);
  only_first(w);
  auto writer = w.claimants().front();
  w.partition.land_record(newer_commit(w, "stranger", 1));
  w.partition.land_record(newer_commit(w, writer, 7));
  w.submit(0, 1);
  w.settle();
  w.judge();
  CHECK(w.shard(0).stats().voided >= 2);
  CHECK(w.counted() == Keys{1});
}

TEST_CASE("a record of a newer format that counts stops the node, which says what to do") {
  ProtocolWorld w(18, 2);
  only_first(w);
  w.partition.land_record(newer_commit(w, w.claimants().front(), 1));
  w.deliver_all(1);
  CHECK(w.fatal.contains("update Ringledger"));
}

TEST_CASE("who contends anew decides nothing until its new term") {
  ProtocolWorld w(15, 1);
  let_write(w, 0);
  w.contend(0);
  w.submit(0, 1);
  CHECK(w.turned_away(1) == Code::not_writer);
  w.settle();
  w.judge();
}

TEST_CASE("a node whose copy lost its end folds the book anew, and its copy is whole again") {
  for (std::size_t left : {0UZ, 1UZ, 2UZ, 3UZ}) {
    CAPTURE(left);
    ProtocolWorld w(16, 1);
    let_write(w, 0);
    for (int key : {1, 3, 5}) w.submit(0, key);
    w.land_all();
    w.deliver_all(0);
    w.lose_copy(0, left);
    let_write(w, 0);
    w.settle();
    w.judge();
    CHECK(w.counted() == Keys{1, 3, 5});
  }
}

TEST_CASE("answer only after read-back: acknowledged is not answered") {
  ProtocolWorld w(8, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.submit(0, 3);
  w.land(w.sent(RecordKind::commit, 3));  // acknowledged, behind a gap
  CHECK(w.answered().empty());
  w.land_all();
  CHECK(w.answered().empty());
  w.settle();
  w.judge();
}

TEST_CASE("open only after reading up to the claim: no decision on an old book") {
  ProtocolWorld w(9, 2);
  only_first(w);
  w.submit(0, 1);
  w.land(w.sent(RecordKind::commit, 1));
  w.deliver_all(0);
  REQUIRE(w.answered().contains(1));
  w.deliver(1, 1);
  w.land_all();  // node 1's own claim of term 1 is void
  w.contend(1);
  CHECK_FALSE(w.open(1));
  w.submit(1, 2);  // the rival of 1: on an old book it would be accepted
  CHECK(w.turned_away(2) == Code::not_writer);
  let_write(w, 1);
  w.submit(1, 2);
  w.settle();
  w.judge();
  CHECK(w.answered().at(2).refusal_code == "already_imported");
}

TEST_CASE("a failed produce ends the term: what lands after all is not overlooked") {
  ProtocolWorld w(10, 1);
  let_write(w, 0);
  auto term = w.shard(0).term();
  w.submit(0, 1);
  w.fail(w.sent(RecordKind::commit, 1));
  CHECK_FALSE(w.open(0));
  w.submit(0, 3);
  CHECK(w.turned_away(3) == Code::not_writer);
  w.land_all();  // the commit lands before the new claim: it counts
  w.deliver_all(0);
  CHECK(w.answered().contains(1));
  CHECK(w.shard(0).term() == term + 1);
  w.submit(0, 2);
  w.settle();
  w.judge();
  CHECK(w.answered().at(2).refusal_code == "already_imported");
}

TEST_CASE("refusals as COMMITs: a writer that was overtaken refuses nothing") {
  ProtocolWorld w(11, 2);
  only_first(w);
  w.submit(0, 1);
  w.land_all();
  w.deliver_all(0);
  let_write(w, 1);
  REQUIRE(w.open(0));  // it has not read that it lost
  w.submit(0, 2);      // refused by the book it knows; told only when that counts
  CHECK_FALSE(w.answered().contains(2));
  w.land_all();
  w.deliver_all(0);
  CHECK_FALSE(w.answered().contains(2));
  CHECK(w.turned_away(2) == Code::not_writer);
  w.settle();
  w.judge();
}

TEST_CASE(
    "a seat that is handed over: what is in flight counts, nothing more is decided, and who claims goes on") {
  ProtocolWorld w(17, 2, Shard::Start::follow);
  w.contend(0);
  let_write(w, 0);
  w.submit(0, 1);
  w.hand_over(0);
  CHECK_FALSE(w.open(0));
  w.submit(0, 3);
  CHECK(w.turned_away(3) == Code::not_writer);
  CHECK(w.shard(0).seat().mine);  // until what is in flight came back
  w.land_all();
  w.deliver_all(0);
  w.pass(100);
  CHECK(w.answered().contains(1));
  CHECK_FALSE(w.shard(0).seat().mine);
  let_write(w, 1);
  w.submit(1, 3);
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1, 3});
}

TEST_CASE("who only follows claims nothing, and answers the keys it knows") {
  ProtocolWorld w(18, 2, Shard::Start::follow);
  CHECK(w.partition.on_the_way().empty());
  w.contend(0);
  let_write(w, 0);
  w.submit(0, 1);
  w.land_all();
  w.deliver_all(0);
  w.submit(1, 1);
  CHECK(w.turned_away(1) == Code::not_writer);  // it has not read that far
  w.deliver_all(1);
  w.submit(1, 1);
  CHECK_FALSE(w.turned_away(1).has_value());
  w.submit(1, 3);
  CHECK(w.turned_away(3) == Code::not_writer);
  w.settle();
  w.judge();
}

TEST_CASE("nothing for 5 s: the same claim again, and its double is void") {
  ProtocolWorld w(12, 1);
  w.deliver_all(0);
  CHECK(w.partition.on_the_way().size() == 1);
  w.pass(5000);
  REQUIRE(w.partition.on_the_way().size() == 2);
  CHECK(w.partition.on_the_way()[0].record.payload == w.partition.on_the_way()[1].record.payload);
  w.land_all();
  w.deliver_all(0);
  CHECK(w.open(0));
  w.submit(0, 1);
  w.settle();
  w.judge();
  CHECK(w.shard(0).term() == 1);
}

TEST_CASE("an answer does not wait for ever: the outcome is unknown, and the repeat gets the one there is") {
  ProtocolWorld w(13, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.pass(8000);
  CHECK(w.turned_away(1) == Code::unknown_outcome);
  w.land_all();
  w.deliver_all(0);
  CHECK(w.open(0));
  w.submit(0, 1);
  CHECK(w.answered().at(1).replayed);
  w.settle();
  w.judge();
}

TEST_CASE("a refusal that nothing remembers is told when the commits it rests on count") {
  ProtocolWorld w(20, 1);
  let_write(w, 0);
  w.submit(0, 9);
  w.submit(0, 1);
  w.submit(0, 10);  // 404, as its rival 9 is accepted, in flight
  w.submit(0, 9, "another body");
  CHECK_FALSE(w.turned_away(10).has_value());
  CHECK_FALSE(w.turned_away(9).has_value());
  w.land(w.sent(RecordKind::commit, 9));
  w.deliver_all(0);
  CHECK(w.turned_away(10) == Code::not_found);  // 1 is still in flight: nothing rests on it
  CHECK(w.turned_away(9) == Code::idempotency_key_reused);
  w.submit(0, 10);
  CHECK(w.turned_away(10) == Code::not_found);
  w.settle();
  w.judge();
}

TEST_CASE("a refusal that rested on commits that turned void is decided again") {
  ProtocolWorld w(21, 1);
  let_write(w, 0);
  w.submit(0, 1);
  w.submit(0, 9);
  w.submit(0, 10);
  w.fail(w.sent(RecordKind::commit, 9));  // it resigns
  w.land(w.sent(RecordKind::claim));
  w.drop(w.sent(RecordKind::commit, 1));
  w.drop(w.sent(RecordKind::commit, 9));
  CHECK_FALSE(w.turned_away(10).has_value());
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1, 9});
  CHECK(w.turned_away(10) == Code::not_found);
}

TEST_CASE("a refusal does not outlive the term it rested on: it is told to ask whoever writes now") {
  ProtocolWorld w(22, 2);
  only_first(w);
  w.submit(0, 9);
  w.submit(0, 10);
  w.deliver_all(1);
  w.contend(1);
  w.land(w.partition.on_the_way().size() - 1);
  w.deliver_all(0);
  CHECK(w.turned_away(10) == Code::not_writer);
  w.deliver_all(1);
  REQUIRE(w.open(1));
  w.submit(1, 10);  // 9 is void
  w.land_all();
  w.deliver_all(1);
  CHECK(w.answered().contains(10));
  w.settle();
  w.judge();
}

TEST_CASE("a claim whose producer died goes out again soon through another; what fails on and on pauses") {
  ProtocolWorld w(23, 1);
  w.kill_producer(0);
  w.deliver_all(0);
  CHECK(w.partition.on_the_way().empty());
  w.pass(500);
  REQUIRE(w.partition.on_the_way().size() == 1);
  for (int second = 0; second < 60; ++second) {
    if (!w.partition.on_the_way().empty()) w.drop(0);
    w.pass(1000);
  }
  CHECK(w.shard(0).stats().claims > 12);
  CHECK(w.shard(0).stats().claims < 25);
  w.settle();
  w.judge();
}

TEST_CASE("many commits that fail together are one resign, also the second time in a row") {
  ProtocolWorld w(24, 1);
  let_write(w, 0);
  for (std::uint64_t times : {1UZ, 2UZ}) {
    for (int key : {1, 3, 5}) w.submit(0, key);
    w.kill_producer(0);
    CHECK(w.shard(0).stats().resigned == times);
    CHECK_FALSE(w.open(0));
    w.pass(1000);
    CHECK(w.shard(0).stats().claims == times + 1);
    while (!w.partition.on_the_way().empty()) {
      auto claim = w.partition.on_the_way().front().record.kind == RecordKind::claim;
      claim ? w.land(0) : w.drop(0);
    }
    w.deliver_all(0);
    REQUIRE(w.open(0));
  }
  w.settle();
  w.judge();
}

TEST_CASE("commits that cannot be read for want of keys wait, and what is behind them; nothing else does") {
  ProtocolWorld w(25, 2, Shard::Start::follow);
  w.contend(0);
  let_write(w, 0);
  w.deliver_all(1);
  w.keys_late(1, true);
  for (int key : {1, 3}) w.submit(0, key);
  w.land_all();
  w.deliver_all(0);
  w.deliver_all(1);
  w.pass(60'000);
  CHECK(w.fatal.empty());
  w.submit(1, 1);
  CHECK(w.turned_away(1) == Code::not_writer);  // answered, from what it has read
  w.contend(1);
  w.land_all();
  w.pass(1000);
  CHECK_FALSE(w.open(1));  // not before it has read what counts before its claim
  w.keys_late(1, false);
  w.pass(100);
  w.deliver_all(1);
  CHECK(w.open(1));
  w.submit(1, 1);
  CHECK_FALSE(w.turned_away(1).has_value());
  w.settle();
  w.judge();
  CHECK(w.counted() == Keys{1, 3});
}

TEST_CASE("a node that waits for keys stops at once") {
  ProtocolWorld w(26, 2, Shard::Start::follow);
  w.contend(0);
  let_write(w, 0);
  w.keys_late(1, true);
  w.submit(0, 1);
  w.land_all();
  w.deliver_all(1);
  CHECK(*w.stop(1));
}

TEST_CASE("who stops waits a second for what is in flight, and no longer than somebody waits for it") {
  ProtocolWorld w(27, 1);
  let_write(w, 0);
  w.submit(0, 1);
  auto drained = w.stop(0);
  w.pass(900);
  CHECK_FALSE(*drained);
  w.pass(200);
  CHECK(*drained);
  CHECK(w.turned_away(1) == Code::unknown_outcome);
  ProtocolWorld given_up(28, 1);
  let_write(given_up, 0);
  given_up.submit(0, 1);
  given_up.pass(8000);
  REQUIRE(given_up.turned_away(1) == Code::unknown_outcome);
  CHECK(*given_up.stop(0));
}

}  // namespace
}  // namespace ringledger::test
