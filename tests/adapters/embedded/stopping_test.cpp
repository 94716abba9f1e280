// How the embedded engine stops: closed, destroyed, or by what it meets; and the head file it leaves behind.
#include "adapters/embedded/embedded_log.hpp"

#include <doctest/doctest.h>

#include "tests/adapters/embedded/support/sim_log.hpp"

namespace ringledger::test {
namespace {

TEST_CASE("closing writes what is queued and the head, and takes no more") {
  SimLog sim;
  sim.must_open();
  for (int i = 0; i < 10; ++i) sim.append("queued " + std::to_string(i));
  REQUIRE(sim.log->close().has_value());
  CHECK(sim.acknowledged.size() == 10);
  sim.append("late");
  sim.run_log();
  REQUIRE(sim.refused.size() == 1);
  CHECK(sim.refused[0].code == Code::not_writer);
  auto head = read_file(sim.disk, log_folder + "/head");
  REQUIRE(head.has_value());
  CHECK(head->find("\nend 11\n") != std::string::npos);
  CHECK(sim.open().has_value());  // the lock is free
}

TEST_CASE("destroying a log that was not closed writes nothing and answers what was queued") {
  SimLog sim;
  sim.must_open();
  sim.append("queued");
  auto writes = sim.disk.calls(SimDisk::Call::write);
  sim.log.reset();
  sim.settle();
  REQUIRE(sim.refused.size() == 1);
  CHECK(sim.refused[0].code == Code::unknown_outcome);
  CHECK(sim.disk.calls(SimDisk::Call::write) == writes);
}

TEST_CASE("a head file that was about to be written is left alone once the log is gone") {
  SimLog sim;
  SimScheduler slow(2);
  sim.options.head_executor = &slow.executor("head");
  sim.must_open();
  sim.fill(3);
  sim.settle();  // the writing waits on its executor now
  sim.log.reset();
  auto head = read_file(sim.disk, log_folder + "/head");
  slow.run_for(0, 100);
  CHECK(read_file(sim.disk, log_folder + "/head") == head);
}

TEST_CASE("within a second of a commit the head file knows it") {
  SimLog sim;
  sim.options.segment_bytes = 1024 * 1024;
  bool elsewhere = false;
  SUBCASE("on the log executor") {}
  SUBCASE("on an executor of its own") { elsewhere = true; }
  if (elsewhere) sim.options.head_executor = &sim.scheduler.executor("head");
  sim.must_open();
  auto knows = [&](Offset end) {
    return read_file(sim.disk, log_folder + "/head")->find("\nend " + std::to_string(end) + "\n") !=
           std::string::npos;
  };
  for (Offset round = 0; round < 3; ++round) {
    sim.fill(5);
    CHECK_FALSE(knows(6 + 5 * round));
    sim.scheduler.run_for(1000, 100'000);
    CHECK(knows(6 + 5 * round));
  }
}

TEST_CASE("what waits when the log stops for another reason is not written any more") {
  SimLog sim;
  SimScheduler tail(2);
  auto opened =
      EmbeddedLog::open(sim.disk, sim.options, sim.scheduler.executor("log"), tail.executor("tail"));
  REQUIRE(opened.has_value());
  sim.log = std::move(*opened);
  sim.fill(3);
  REQUIRE(sim.disk.corrupt(sim.segment_paths().front(), 4200, 1).has_value());
  sim.log->tail(0, [](const std::vector<LogRecord>&) {});
  sim.append("waits");
  auto writes = sim.disk.calls(SimDisk::Call::write);
  tail.run_for(0, 1000);  // meets the damage
  REQUIRE(sim.fatal.size() == 1);
  sim.settle();
  REQUIRE(sim.refused.size() == 1);
  CHECK(sim.refused[0].code == Code::unknown_outcome);
  CHECK(sim.disk.calls(SimDisk::Call::write) == writes);
}

TEST_CASE("a head file that cannot be written stops the log, on a full disk it only stays older") {
  SimLog sim;
  sim.must_open();
  sim.fill(3);
  SUBCASE("failing") {
    sim.disk.fail_call(SimDisk::Call::rename, 1);
    sim.settle();
    CHECK(sim.fatal.size() == 1);
  }
  SUBCASE("full") {
    sim.disk.limit_bytes(sim.disk.used_bytes());
    sim.settle();
    CHECK(sim.fatal.empty());
    sim.fill(3);
    CHECK(sim.acknowledged.size() == 6);
  }
}

TEST_CASE("a tail that meets damage stops the log and delivers nothing behind it") {
  SimLog sim;
  sim.must_open();
  sim.fill(60, 1000);
  auto first = sim.segment_paths().front();
  REQUIRE(sim.disk.corrupt(first, 9000, 1).has_value());
  std::vector<Offset> seen;
  sim.log->tail(0, [&](std::vector<LogRecord> records) {
    for (const auto& record : records) seen.push_back(record.offset);
  });
  sim.run_log();
  REQUIRE(sim.fatal.size() == 1);
  CHECK(sim.fatal[0].detail.find(first) != std::string::npos);
  CHECK(seen.size() < 6);
  sim.fill(1);
  CHECK(sim.refused.back().code == Code::unknown_outcome);
}

}  // namespace
}  // namespace ringledger::test
