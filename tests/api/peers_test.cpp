// What a node makes of what the others tell: who could not read what it writes, whom to ask about a partition
// that it does not host, whom to prefer as the writer of one that it does.
#include "api/peers.hpp"

#include <doctest/doctest.h>

#include "adapters/simulation/sim_scheduler.hpp"
#include "api/peer_directory.hpp"
#include "domain/format_level.hpp"

using namespace ringledger;

namespace {

ReadyAnswer reads(std::optional<std::int64_t> level) {
  ReadyAnswer told;
  told.ready = true;
  told.reads_level = level;
  return told;
}

using Hint = WriterWatch::Hint;

/// Reached, and hosts these partitions.
Peer host(std::string url, std::vector<PartitionState> partitions) {
  auto told = reads(1);
  told.partitions = std::move(partitions);
  return {std::move(url), true, true, std::move(told)};
}
PartitionState follows(std::int64_t partition, std::uint64_t shown = 0) {
  return {partition, "follower", 3, "http://gone", false, 100, shown};
}
PartitionState writes(std::int64_t partition, std::uint64_t term) {
  return {partition, "writer", term, "", true, 100, 5};
}

}  // namespace

TEST_CASE("whoever was reached and does not read a level is named, and nobody else") {
  Peers peers{
      {"http://old", true, true, reads(1)},
      {"http://older", true, true, reads(std::nullopt)},  // of before there were levels
      {"http://new", true, true, reads(2)},
      {"http://gone", true, false, reads(1)},  // it will read what it cannot, and stop, should it be back
      {"http://silent", true, false, std::nullopt}};
  CHECK(cannot_read(peers, 1).empty());
  CHECK(cannot_read(peers, 2) == "http://old, http://older");
  CHECK(cannot_read(peers, 3) == "http://old, http://older, http://new");
}

TEST_CASE("all others are asked every second; of one that is not reached, what it told last is remembered") {
  SimScheduler scheduler{1};
  std::set<std::string> members{"http://me", "http://a"}, owners{"http://b"};
  std::map<std::string, ReadyAnswer> answers{{"http://a", reads(7)}, {"http://b", reads(8)}};
  int looks = 0;
  PeerDirectory directory{{&scheduler.executor("pool", false), "http://me", [&] { return members; },
                           [&] { return owners; },
                           [&](const std::string& url) -> std::optional<ReadyAnswer> {
                             REQUIRE(url != "http://me");
                             auto at = answers.find(url);
                             return at == answers.end() ? std::nullopt : std::optional(at->second);
                           },
                           [&](const Peers&) { ++looks; }}};
  CHECK_FALSE(directory.peers());
  directory.start();
  scheduler.run_for(500, 1000);
  REQUIRE(directory.peers());
  REQUIRE(directory.peers()->size() == 2);
  CHECK(directory.peers()->at(0).member);
  CHECK(directory.peers()->at(0).told->reads_level == 7);
  CHECK_FALSE(directory.peers()->at(1).member);
  CHECK(looks == 1);
  answers.erase("http://a");
  owners.clear();
  scheduler.run_for(3000, 1000);
  CHECK(looks == 4);
  REQUIRE(directory.peers()->size() == 1);  // whom nobody names is forgotten
  CHECK_FALSE(directory.peers()->at(0).reachable);
  CHECK(directory.peers()->at(0).told->reads_level == 7);
}

TEST_CASE(
    "about a partition its writer is asked, else the host that shows most, and nobody who is not reached") {
  Peers peers{host("http://a", {follows(0, 90), follows(1)}), host("http://b", {follows(0, 99)}),
              host("http://c", {follows(1, 7)})};
  CHECK(seat_of(peers, 0).owner_url == "http://b");
  CHECK(seat_of(peers, 0).term == 3);
  CHECK_FALSE(seat_of(peers, 0).mine);
  CHECK(seat_of(peers, 1).owner_url == "http://c");
  CHECK(seat_of(peers, 2).owner_url.empty());
  CHECK_FALSE(any_hosts(peers, 2));
  peers.push_back(host("http://d", {writes(0, 4)}));
  peers.push_back(host("http://e", {writes(0, 3)}));  // overtaken, and does not know it yet
  CHECK(seat_of(peers, 0).owner_url == "http://d");
  CHECK(seat_of(peers, 0).term == 4);
  for (auto& peer : peers) peer.reachable = false;
  CHECK(seat_of(peers, 0).owner_url.empty());
}

TEST_CASE("the group's preference holds as long as all members host the partition") {
  Peers peers{host("http://a", {follows(0)}), {"http://silent", true, false, std::nullopt}};
  peers.push_back(host("http://old owner", {}));
  peers.back().member = false;
  for (auto hint : {Hint::this_node, Hint::another, Hint::unknown})
    CHECK(hint_among(peers, "http://me", 0, hint) == hint);
}

TEST_CASE("nobody is handed a partition that they do not host: its hosts share it, and agree") {
  auto here = [](const std::string& url) { return host(url, {follows(1), follows(2), follows(3)}); };
  auto without = host("http://x", {follows(0)});
  for (std::uint32_t partition : {1U, 2U, 3U}) {
    CAPTURE(partition);
    auto a = hint_among({here("http://b"), without}, "http://a", partition, Hint::another);
    auto b = hint_among({here("http://a"), without}, "http://b", partition, Hint::another);
    CHECK((a == Hint::this_node) != (b == Hint::this_node));
    CHECK(hint_among({here("http://b"), without}, "http://a", partition, Hint::this_node) == a);
    CHECK(hint_among({without}, "http://a", partition, Hint::another) == Hint::this_node);
    CHECK(hint_among({without}, "http://a", partition, Hint::unknown) == Hint::unknown);
  }
}
