#include "projections/history.hpp"

#include <algorithm>
#include <limits>

namespace ringledger {
namespace {

KeyBuilder entity_prefix(AccountId account, std::string_view entity) {
  KeyBuilder key;
  key.id(account).byte('e').text(entity);
  return key;
}

/// The value of an entity's entry: 1 ‖ workspace, or 0; then the type.
std::string value_of(const Event& event) {
  KeyBuilder value;
  auto workspace = workspace_of(event);
  value.byte(workspace ? '\1' : '\0');
  if (workspace) value.id(*workspace);
  return value.raw(type_of(event)).done();
}

HistoryPoint point_of(std::string_view place, std::string_view value) {
  KeyReader key(place);
  HistoryPoint point;
  point.offset = key.u64();
  point.index = key.u32();
  KeyReader text(value);
  if (text.byte() == '\1') point.workspace = text.as<WorkspaceId>();
  point.type = std::string(text.rest());
  return point;
}

bool shown(const HistoryPoint& point, const HistoryQuery& query) {
  bool of_people = point.type.starts_with("call.") || point.type.starts_with("message.");
  if (of_people && !query.people) return false;
  if (!point.workspace) return query.unplaced || query.workspaces.empty();
  return query.workspaces.empty() || std::find(query.workspaces.begin(), query.workspaces.end(),
                                               *point.workspace) != query.workspaces.end();
}

std::string end_of_range(KeyBuilder prefix, std::uint64_t to) {
  if (to == std::numeric_limits<std::uint64_t>::max()) return after_prefix(prefix.view());
  return prefix.u64(to + 1).done();
}

}  // namespace

std::vector<Entry> HistoryView::entries(const Fact& fact) {
  std::vector<Entry> out;
  auto index = static_cast<std::uint32_t>(fact.index);
  auto value = value_of(fact.event);
  for (const auto& entity : entities_of(fact.event)) {
    out.push_back({entity_prefix(fact.commit.account, entity).u64(fact.offset).u32(index).done(), value});
  }
  if (fact.index == 0) {
    auto count = static_cast<std::uint32_t>(fact.commit.events.size());
    out.push_back({KeyBuilder().id(fact.commit.account).byte('p').u64(fact.offset).done(),
                   KeyBuilder().u64(fact.commit.first_sequence).u32(count).done()});
  }
  return out;
}

Result<Page<HistoryPoint>> history_of(const ViewReader& history, const HistoryQuery& query) {
  if (auto ok = check_page(query.page); !ok) return std::unexpected(ok.error());
  auto prefix = entity_prefix(query.account, query.entity).done();
  auto to = after_prefix(prefix);
  if (!query.page.cursor.empty()) {
    auto before = read_cursor(prefix, query.page.cursor);
    if (!before) return std::unexpected(before.error());
    to = prefix + *before;
  }
  Page<HistoryPoint> out;
  auto skip = query.page.skip;
  std::string last;
  history.scan(index_space, prefix, to, true, [&](std::string_view key, std::string_view value) {
    auto point = point_of(key.substr(prefix.size()), value);
    if (!shown(point, query)) return true;
    if (skip > 0) {
      --skip;
      return true;
    }
    if (out.items.size() == query.page.limit) {
      out.next_cursor = make_cursor(prefix, last);
      return false;
    }
    last = key.substr(prefix.size());
    out.items.push_back(std::move(point));
    return true;
  });
  history.scan_prefix(index_space, prefix, true, [&](std::string_view key, std::string_view value) {
    out.total_exact = out.total < count_to;
    if (out.total_exact && shown(point_of(key.substr(prefix.size()), value), query)) ++out.total;
    return out.total_exact;
  });
  return out;
}

std::vector<FeedPoint> feed_of(const ViewReader& history, AccountId account, std::uint64_t from,
                               std::uint64_t to, std::size_t limit) {
  KeyBuilder prefix;
  prefix.id(account).byte('p');
  auto start = KeyBuilder(prefix.view()).u64(from).done();
  std::vector<FeedPoint> out;
  if (limit == 0) return out;
  history.scan(index_space, start, end_of_range(prefix, to), false,
               [&](std::string_view key, std::string_view value) {
                 KeyReader v(value);
                 FeedPoint point{KeyReader(key.substr(prefix.view().size())).u64(), v.u64(), 0};
                 point.count = v.u32();
                 out.push_back(point);
                 return out.size() < limit;
               });
  return out;
}

std::uint64_t feed_count(const ViewReader& history, AccountId account, std::uint64_t from, std::uint64_t to) {
  auto first = feed_of(history, account, from, to, 1);
  if (first.empty()) return 0;
  KeyBuilder prefix;
  prefix.id(account).byte('p');
  auto start = KeyBuilder(prefix.view()).u64(from).done();
  std::uint64_t past = 0;  // the sequence after the last event
  history.scan(index_space, start, end_of_range(prefix, to), true,
               [&](std::string_view, std::string_view value) {
                 KeyReader v(value);
                 auto last = v.u64();
                 past = last + v.u32();
                 return false;
               });
  return past - first.front().first_sequence;
}

std::vector<HistoryPoint> feed_of_entity(const ViewReader& history, AccountId account,
                                         const std::string& entity, std::uint64_t from, std::uint64_t to,
                                         std::size_t limit) {
  auto prefix = entity_prefix(account, entity);
  auto start = KeyBuilder(prefix.view()).u64(from).done();
  std::vector<HistoryPoint> out;
  if (limit == 0) return out;
  history.scan(index_space, start, end_of_range(prefix, to), false,
               [&](std::string_view key, std::string_view value) {
                 out.push_back(point_of(key.substr(prefix.view().size()), value));
                 return out.size() < limit;
               });
  return out;
}

}  // namespace ringledger
