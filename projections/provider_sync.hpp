// `provider_sync.v1`: the reconciler's work list: the numbers whose provider's side is not yet what was
// asked for, by account and connection. It is a fold, so deleting it neither repeats nor forgets work.
#pragma once

#include "projections/page.hpp"

namespace ringledger {

struct SyncRow {
  AccountId account;
  numbers::Number number;
  RL_FIELDS(SyncRow, account, number);
};

struct ProviderSyncView {
  static constexpr std::string_view name = "provider_sync.v1";
  using Row = SyncRow;
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
/// Numbers of a connection with work, ordered by id, after `after`, at most `limit`.
Result<std::vector<SyncRow>> work_list(const Rows<ProviderSyncView>& sync, const SyncPlace& place,
                                       std::size_t limit, NumberId after = {});
/// nullopt: nothing is to be done for it (any more).
Result<std::optional<SyncRow>> work_for(const Rows<ProviderSyncView>& sync, AccountId account,
                                        NumberId number);
/// Numbers of the account with work.
std::uint64_t work_count(const ViewReader& sync, AccountId account);

}  // namespace ringledger
