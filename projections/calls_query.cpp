// The list of calls: which indexes are read, what is passed over, what is counted.
#include "projections/calls_query.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "projections/merged_scan.hpp"

namespace ringledger {
namespace {

using namespace calls_index;

constexpr std::size_t most_indexes = 500;  ///< that are read together

/// A filter of one facet: its values as the index writes them.
struct Filter {
  CallFacet facet;
  std::vector<std::string> values;
  [[nodiscard]] bool matches(const CallSummary& call) const {
    auto value = value_of(call, facet);
    return value && std::ranges::find(values, *value) != values.end();
  }
};

template <class T>
void add_filter(std::vector<Filter>& all, CallFacet facet, const std::vector<T>& wanted, auto&& text) {
  if (wanted.empty()) return;
  Filter filter{facet, {}};
  for (const auto& w : wanted) filter.values.push_back(text(w));
  std::ranges::sort(filter.values);
  auto doubles = std::ranges::unique(filter.values);
  filter.values.erase(doubles.begin(), doubles.end());
  all.push_back(std::move(filter));
}

/// What is read: the calls of some indexes, in one order.
struct Plan {
  std::vector<std::string> indexes;
  std::int64_t entries = 0;
};

class CallList {
 public:
  CallList(const Rows<CallsView>& rows, const CallsQuery& query)
      : x_rows(rows), x_query(query), x_sought{lower_ascii(query.search), digits_of(query.search)} {
    auto raw = [](const auto& id) { return KeyBuilder().id(id).done(); };
    add_filter(x_filters, CallFacet::campaign, query.campaigns, raw);
    add_filter(x_filters, CallFacet::number, query.numbers, raw);
    add_filter(x_filters, CallFacet::outcome, query.outcomes,
               [](calls::Outcome o) { return std::string(boost::describe::enum_to_string(o, "")); });
    add_filter(x_filters, CallFacet::from, query.from, [](const std::string& f) { return f; });
    add_filter(x_filters, CallFacet::contact, query.contacts, raw);
    x_plan = cheapest();
  }

  Result<Page<CallRow>> answer() {
    if (auto ok = check_page(x_query.page); !ok) return std::unexpected(ok.error());
    auto rest = after_cursor();
    if (!rest) return std::unexpected(rest.error());
    auto page = walk(*rest);
    if (!page) return page;
    std::tie(page->total, page->total_exact) = total();
    return page;
  }

 private:
  [[nodiscard]] Plan plan_of(std::vector<std::string> indexes) const {
    Plan plan{std::move(indexes), 0};
    for (const auto& index : plan.indexes) plan.entries += x_rows.counter(index);
    return plan;
  }

  /// The filter, or the search, that leaves the fewest calls to look at; without any, all.
  [[nodiscard]] Plan cheapest() const {
    auto best = plan_of({all(x_query.workspace)});
    auto offer = [&](Plan plan) {
      if (plan.entries <= best.entries) best = std::move(plan);
    };
    for (const auto& f : x_filters) {
      if (f.values.size() > most_indexes) continue;
      std::vector<std::string> indexes;
      for (const auto& value : f.values) indexes.push_back(having(x_query.workspace, f.facet, value));
      offer(plan_of(std::move(indexes)));
    }
    if (x_sought.text.empty()) return best;
    auto known = searched_indexes(x_rows, x_query.workspace, x_sought, most_indexes);
    if (known) offer(plan_of(std::move(*known)));
    return best;
  }

  [[nodiscard]] std::string list_name() const {
    return all(x_query.workspace) + (x_query.descending ? "-" : "+");
  }

  /// The time that is asked for.
  [[nodiscard]] ScanBounds asked_time() const {
    ScanBounds bounds;
    if (x_query.started_from) bounds.from = KeyBuilder().i64(x_query.started_from->ms).done();
    if (x_query.started_to) bounds.to = KeyBuilder().i64(x_query.started_to->ms + 1).done();
    return bounds;
  }

  /// Of it: what comes after the cursor.
  [[nodiscard]] Result<ScanBounds> after_cursor() const {
    auto bounds = asked_time();
    if (x_query.page.cursor.empty()) return bounds;
    auto after = read_cursor(list_name(), x_query.page.cursor);
    if (!after) return std::unexpected(after.error());
    if (!x_query.descending)
      bounds.from = std::max(bounds.from, *after + '\0');
    else if (!bounds.to || *after < *bounds.to)
      bounds.to = *after;
    return bounds;
  }

  std::optional<CallSummary> match(std::string_view value) {
    CallSummary call;
    if (!row_codec::take(value, call) || !value.empty()) {
      x_error = Error{Code::internal, "calls.v1: an entry that cannot be read", ""};
      return std::nullopt;
    }
    bool all = std::ranges::all_of(x_filters, [&](const Filter& f) { return f.matches(call); });
    return all && x_sought.in(call) ? std::optional(std::move(call)) : std::nullopt;
  }

  void scan(const ScanBounds& bounds, const MergedVisit& visit) const {
    merged_scan(x_rows, x_plan.indexes, bounds, x_query.descending, visit);
  }

  /// A page that would cost too much is cut short: its cursor goes on behind what was looked at.
  Result<Page<CallRow>> walk(const ScanBounds& bounds) {
    std::vector<CallSummary> shown;
    std::string at;
    std::size_t looked_at = 0;
    bool more = false;
    auto skip = x_query.page.skip;
    scan(bounds, [&](std::string_view order, std::string_view value) {
      more = shown.size() == x_query.page.limit || looked_at++ == x_query.look_at_most;
      if (more) return false;
      auto call = match(value);
      at = order;
      if (call && skip > 0)
        --skip;
      else if (call)
        shown.push_back(std::move(*call));
      return !x_error;
    });
    if (x_error) return std::unexpected(*x_error);
    auto page = rows_of(shown);
    if (page && more) page->next_cursor = make_cursor(list_name(), at);
    return page;
  }

  Result<Page<CallRow>> rows_of(const std::vector<CallSummary>& shown) {
    Page<CallRow> page;
    for (const auto& s : shown) {
      auto row = find_call(x_rows, x_query.workspace, s.call);
      if (!row) return std::unexpected(row.error());
      if (!*row) return fail(Code::internal, "calls.v1: no row for " + s.call.to_string());
      page.items.push_back(std::move(**row));
    }
    return page;
  }

  std::pair<std::uint64_t, bool> total() {
    bool timed = x_query.started_from || x_query.started_to;
    if (x_query.search.empty() && !timed && x_filters.size() <= 1)
      return {static_cast<std::uint64_t>(x_plan.entries), true};
    return count_matches();
  }

  std::pair<std::uint64_t, bool> count_matches() {
    std::uint64_t n = 0;
    std::size_t looked_at = 0;
    bool whole = true;
    scan(asked_time(), [&](std::string_view, std::string_view value) {
      whole = n < count_to && looked_at++ < x_query.look_at_most;
      if (!whole) return false;
      if (match(value)) ++n;
      return !x_error;
    });
    return {n, whole};
  }

  const Rows<CallsView>& x_rows;
  const CallsQuery& x_query;
  const Sought x_sought;
  std::vector<Filter> x_filters;
  Plan x_plan;
  std::optional<Error> x_error;
};

}  // namespace

Result<Page<CallRow>> list_calls(const Rows<CallsView>& rows, const CallsQuery& query) {
  return CallList(rows, query).answer();
}

}  // namespace ringledger
