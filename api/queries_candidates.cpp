// The numbers of a connection's provider account, to choose from for an import.
#include <algorithm>
#include <list>
#include <mutex>

#include "api/query_operation.hpp"
#include "commands/number_parts.hpp"
#include "projections/connections.hpp"
#include "projections/inventory_query.hpp"

namespace ringledger {
namespace {

using Candidates = std::shared_ptr<const std::vector<numbers::ProviderNumber>>;  ///< in the order of E.164

/// What providers listed lately, so that paging asks them once. Thread-safe. Bounded in accounts and in
/// numbers held; the oldest go first.
class CandidateCache {
 public:
  static constexpr std::int64_t fresh_ms = 60'000;
  static constexpr std::size_t most_lists = 64, most_numbers = 100'000;

  Candidates find(AccountId account, ConnectionId connection, std::int64_t now_ms) {
    std::lock_guard hold(x_mutex);
    std::erase_if(x_lists, [&](const Listed& l) { return now_ms - l.at_ms >= fresh_ms; });
    for (const auto& l : x_lists) {
      if (l.account == account && l.connection == connection) return l.numbers;
    }
    return nullptr;
  }

  void put(AccountId account, ConnectionId connection, std::int64_t now_ms, Candidates numbers) {
    std::lock_guard hold(x_mutex);
    std::erase_if(x_lists,
                  [&](const Listed& l) { return l.account == account && l.connection == connection; });
    x_lists.push_back({account, connection, now_ms, std::move(numbers)});
    std::size_t held = 0;
    for (const auto& l : x_lists) held += l.numbers->size();
    while (x_lists.size() > 1 && (x_lists.size() > most_lists || held > most_numbers)) {
      held -= x_lists.front().numbers->size();
      x_lists.pop_front();
    }
  }

 private:
  struct Listed {
    AccountId account;
    ConnectionId connection;
    std::int64_t at_ms = 0;
    Candidates numbers;
  };
  std::mutex x_mutex;
  std::list<Listed> x_lists;
};

BOOST_DEFINE_ENUM_CLASS(ImportStatus, available, imported, imported_elsewhere)

struct ListImportCandidates {
  static constexpr std::string_view operation = "ListImportCandidates";
  static constexpr std::string_view summary =
      "Every number of the connection's provider account, and whether it is imported";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/connections/{connection}/numbers"};
  static constexpr Access access = needs("numbers.create");
  static constexpr std::size_t cost = 5;
  static constexpr bool asks_provider = true;
  WorkspaceId workspace;
  ConnectionId connection;
  std::optional<bool> refresh;  ///< true: ask the provider again; else an answer of the last minute will do
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListImportCandidates, (),
                       (workspace, connection, refresh, limit, cursor, page, per_page), (), ())

  struct Row {
    /// As the provider has them; null where there is none (IMP-12).
    struct Webhooks {
      std::optional<std::string> voice_url, voice_method, voice_fallback_url, voice_application_sid,
          trunk_sid, status_callback, sms_url, sms_application_sid;
      BOOST_DESCRIBE_CLASS(Webhooks, (),
                           (voice_url, voice_method, voice_fallback_url, voice_application_sid, trunk_sid,
                            status_callback, sms_url, sms_application_sid),
                           (), ())
    };
    E164 e164;
    std::string sid;
    std::optional<std::string> label;  ///< its name there
    numbers::Capabilities capabilities;
    numbers::NumberType number_type{};
    Webhooks webhooks;
    ImportStatus import_status{};
    std::optional<NumberRef> number;  ///< when it is in this workspace's inventory
    BOOST_DESCRIBE_CLASS(Row, (),
                         (e164, sid, label, capabilities, number_type, webhooks, import_status, number), (),
                         ())
  };
  std::shared_ptr<CandidateCache> cache;  ///< not of the request
};

Refusal refusal_of(const CarrierFailure& failure) {
  using Kind = CarrierFailure::Kind;
  Refusal r;
  bool unavailable = failure.kind == Kind::unavailable;
  r.code = unavailable ? Code::provider_unavailable : Code::provider_refused;
  r.detail =
      (unavailable ? "The provider did not answer: " : "The provider refused: ") + failure.error.message;
  r.provider = failure.error;
  return r;
}

std::expected<Candidates, Refusal> candidates_of(const ListImportCandidates& q, const Asked& asked) {
  auto now_ms = asked.ports->clock->monotonic_ms();
  auto known = q.refresh.value_or(false) ? nullptr : q.cache->find(asked.account(), q.connection, now_ms);
  if (known) return known;
  auto facts = asked.ports->list_candidates(asked.account(), q.connection);
  if (facts.failure) return std::unexpected(refusal_of(*facts.failure));
  std::sort(facts.numbers.begin(), facts.numbers.end(),
            [](const auto& a, const auto& b) { return a.e164 < b.e164; });
  auto listed = std::make_shared<const std::vector<numbers::ProviderNumber>>(std::move(facts.numbers));
  q.cache->put(asked.account(), q.connection, now_ms, listed);
  return listed;
}

Result<ListImportCandidates::Row> row_of(const numbers::ProviderNumber& n, WorkspaceId workspace,
                                         const Asked& asked, const Rows<InventoryView>& inventory) {
  auto unless_empty = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  const auto& h = n.settings.hooks;
  ListImportCandidates::Row row;
  row.e164 = n.e164;
  row.sid = n.sid;
  row.label = unless_empty(n.settings.friendly_name);
  row.capabilities = n.capabilities;
  row.number_type = n.number_type;
  row.webhooks = {unless_empty(h.voice_url),
                  unless_empty(h.voice_method),
                  unless_empty(h.voice_fallback_url),
                  unless_empty(h.voice_application_sid),
                  unless_empty(h.trunk_sid),
                  unless_empty(h.status_callback),
                  unless_empty(h.sms_url),
                  unless_empty(h.sms_application_sid)};
  auto ours = find_in_account(inventory, asked.account(), n.e164);
  if (!ours) return std::unexpected(ours.error());
  if (!*ours || !(*ours)->number.visible()) return row;
  bool here = (*ours)->number.workspace == workspace;
  row.import_status = here ? ImportStatus::imported : ImportStatus::imported_elsewhere;
  if (here) row.number = NumberRef{(*ours)->number.id, n.e164};
  return row;
}

QueryAnswer answer(const ListImportCandidates& q, const Asked& asked) {
  auto request = page_request(q);
  if (!request) return std::unexpected(request.error());
  auto connection = find_connection(asked.ctx.sight.of<ConnectionsView>(), q.workspace, q.connection);
  if (!connection) return refused(connection.error());
  if (!*connection) return no_such_thing();
  std::string list = "candidates" + q.connection.to_string(), after;
  if (!request->cursor.empty()) {
    auto read = read_cursor(list, request->cursor);
    if (!read) return refused(read.error());
    after = std::move(*read);
  }
  auto all = candidates_of(q, asked);
  if (!all) return std::unexpected(all.error());
  auto from = std::upper_bound((*all)->begin(), (*all)->end(), after,
                               [](const std::string& a, const auto& n) { return a < n.e164.text; });
  from += std::min((*all)->end() - from, static_cast<std::ptrdiff_t>(request->skip));
  auto to = from + std::min((*all)->end() - from, static_cast<std::ptrdiff_t>(request->limit));
  Page<ListImportCandidates::Row> shown;
  shown.total = (*all)->size();
  if (to != (*all)->end()) shown.next_cursor = make_cursor(list, std::prev(to)->e164.text);
  auto inventory = asked.ctx.sight.of<InventoryView>();
  for (auto at = from; at != to; ++at) {
    auto row = row_of(*at, q.workspace, asked, inventory);
    if (!row) return refused(row.error());
    shown.items.push_back(std::move(*row));
  }
  return list_answer(shown, asked, [](const auto& row) -> const ListImportCandidates::Row& { return row; });
}

}  // namespace

std::vector<Operation> candidate_queries(const QueryPortsPtr& ports) {
  auto op = query<ListImportCandidates>(ports);
  op.query = [ports, cache = std::make_shared<CandidateCache>()](const Call& call,
                                                                 const QueryContext& ctx) -> QueryAnswer {
    auto q = reading::read<ListImportCandidates>(call, false);
    if (!q) return std::unexpected(q.error());
    q->cache = cache;
    return if_readable(answer(*q, Asked{call, ctx, ports}), ctx);
  };
  return {std::move(op)};
}

}  // namespace ringledger
