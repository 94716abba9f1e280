// A compacted topic in memory, one for several nodes: nothing comes by itself, so that a test says in which
// order things happen.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "commands/ports/compacted_topic.hpp"

namespace ringledger::testing {

/// What is in it, with gaps where compaction took records away.
struct MemoryRecords {
  std::vector<std::optional<CompactedTopic::Record>> all;
  std::optional<Error> fail_writes, fail_catch_up;
  std::size_t written_before_failure = 0;  ///< records of a failing write that land all the same
  std::atomic<bool> away{false};           ///< nobody can say where its end is
  std::atomic<int> asked_in_vain{0};

  /// Leaves the last record of each key; tombstones go too.
  void compact() {
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto later = std::find_if(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(),
                                [&](const auto& r) { return all[i] && r && r->key == all[i]->key; });
      if (later != all.end()) all[i].reset();
    }
    for (auto& record : all) {
      if (record && !record->value) record.reset();
    }
  }
  /// Those left whose key begins so.
  [[nodiscard]] std::vector<CompactedTopic::Record> with(std::string_view prefix) const {
    std::vector<CompactedTopic::Record> out;
    for (const auto& record : all) {
      if (record && record->key.starts_with(prefix)) out.push_back(*record);
    }
    return out;
  }
};

class MemoryTopic final : public CompactedTopic {
 public:
  explicit MemoryTopic(MemoryRecords& records) : records_(records) {}

  Result<void> write(const std::vector<Record>& records) override {
    ++writes;
    auto count =
        records_.fail_writes ? std::min(records_.written_before_failure, records.size()) : records.size();
    records_.all.insert(records_.all.end(), records.begin(),
                        records.begin() + static_cast<std::ptrdiff_t>(count));
    return records_.fail_writes ? Result<void>(std::unexpected(*records_.fail_writes)) : Result<void>{};
  }
  void read(Handler handler, std::function<void(Error)>) override {
    handler_ = std::move(handler);
    deliver();
  }
  Result<void> catch_up() override {
    ++catch_ups;
    if (records_.away) {
      ++records_.asked_in_vain;
      return fail(Code::internal, "no leader");
    }
    if (records_.fail_catch_up) return std::unexpected(*std::exchange(records_.fail_catch_up, std::nullopt));
    deliver();
    return {};
  }
  void stop() override {}
  const std::string& place() const override { return place_; }

  /// What came since the last time.
  void deliver() {
    std::vector<Record> records;
    for (; next_ < records_.all.size(); ++next_) {
      if (records_.all[next_]) records.push_back(*records_.all[next_]);
    }
    handler_(std::move(records), true);
  }

  int writes = 0, catch_ups = 0;

 private:
  MemoryRecords& records_;
  Handler handler_;
  std::size_t next_ = 0;
  std::string place_ = "topic test.keys";
};

}  // namespace ringledger::testing
