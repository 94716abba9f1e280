// What every log engine must do; an engine's test names a factory and runs it:
//   TEST_CASE("…") { event_log_contract([](…) { return std::make_unique<MyEngine>(); }); }
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "commands/ports/event_log.hpp"

namespace ringledger::test {

/// One installation of the engine under test, with threads of its own, its log empty but for its first
/// record. The log exists once it was opened.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  /// Opens (the first time: creates) the log; valid until reopen or the end. Stops the one before in good
  /// order.
  virtual EventLog& reopen() = 0;
};
using MakeLogUnderTest = std::function<std::unique_ptr<LogUnderTest>()>;

/// Collects what arrives on other threads; waiting ends after 20 s with a failure.
template <class T>
class Collector {
 public:
  void add(T item) {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_all();
  }
  std::vector<T> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    bool enough = changed_.wait_for(lock, std::chrono::seconds(20), [&] { return items_.size() >= count; });
    REQUIRE_MESSAGE(enough, "only " << items_.size() << " of " << count << " arrived");
    return items_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> items_;
};

/// Appends one commit and waits; the result.
inline Result<void> append_and_wait(EventLog& log, std::string payload) {
  auto results = std::make_shared<Collector<Result<void>>>();
  log.append({RecordKind::commit, std::move(payload), {}},
             [results](Result<void> r) { results->add(std::move(r)); });
  return results->wait_for(1).front();
}

/// Everything kept from `from` on, read in steps of `step_bytes`.
inline std::vector<LogRecord> read_all(EventLog& log, Offset from = 0, std::size_t step_bytes = 1000) {
  std::vector<LogRecord> all;
  while (from < log.kept()) {
    auto step = log.read(from, step_bytes);
    REQUIRE_MESSAGE(step.has_value(), step.error().detail);
    REQUIRE(!step->empty());
    from = step->back().offset + 1;
    std::ranges::move(*step, std::back_inserter(all));
  }
  return all;
}

inline std::vector<std::string> commit_payloads(const std::vector<LogRecord>& records) {
  std::vector<std::string> payloads;
  for (const auto& record : records) {
    if (record.kind == RecordKind::commit) payloads.push_back(record.payload);
  }
  return payloads;
}

using Seen = std::shared_ptr<Collector<LogRecord>>;

/// Delivers the log to `out`, record by record, as a reader for whom every record counts.
inline Seen tail_into(EventLog& log, Offset from) {
  auto out = std::make_shared<Collector<LogRecord>>();
  log.tail(from, [&log, out](std::vector<LogRecord> records) {
    auto kept = log.keep(records);
    CHECK_MESSAGE(kept.has_value(), kept.error().detail);
    for (auto& record : records) out->add(std::move(record));
  });
  return out;
}

inline void contract_order(const MakeLogUnderTest& make) {
  auto engine = make();
  EventLog& log = engine->reopen();
  Offset first = log.end();
  auto seen = tail_into(log, first);
  Collector<int> answered;
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    expected.push_back("{\"n\":" + std::to_string(i) + "}");
    log.append({i % 7 == 0 ? RecordKind::claim : RecordKind::commit, expected.back(), {}},
               [&answered, i](Result<void> r) { answered.add(r ? i : -1); });
  }
  auto order = answered.wait_for(500);
  for (int i = 0; i < 500; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  seen->wait_for(500);
  auto stored = read_all(log, first);
  REQUIRE(stored.size() == 500);
  for (std::size_t i = 0; i < 500; ++i) {
    CHECK(stored[i].payload == expected[i]);
    CHECK(stored[i].kind == (i % 7 == 0 ? RecordKind::claim : RecordKind::commit));
    if (i > 0) CHECK(stored[i].offset > stored[i - 1].offset);
  }
  CHECK(log.end() == stored.back().offset + 1);
}

inline void contract_reopen(const MakeLogUnderTest& make) {
  auto engine = make();
  std::string epoch = engine->reopen().epoch();
  std::vector<std::string> expected;
  for (int round = 0; round < 3; ++round) {
    EventLog& log = engine->reopen();
    CHECK(log.epoch() == epoch);
    CHECK(commit_payloads(read_all(log)) == expected);
    auto seen = tail_into(log, log.end());
    for (int i = 0; i < 20; ++i) {
      expected.push_back("round " + std::to_string(round) + " record " + std::to_string(i));
      REQUIRE(append_and_wait(log, expected.back()).has_value());
    }
    seen->wait_for(20);
  }
  CHECK_FALSE(epoch.empty());
  CHECK(commit_payloads(read_all(engine->reopen())) == expected);
}

/// What was appended while nobody read is delivered after reopening, however much of it was kept before.
inline void contract_tail(const MakeLogUnderTest& make) {
  auto engine = make();
  std::size_t known = 1;  // the log's own first record
  for (std::size_t skip : {0UZ, 1UZ, 29UZ, 30UZ}) {
    EventLog* log = &engine->reopen();
    for (int i = 0; i < 30; ++i) REQUIRE(append_and_wait(*log, "stored " + std::to_string(i)).has_value());
    log = &engine->reopen();
    auto whole = tail_into(*log, 0)->wait_for(known += 30);
    log = &engine->reopen();
    Offset from = skip < 30 ? whole[known - 30 + skip].offset : log->end();
    auto seen = tail_into(*log, from);
    for (int i = 0; i < 30; ++i) REQUIRE(append_and_wait(*log, "live " + std::to_string(i)).has_value());
    auto delivered = seen->wait_for(60 - skip);
    CHECK(delivered == read_all(*log, from));
    whole.resize(known - 30 + skip);
    std::ranges::copy(delivered, std::back_inserter(whole));
    CHECK(whole == read_all(*log));
    known += 30;
  }
}

inline void contract_concurrent_appenders(const MakeLogUnderTest& make) {
  constexpr int threads = 4, each = 200;
  auto engine = make();
  EventLog& log = engine->reopen();
  auto seen = tail_into(log, log.end());
  Collector<bool> answered;
  {
    std::vector<std::jthread> appenders;
    for (int t = 0; t < threads; ++t) {
      appenders.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) {
          std::string payload = std::to_string(t) + ":" + std::to_string(i);
          log.append({RecordKind::commit, payload, {}}, [&](Result<void> r) { answered.add(r.has_value()); });
        }
      });
    }
  }
  auto results = answered.wait_for(threads * each);
  CHECK(std::ranges::count(results, true) == threads * each);
  auto delivered = seen->wait_for(threads * each);
  CHECK(delivered.size() == threads * each);
  std::vector<int> next(threads, 0);
  for (const auto& record : delivered) {
    auto t = static_cast<std::size_t>(std::stoi(record.payload));
    CHECK(record.payload == std::to_string(t) + ":" + std::to_string(next[t]++));
  }
  CHECK(commit_payloads(read_all(log, 0, 1 << 20)) == commit_payloads(delivered));
}

inline void contract_pause(const MakeLogUnderTest& make) {
  auto engine = make();
  EventLog& log = engine->reopen();
  auto seen = tail_into(log, log.end());
  REQUIRE(append_and_wait(log, "before").has_value());
  seen->wait_for(1);
  log.pause_tail(true);
  for (int i = 0; i < 10; ++i) REQUIRE(append_and_wait(log, "meanwhile").has_value());
  log.pause_tail(false);
  CHECK(seen->wait_for(11).size() == 11);
}

inline void contract_end_now(const MakeLogUnderTest& make) {
  auto engine = make();
  EventLog& log = engine->reopen();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(append_and_wait(log, "one more").has_value());
    Collector<Offset> ends;
    log.end_now([&](Result<Offset> end) { ends.add(end.value_or(0)); });
    CHECK(ends.wait_for(1).front() == static_cast<Offset>(i) + 2);
  }
}

inline void contract_limits(const MakeLogUnderTest& make) {
  auto engine = make();
  EventLog& log = engine->reopen();
  auto refused = append_and_wait(log, std::string(max_payload_bytes + 1, 'x'));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::too_large);
  Offset first = log.end();
  auto seen = tail_into(log, first);
  for (std::size_t size : {100UZ, 100UZ, 100UZ, max_payload_bytes, 0UZ, 100UZ}) {
    REQUIRE(append_and_wait(log, std::string(size, 'y')).has_value());
  }
  seen->wait_for(6);
  auto at = [&](Offset from, std::size_t max_bytes) {
    std::vector<std::size_t> sizes;
    auto records = log.read(from, max_bytes);
    REQUIRE(records.has_value());
    for (const auto& record : *records) sizes.push_back(record.payload.size());
    return sizes;
  };
  auto stored = read_all(log, first, 1);
  REQUIRE(stored.size() == 6);
  CHECK(at(first, 1) == std::vector<std::size_t>{100});
  CHECK(at(first, 250) == std::vector<std::size_t>{100, 100});
  CHECK(at(first, 300) == std::vector<std::size_t>{100, 100, 100});
  CHECK(at(stored[3].offset, 1) == std::vector<std::size_t>{max_payload_bytes});
  CHECK(at(stored[4].offset, 1000) == std::vector<std::size_t>{0, 100});
  CHECK(at(log.end(), 1000).empty());
  CHECK(at(log.end() + 100, 1000).empty());
}

/// All of it, as subcases of the calling test.
inline void event_log_contract(const MakeLogUnderTest& make) {
  SUBCASE("records are kept, answered and read in the order appended") { contract_order(make); }
  SUBCASE("what was acknowledged is there after reopening, under the same epoch") { contract_reopen(make); }
  SUBCASE("the tail delivers from any record on, the stored and then the new, each once") {
    contract_tail(make);
  }
  SUBCASE("appenders on several threads each keep their order") { contract_concurrent_appenders(make); }
  SUBCASE("a paused tail misses nothing") { contract_pause(make); }
  SUBCASE("an end asked for now is not older than the question") { contract_end_now(make); }
  SUBCASE("a record past 4 MiB is refused and a read keeps to its limit") { contract_limits(make); }
}

}  // namespace ringledger::test
