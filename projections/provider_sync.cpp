#include "projections/provider_sync.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event>;

std::string key_of(AccountId account, NumberId number) { return KeyBuilder().id(account).id(number).done(); }

}  // namespace

SyncWork work_of(const numbers::Number& n) {
  using State = numbers::ProviderState;
  bool refused = n.provider_error_code != 0 || !n.provider_error_message.empty();
  if (n.release_pending) return refused ? SyncWork::none : SyncWork::release;
  if (n.deleted || n.wanted_revision == n.synced_revision) return SyncWork::none;
  bool given_up = n.provider_state == State::failed || n.provider_state == State::gone;
  return given_up ? SyncWork::none : SyncWork::update;
}

std::vector<std::string> ProviderSyncView::keys(const Fact& fact) {
  return on_event<Others>(fact.event, std::vector<std::string>(), [&](const auto& e) {
    return std::vector<std::string>{key_of(fact.commit.account, e.number)};
  });
}

Projected<SyncRow> ProviderSyncView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt), [&](const auto& e) -> Projected<Row> {
    std::optional<numbers::Number> before;
    if (row) before = std::move(row->number);
    auto after = numbers::evolve(std::move(before), e, fact.at());
    if (!after) return impossible(fact.event, "the number " + e.number.to_string());
    return Row{fact.commit.account, std::move(*after)};
  });
}

std::vector<Entry> ProviderSyncView::indexes(const Row& row) {
  const auto& n = row.number;
  if (work_of(n) == SyncWork::none) return {};
  return {{KeyBuilder().id(row.account).id(n.connection).id(n.id).done(), key_of(row.account, n.id)}};
}

Counters ProviderSyncView::counters(const Row& row) {
  return {{KeyBuilder().id(row.account).done(), work_of(row.number) == SyncWork::none ? 0 : 1}};
}

std::vector<SyncPlace> connections_with_work(const ViewReader& sync, std::size_t limit,
                                             std::optional<SyncPlace> after) {
  std::vector<SyncPlace> out;
  while (out.size() < limit) {
    auto from =
        after ? after_prefix(KeyBuilder().id(after->account).id(after->connection).view()) : std::string();
    if (after && from.empty()) break;  // the very last possible place
    std::optional<SyncPlace> next;
    sync.scan(index_space, from, "", false, [&](std::string_view key, std::string_view) {
      KeyReader reader(key);
      auto account = reader.as<AccountId>();
      next = SyncPlace{account, reader.as<ConnectionId>()};
      return false;
    });
    if (!next) break;
    out.push_back(*next);
    after = next;
  }
  return out;
}

Result<std::vector<SyncRow>> work_list(const Rows<ProviderSyncView>& sync, const SyncPlace& place,
                                       std::size_t limit, NumberId after) {
  auto prefix = KeyBuilder().id(place.account).id(place.connection).done();
  auto from = after.empty() ? prefix : KeyBuilder(prefix).id(after).byte('\0').done();
  std::vector<std::string> keys;
  if (limit == 0) return std::vector<SyncRow>();
  sync.scan(index_space, from, after_prefix(prefix), false, [&](std::string_view, std::string_view key) {
    keys.emplace_back(key);
    return keys.size() < limit;
  });
  std::vector<SyncRow> out;
  for (const auto& key : keys) {
    auto row = sync.row(key);
    if (!row) return std::unexpected(row.error());
    if (*row) out.push_back(std::move(**row));
  }
  return out;
}

Result<std::optional<SyncRow>> work_for(const Rows<ProviderSyncView>& sync, AccountId account,
                                        NumberId number) {
  auto row = sync.row(key_of(account, number));
  if (row && *row && work_of((*row)->number) == SyncWork::none) row->reset();
  return row;
}

std::uint64_t work_count(const ViewReader& sync, AccountId account) {
  return static_cast<std::uint64_t>(sync.counter(KeyBuilder().id(account).view()));
}

}  // namespace ringledger
