// `provider_sync.v2`: the reconciler's work list: the numbers whose provider's side is not yet what was
// asked for, by account and connection. It is a fold, so deleting it neither repeats nor forgets work.
//
// Work waits in the order in which it came up, and again at the end after each outcome: whoever reads on
// from where he stood meets what is new, and not the tombstones of all that was done since the last flush.
//   account ‖ connection ‖ since ‖ number -> row key
// Counters: account ‖ connection: its numbers with work, so that connections without any are not there.
//
// And, of no account, every number whose hooks at the provider are ours:
//   connection ‖ the public URL that they name ‖ number
#pragma once

#include "projections/page.hpp"

namespace ringledger {

/// The commit that asked something of the provider: what comes of it continues its trace.
struct Wish {
  CommitId commit;
  std::string trace;  ///< its traceparent
  RL_FIELDS(Wish, commit, trace);
};

struct SyncRow {
  AccountId account;
  numbers::Number number;
  std::uint64_t since = 0;  ///< the offset from which on it waits for its turn; 0: no work
  Wish wish{};              ///< the latest one; empty: no work
  RL_FIELDS(SyncRow, account, number, since, wish);
};

struct ProviderSyncView {
  static constexpr std::string_view name = "provider_sync.v2";
  using Row = SyncRow;
  static constexpr std::string_view entry_layout = "by turn, and by the public URL of hooks";
  static std::vector<std::string> keys(const Fact& fact);
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view key);
  static std::vector<Entry> indexes(const Row& row);
  static Counters counters(const Row& row);
};

enum class SyncWork { none, update, release };
/// What the provider is still to be asked: `release` for a deleted number to be given up, `update` for
/// a revision of `wanted` it has not; nothing after it refused for good or has the number no more.
SyncWork work_of(const numbers::Number& number);

struct SyncPlace {
  AccountId account;
  ConnectionId connection;
  auto operator<=>(const SyncPlace&) const = default;
};
/// Connections with work, after `after`, at most `limit`.
std::vector<SyncPlace> connections_with_work(const ViewReader& sync, std::size_t limit,
                                             std::optional<SyncPlace> after = {});
/// Where a number stands among those of its connection with work.
struct SyncTurn {
  std::uint64_t since = 0;
  NumberId number;
  auto operator<=>(const SyncTurn&) const = default;
};
inline SyncTurn turn_of(const SyncRow& row) { return {row.since, row.number.id}; }
/// Numbers of a connection with work, in turn, after `after`, at most `limit`.
Result<std::vector<SyncRow>> work_list(const Rows<ProviderSyncView>& sync, const SyncPlace& place,
                                       std::size_t limit, std::optional<SyncTurn> after = {});
/// nullopt: nothing is to be done for it (any more).
Result<std::optional<SyncRow>> work_for(const Rows<ProviderSyncView>& sync, AccountId account,
                                        NumberId number);
/// Rows of all numbers, also those without work, in the order of accounts: those behind `after`, at most
/// `limit`.
struct SyncKey {
  AccountId account;
  NumberId number;
};
Result<std::vector<SyncRow>> numbers_after(const Rows<ProviderSyncView>& sync, std::optional<SyncKey> after,
                                           std::size_t limit);
/// The public URLs that hooks of the connection's numbers name at the provider, which signs what it posts
/// there: today's and, until each number is rewritten, those before. At most `limit`.
Result<std::vector<std::string>> bases_of_hooks(const Rows<ProviderSyncView>& sync, ConnectionId connection,
                                                std::size_t limit);
/// Numbers with work of the account, and of one connection.
std::uint64_t work_count(const ViewReader& sync, AccountId account);
std::uint64_t work_count(const ViewReader& sync, const SyncPlace& place);

}  // namespace ringledger
