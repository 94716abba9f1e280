// What a copy copies: a partition's part of a log, several logs as one.
#include "api/copy_source.hpp"

#include <doctest/doctest.h>

#include "adapters/json/commit_json.hpp"

namespace ringledger::offline {
namespace {

/// A commit as the codec writes it, but for what nobody looks at here.
LogRecord commit(Offset offset, std::uint16_t slot, std::int64_t log_ms, const std::string& id) {
  const AccountId account{RawId::make(1, slot, 7)};
  auto payload = R"({"v":1,"basis":"","id":")" + id + R"(","account":")" + account.to_string() +
                 R"(","principal":"\",\"log_ms\":5","cmd":"X","log_ms":)" + std::to_string(log_ms) + "}";
  return {offset, RecordKind::commit, json::restamped(payload, {1, "n", offset}, "b")};
}

/// Three commits a stretch.
CopySource source_of(std::vector<LogRecord> records) {
  return {[records = std::move(records)](Offset from) -> Result<CopySource::Stretch> {
    CopySource::Stretch out{{}, from};
    for (const auto& record : records) {
      if (record.offset < from || out.commits.size() == 3) continue;
      out.commits.push_back(record);
      out.next = record.offset + 1;
    }
    return out;
  }};
}

std::string ids(const CopySource& source) {
  std::string out;
  for (Offset from = 0;;) {
    auto stretch = source.next(from);
    REQUIRE(stretch.has_value());
    if (stretch->next == from) return out;
    from = stretch->next;
    for (const auto& record : stretch->commits) {
      const std::string_view rest = json::unstamped(record.payload);
      out += rest.substr(6, rest.find('"', 6) - 6);
    }
  }
}

TEST_CASE("a partition has the commits of the accounts whose slot says so, each commit in one partition") {
  std::vector<LogRecord> records;
  for (Offset i = 0; i < 12; ++i)
    records.push_back(
        commit(i * 2, static_cast<std::uint16_t>(i), 100, std::string(1, static_cast<char>('a' + i))));
  CHECK(ids(of_partition(source_of(records), 0, 3)) == "adgj");
  CHECK(ids(of_partition(source_of(records), 1, 3)) == "behk");
  CHECK(ids(of_partition(source_of(records), 2, 3)) == "cfil");
  CHECK(ids(of_partition(source_of(records), 0, 1)) == "abcdefghijkl");
}

TEST_CASE("several logs become one by log time, each in its own order, the same each time it is begun") {
  auto first =
      source_of({commit(1, 0, 10, "a"), commit(4, 0, 30, "b"), commit(5, 0, 20, "c"), commit(9, 0, 90, "d")});
  auto second =
      source_of({commit(2, 1, 10, "e"), commit(3, 1, 25, "f"), commit(7, 1, 91, "g"), commit(8, 1, 1, "h")});
  const auto all = merged({first, second, source_of({})});
  CHECK(ids(all) == "aefbcdgh");
  CHECK(ids(all) == "aefbcdgh");
}

TEST_CASE("a stranger's commit is refused, not skipped") {
  auto record = commit(1, 0, 10, "a");
  record.payload = "{}";
  CHECK_FALSE(of_partition(source_of({record}), 0, 2).next(0).has_value());
  CHECK_FALSE(merged({source_of({record})}).next(0).has_value());
  CHECK_FALSE(sums_of(source_of({record})).has_value());
}

}  // namespace
}  // namespace ringledger::offline
