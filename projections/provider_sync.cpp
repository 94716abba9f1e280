#include "projections/provider_sync.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event, calls::Event, sessions::Event, contacts::Event, messages::Event>;

/// What ends a number's turn, whether it has work still or not.
using Outcomes = std::variant<numbers::Released, numbers::ReleaseFailed, numbers::ProviderSynced,
                              numbers::ProviderFailed, numbers::ProviderDelayed, numbers::CnamRefused>;

std::string key_of(AccountId account, NumberId number) { return KeyBuilder().id(account).id(number).done(); }
std::string place_key(const SyncPlace& place) {
  return KeyBuilder().id(place.account).id(place.connection).done();
}
std::string turn_key(const SyncPlace& place, const SyncTurn& turn) {
  return KeyBuilder(place_key(place)).u64(turn.since).id(turn.number).done();
}
/// Of no account.
std::string hooks_prefix(ConnectionId connection) {
  return KeyBuilder().id(AccountId{}).id(connection).done();
}
bool has_work(const SyncRow& row) { return work_of(row.number) != SyncWork::none; }
SyncPlace place_of(const SyncRow& row) { return {row.account, row.number.connection}; }

/// Those that a scan named; an error too when the scan could not read all.
Result<std::vector<SyncRow>> rows_at(const Rows<ProviderSyncView>& sync,
                                     const std::vector<std::string>& keys) {
  std::vector<SyncRow> out;
  for (const auto& key : keys) {
    auto row = sync.row(key);
    if (!row) return std::unexpected(row.error());
    if (*row) out.push_back(std::move(**row));
  }
  if (auto healthy = sync.health(); !healthy) return std::unexpected(healthy.error());
  return out;
}

}  // namespace

SyncWork work_of(const numbers::Number& n) {
  if (n.release_pending) return n.release_refused ? SyncWork::none : SyncWork::release;
  if (n.deleted || n.wanted_revision == n.synced_revision) return SyncWork::none;
  return n.given_up() ? SyncWork::none : SyncWork::update;
}

std::vector<std::string> ProviderSyncView::keys(const Fact& fact) {
  return on_event<Others>(fact.event, std::vector<std::string>(), [&](const auto& e) {
    return std::vector<std::string>{key_of(fact.commit.account, e.number)};
  });
}

Projected<SyncRow> ProviderSyncView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt), [&](const auto& e) -> Projected<Row> {
    Row before = row ? std::move(*row) : Row{};
    auto connection = before.number.connection;
    auto revision = before.number.wanted_revision;
    bool waited = row && has_work(before);
    auto state = row ? std::optional(std::move(before.number)) : std::nullopt;
    auto after = numbers::evolve(std::move(state), e, fact.at());
    if (!after) return impossible(fact.event, "the number " + e.number.to_string());
    Row now{fact.commit.account, std::move(*after), 0, {}};
    if (!has_work(now)) return now;
    constexpr bool turn_over = in_variant<std::remove_cvref_t<decltype(e)>, Outcomes>;
    bool waits_on = waited && now.number.connection == connection && !turn_over;
    now.since = waits_on ? before.since : fact.offset;
    bool wished = !row || now.number.wanted_revision != revision;
    now.wish = wished ? Wish{fact.commit.id, fact.commit.trace} : std::move(before.wish);
    return now;
  });
}

std::vector<Entry> ProviderSyncView::indexes(const Row& row) {
  std::vector<Entry> entries;
  const auto& n = row.number;
  if (has_work(row)) entries.push_back({turn_key(place_of(row), turn_of(row)), key_of(row.account, n.id)});
  if (n.deleted) return entries;
  for (const auto& base : numbers::bases_of_our_hooks(n.actual.hooks, n.connection))
    entries.push_back({KeyBuilder(hooks_prefix(n.connection)).text(base).id(n.id).done(), ""});
  return entries;
}

Counters ProviderSyncView::counters(const Row& row) {
  if (!has_work(row)) return {};
  return {{place_key(place_of(row)), 1}};
}

std::vector<SyncPlace> connections_with_work(const ViewReader& sync, std::size_t limit,
                                             std::optional<SyncPlace> after) {
  std::vector<SyncPlace> out;
  if (limit == 0) return out;
  auto from = after ? place_key(*after) + '\0' : std::string();
  sync.scan(counter_space, from, "", false, [&](std::string_view key, std::string_view) {
    KeyReader reader(key);
    auto account = reader.as<AccountId>();
    out.push_back({account, reader.as<ConnectionId>()});
    return out.size() < limit;
  });
  return out;
}

Result<std::vector<SyncRow>> work_list(const Rows<ProviderSyncView>& sync, const SyncPlace& place,
                                       std::size_t limit, std::optional<SyncTurn> after) {
  auto prefix = place_key(place);
  auto from = after ? turn_key(place, *after) + '\0' : prefix;
  std::vector<std::string> keys;
  if (limit == 0) return std::vector<SyncRow>();
  sync.scan(index_space, from, after_prefix(prefix), false, [&](std::string_view, std::string_view key) {
    keys.emplace_back(key);
    return keys.size() < limit;
  });
  return rows_at(sync, keys);
}

Result<std::optional<SyncRow>> work_for(const Rows<ProviderSyncView>& sync, AccountId account,
                                        NumberId number) {
  auto row = sync.row(key_of(account, number));
  if (row && *row && !has_work(**row)) row->reset();
  return row;
}

Result<std::vector<SyncRow>> numbers_after(const Rows<ProviderSyncView>& sync, std::optional<SyncKey> after,
                                           std::size_t limit) {
  std::vector<std::string> keys;
  auto from = after ? key_of(after->account, after->number) + '\0' : std::string();
  sync.scan(row_space, from, "", false, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return keys.size() < limit;
  });
  return rows_at(sync, keys);
}

Result<std::vector<std::string>> bases_of_hooks(const Rows<ProviderSyncView>& sync, ConnectionId connection,
                                                std::size_t limit) {
  std::vector<std::string> bases;
  auto prefix = hooks_prefix(connection), from = prefix;
  for (bool more = true; more && bases.size() < limit;) {  // a seek per public URL, however many numbers
    more = false;
    sync.scan(index_space, from, after_prefix(prefix), false, [&](std::string_view key, std::string_view) {
      bases.push_back(KeyReader(key.substr(prefix.size())).text());
      more = true;
      return false;
    });
    if (more) from = after_prefix(KeyBuilder(prefix).text(bases.back()).done());
  }
  if (auto healthy = sync.health(); !healthy) return std::unexpected(healthy.error());
  return bases;
}

std::uint64_t work_count(const ViewReader& sync, AccountId account) {
  std::int64_t n = 0;
  sync.scan_prefix(counter_space, KeyBuilder().id(account).view(), false,
                   [&](std::string_view, std::string_view value) {
                     n += KeyReader(value).i64();
                     return true;
                   });
  return static_cast<std::uint64_t>(n);
}

std::uint64_t work_count(const ViewReader& sync, const SyncPlace& place) {
  return static_cast<std::uint64_t>(sync.counter(place_key(place)));
}

}  // namespace ringledger
