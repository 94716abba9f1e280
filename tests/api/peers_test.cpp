// What a node makes of what the others tell: who could not read what it writes.
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
