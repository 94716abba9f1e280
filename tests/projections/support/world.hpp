// A small log in memory and the views over it: given events, when folded, then asked.
#pragma once

#include <doctest/doctest.h>
#include <map>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/simulation/memory_row_store.hpp"
#include "projections/all_views.hpp"

namespace ringledger::test {

template <class I>
I id_of(std::uint64_t n, std::uint64_t kind = 0) {
  return I{RawId::make(1'000 + n, 7, kind * 1'000'003 + n)};
}
inline AccountId acc(std::uint64_t n = 1) { return id_of<AccountId>(n, 1); }
inline WorkspaceId ws(std::uint64_t n = 1) { return id_of<WorkspaceId>(n, 2); }
inline CampaignId cmp(std::uint64_t n = 1) { return id_of<CampaignId>(n, 3); }
inline NumberId num(std::uint64_t n = 1) { return id_of<NumberId>(n, 4); }
inline ConnectionId con(std::uint64_t n = 1) { return id_of<ConnectionId>(n, 5); }
inline MemberId mem(std::uint64_t n = 1) { return id_of<MemberId>(n, 6); }
inline KeyId key(std::uint64_t n = 1) { return id_of<KeyId>(n, 7); }

/// A log of commits with gaps between them, as claims and other accounts leave.
class Log {
 public:
  /// Each call is one commit, a second after the one before. An erasure in it makes unreadable what was
  /// sealed for its subjects, in all that was committed before.
  void commit(std::vector<Event> events, AccountId account = acc());
  [[nodiscard]] std::uint64_t end() const { return x_end; }
  /// At most `per_batch` commits at a time, each counted as 100 bytes.
  [[nodiscard]] CommitReader reader(std::size_t per_batch = 7) const;
  [[nodiscard]] CommitBatch batch(std::uint64_t from, std::size_t per_batch) const;
  [[nodiscard]] const std::vector<PlacedCommit>& commits() const { return x_commits; }
  [[nodiscard]] Timestamp now() const { return x_now; }

 private:
  void forget(const std::vector<std::string>& subjects);
  std::vector<PlacedCommit> x_commits;
  std::uint64_t x_end = 0;
  std::map<AccountId, std::uint64_t> x_sequence;
  Timestamp x_now{1'700'000'000'000};
};

/// A log, a store in memory, a runner of all views.
class World {
 public:
  explicit World(ViewSet views = all_views()) : x_views(std::move(views)) { open(); }
  /// Appends a commit and folds it.
  World& given(std::vector<Event> events, AccountId account = acc());
  /// Appends a commit and leaves it for later.
  void behind(std::vector<Event> events) { log.commit(std::move(events)); }
  void open();
  void catch_up() { REQUIRE(runner->catch_up(log.reader()).has_value()); }
  [[nodiscard]] Sight sight() const { return runner->sight(); }
  /// Each view is what a rebuild of it would be; tells the first differences.
  void check_verified() const;

  Log log;
  std::unique_ptr<MemoryRowStore> store = std::make_unique<MemoryRowStore>();  // the runner points to it
  std::unique_ptr<ViewRunner> runner;
  std::string epoch = "epoch one";

 private:
  ViewSet x_views;
};

// Events with the usual values filled in.
numbers::Imported imported(std::uint64_t n, const std::string& e164, std::optional<std::string> label = {},
                           WorkspaceId workspace = ws());
numbers::TransferredIn transferred_in(const numbers::Imported& number, WorkspaceId workspace,
                                      ConnectionId connection);
campaigns::Created campaign(std::uint64_t n, const std::string& name,
                            campaigns::Type type = campaigns::Type::static_, WorkspaceId workspace = ws());
inline numbers::Assigned assigned(std::uint64_t n, std::uint64_t campaign,
                                  std::optional<std::uint64_t> from = {}) {
  return {num(n), ws(), cmp(campaign), from ? std::optional(cmp(*from)) : std::nullopt, {}};
}
inline numbers::Unassigned unassigned(std::uint64_t n, std::uint64_t from) {
  return {num(n), ws(), cmp(from), {}};
}

}  // namespace ringledger::test
