// The embedded engine: the contract of every log, and what is its own: groups, segments, full disks.
// How it stops is in stopping_test.cpp.
#include "adapters/embedded/embedded_log.hpp"

#include <doctest/doctest.h>

#include "adapters/system/posix_disk.hpp"
#include "adapters/system/thread_executor.hpp"
#include "tests/adapters/embedded/support/sim_log.hpp"
#include "tests/adapters/event_log_contract.hpp"
#include "tests/adapters/system/temp_folder.hpp"

namespace ringledger::test {
namespace {

/// The engine as in production: files and threads.
class EmbeddedOnPosix final : public LogUnderTest {
 public:
  explicit EmbeddedOnPosix(std::uint64_t segment_bytes) : segment_bytes_(segment_bytes) {}
  ~EmbeddedOnPosix() override { stop(); }
  EventLog& reopen() override {
    stop();
    log_thread_ = std::make_unique<ThreadExecutor>("log");
    tail_thread_ = std::make_unique<ThreadExecutor>("tail");
    EmbeddedLog::Options options;
    options.folder = folder_.path() + "/log";
    options.segment_bytes = segment_bytes_;
    options.new_epoch = "e" + std::to_string(++opened_);
    options.first_record = "{}";
    options.on_fatal = [](Error e) { FAIL(e.detail); };
    auto opened = EmbeddedLog::open(disk_, options, *log_thread_, *tail_thread_);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
    log_ = std::move(*opened);
    return *log_;
  }

 private:
  void stop() {
    if (log_) CHECK(log_->close().has_value());
    log_.reset();
    log_thread_.reset();
    tail_thread_.reset();
  }

  std::uint64_t segment_bytes_;
  int opened_ = 0;
  TempFolder folder_;
  PosixDisk disk_;
  std::unique_ptr<ThreadExecutor> log_thread_, tail_thread_;
  std::unique_ptr<EmbeddedLog> log_;
};

TEST_CASE("the embedded log keeps the contract of the log in one big segment") {
  event_log_contract([] { return std::make_unique<EmbeddedOnPosix>(64 * 1024 * 1024); });
}

TEST_CASE("the embedded log keeps the contract of the log across many small segments") {
  event_log_contract([] { return std::make_unique<EmbeddedOnPosix>(8192); });
}

TEST_CASE("a log is created once, with its epoch and its first record") {
  SimLog sim(7);
  sim.must_open();
  CHECK(sim.log->report().created);
  CHECK(sim.log->epoch() == "epoch-7");
  CHECK(sim.log->read(0, 100) == std::vector<LogRecord>{{0, RecordKind::log, "{\"log\":7}"}});
  sim.kill();
  sim.options.new_epoch = "another";
  sim.must_open();
  CHECK_FALSE(sim.log->report().created);
  CHECK(sim.log->epoch() == "epoch-7");
  CHECK(sim.log->end() == 1);
}

TEST_CASE("an empty folder is no log unless one may be created, and a new log needs a proper epoch") {
  SimLog sim;
  sim.options.create_if_absent = false;
  CHECK(sim.open().error().code == Code::not_found);
  sim.options.create_if_absent = true;
  for (auto epoch : {std::string(), std::string("a b"), std::string("a\n"), std::string(65, 'e')}) {
    sim.options.new_epoch = epoch;
    CHECK(sim.open().error().code == Code::validation_failed);
  }
  CHECK(verify_log(sim.disk, log_folder).error().code == Code::not_found);
}

TEST_CASE("one process at a time writes a log") {
  SimLog sim;
  sim.must_open();
  auto second =
      EmbeddedLog::open(sim.disk, sim.options, sim.scheduler.executor("a"), sim.scheduler.executor("b"));
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Code::not_writer);
}

TEST_CASE("commits that wait together share one write and one sync") {
  SimLog sim;
  sim.options.segment_bytes = 4 * 1024 * 1024;
  sim.must_open();
  auto syncs = sim.disk.calls(SimDisk::Call::sync);
  auto writes = sim.disk.calls(SimDisk::Call::write);
  sim.fill(1000, 100, false);
  CHECK(sim.acknowledged.size() == 1000);
  CHECK(sim.disk.calls(SimDisk::Call::sync) == syncs + 1);
  CHECK(sim.disk.calls(SimDisk::Call::write) == writes + 1);
  sim.fill(1025, 100, false);
  CHECK(sim.disk.calls(SimDisk::Call::sync) == syncs + 3);  // at most 1,024 commits a group
  sim.fill(3, 400'000, false);
  CHECK(sim.disk.calls(SimDisk::Call::sync) == syncs + 5);  // at most 1 MiB a group
  CHECK(sim.acknowledged.size() == 2028);
}

TEST_CASE("a record never spans segments, and one bigger than a segment gets its own bigger one") {
  SimLog sim;
  sim.must_open();
  sim.fill(50, 1000);
  sim.fill(1, 100'000);
  sim.fill(20, 1000, false);
  sim.run_log();
  CHECK(sim.log->segments() > 5);
  CHECK(sim.commits() == sim.acknowledged);
  CHECK(sim.acknowledged.size() == 71);
  sim.kill();
  sim.must_open();
  CHECK(sim.commits() == sim.acknowledged);
  CHECK(sim.log->report().cut_bytes == 0);
}

TEST_CASE("every record is found from any offset, from memory of where it stood or without") {
  SimLog sim;
  sim.options.segment_bytes = 200 * 1024;
  sim.must_open();
  sim.fill(600, 1000);
  for (bool reopened : {false, true}) {
    if (reopened) {
      sim.kill();
      sim.must_open();
    }
    for (Offset from = sim.log->end(); from-- > 1;) {
      auto records = sim.log->read(from, 1);
      REQUIRE(records.has_value());
      REQUIRE(records->size() == 1);
      CHECK(records->front().offset == from);
      CHECK(records->front().payload == sim.acknowledged[from - 1]);
    }
  }
}

TEST_CASE("verify counts records by kind over all segments, inspect shows each where it stands") {
  SimLog sim;
  sim.must_open();
  sim.fill(100, 1000);
  sim.log->append({RecordKind::claim, "{}", {}}, [](Result<void>) {});
  sim.run_log();
  REQUIRE(sim.log->close().has_value());
  auto report = verify_log(sim.disk, log_folder);
  REQUIRE(report.has_value());
  CHECK(report->commits == 100);
  CHECK(report->claims == 1);
  CHECK(report->logs == 1);
  CHECK(report->first == 0);
  CHECK(report->last == 101);
  CHECK(report->segments == sim.log->segments());
  CHECK(report->epoch == "epoch-1");
  CHECK(report->torn_bytes == 0);
  std::vector<Offset> offsets;
  auto inspected = inspect_log(sim.disk, log_folder, [&](const InspectedRecord& r) -> Result<void> {
    offsets.push_back(r.record.offset);
    if (offsets.size() == 60) return fail(Code::overloaded, "enough");
    return {};
  });
  CHECK(inspected.error().detail == "enough");
  CHECK(offsets.size() == 60);
  CHECK(offsets.back() == 59);
}

TEST_CASE("short space refuses before anything is written and heals by itself") {
  SimLog sim;
  SUBCASE("the disk cannot take the next segment") {
    sim.must_open();
    sim.disk.limit_bytes(sim.disk.used_bytes() + 100);
    sim.fill(100, 1000);
    CHECK_FALSE(sim.acknowledged.empty());  // until the segment was full
    CHECK(sim.acknowledged.size() + sim.refused.size() == 100);
    sim.disk.limit_bytes(SimDisk::unlimited);
  }
  SUBCASE("without preallocation the disk cannot take the next step") {
    sim.options.preallocate = false;
    sim.options.segment_bytes = 8 * 1024 * 1024;
    sim.must_open();
    sim.fill(1, 1000);
    sim.disk.limit_bytes(sim.disk.used_bytes() + 100);
    sim.fill(20, 100'000);
    CHECK(sim.acknowledged.size() < 15);
    sim.disk.limit_bytes(SimDisk::unlimited);
  }
  SUBCASE("less is free than the floor") {
    sim.disk.limit_bytes(1024 * 1024);
    sim.options.floor_free_bytes = 1000 * 1024;
    sim.must_open();
    sim.fill(100, 1000);
    sim.disk.limit_bytes(SimDisk::unlimited);
  }
  REQUIRE_FALSE(sim.refused.empty());
  for (const auto& error : sim.refused) CHECK(error.code == Code::read_only);
  CHECK(sim.fatal.empty());
  CHECK(sim.commits() == sim.acknowledged);
  auto before = sim.acknowledged.size();
  sim.fill(50, 1000);
  CHECK(sim.acknowledged.size() == before + 50);
  sim.kill();
  sim.must_open();
  CHECK(sim.commits() == sim.acknowledged);
}

TEST_CASE(
    "after a failed write or sync the outcome is unknown, nothing more is written, and the process is told "
    "once") {
  SimLog sim;
  sim.must_open();
  sim.fill(10);
  auto kind = SimDisk::Call::sync;
  SUBCASE("sync") {}
  SUBCASE("write") { kind = SimDisk::Call::write; }
  sim.disk.fail_call(kind, 1);
  sim.fill(3, 100, false);
  auto writes = sim.disk.calls(SimDisk::Call::write);
  sim.fill(5);
  sim.settle();
  CHECK(sim.acknowledged.size() == 10);
  REQUIRE(sim.refused.size() == 8);
  for (const auto& error : sim.refused) CHECK(error.code == Code::unknown_outcome);
  CHECK(sim.fatal.size() == 1);
  CHECK(sim.disk.calls(SimDisk::Call::write) == writes);
  CHECK(sim.commits() == sim.acknowledged);  // reads go on
  REQUIRE(sim.disk.corrupt(sim.segment_paths().front(), 4100, 1).has_value());
  sim.log->tail(0, [](const std::vector<LogRecord>&) {});
  sim.run_log();
  CHECK(sim.fatal.size() == 1);  // once, whatever else fails
  REQUIRE(sim.disk.corrupt(sim.segment_paths().front(), 4100, 1).has_value());
  sim.kill();
  sim.must_open();
  auto found = sim.commits();
  REQUIRE(found.has_value());
  CHECK(found->size() >= 10);
  CHECK(found->size() <= 13);
}

TEST_CASE("the hook runs before each group, may refuse it, and a failing one stops the log") {
  SimLog sim;
  int calls = 0;
  Result<void> answer;
  sim.options.before_write = [&] { return ++calls, answer; };
  sim.must_open();
  sim.fill(5, 100, false);
  CHECK(calls == 1);
  answer = fail(Code::read_only, "no space for keys");
  sim.fill(1);
  REQUIRE(sim.refused.size() == 1);
  CHECK(sim.refused[0].code == Code::read_only);
  answer = {};
  sim.fill(1);
  CHECK(sim.acknowledged.size() == 6);
  CHECK(sim.fatal.empty());
  answer = fail(Code::internal, "keys not synced");
  sim.fill(1);
  CHECK(sim.refused.back().code == Code::unknown_outcome);
  CHECK(sim.fatal.size() == 1);
  CHECK(sim.log->end() == 7);
}

TEST_CASE("the queue has a limit, past it the log is overloaded") {
  SimLog sim;
  sim.options.max_queued_bytes = 10'000;
  sim.must_open();
  sim.fill(30, 1000, false);
  CHECK(sim.acknowledged.size() >= 5);
  CHECK(sim.acknowledged.size() < 10);
  REQUIRE_FALSE(sim.refused.empty());
  for (const auto& error : sim.refused) CHECK(error.code == Code::overloaded);
  CHECK(sim.log->queued_bytes() == 0);
  sim.fill(5, 1000, false);
  CHECK(sim.commits() == sim.acknowledged);
}

TEST_CASE("a tail that is far behind reads from the disk what is no longer held, and misses nothing") {
  SimLog sim;
  SimScheduler slow(2);  // the tail's executor stands still while 100 MB are written, past the 64 MiB held
  sim.options.segment_bytes = 256 * 1024 * 1024;
  auto opened =
      EmbeddedLog::open(sim.disk, sim.options, sim.scheduler.executor("log"), slow.executor("tail"));
  REQUIRE(opened.has_value());
  std::vector<Offset> seen;
  bool intact = true;
  (*opened)->tail(1, [&](std::vector<LogRecord> records) {
    for (const auto& record : records) {
      seen.push_back(record.offset);
      intact = intact && record.payload.size() == 1'000'000;
    }
  });
  int written = 0;
  std::string payload(1'000'000, 'x');
  for (int i = 0; i < 100; ++i) {
    (*opened)->append({RecordKind::commit, payload, {}}, [&](Result<void> r) { written += r ? 1 : 0; });
    sim.run_log();
  }
  CHECK(written == 100);
  CHECK(seen.empty());
  slow.run_for(0, 100'000);
  REQUIRE(seen.size() == 100);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == i + 1);
  CHECK(intact);
}

}  // namespace
}  // namespace ringledger::test
