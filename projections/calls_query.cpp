// The list of calls: which index is walked, what is passed over, what is counted.
#include "projections/calls_query.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "projections/blurred.hpp"

namespace ringledger {
namespace calls_index {

CallSummary summary_of(const CallRow& row) {
  const auto& c = row.call;
  return {c.id,          c.attribution.campaign,
          c.number,      calls::outcome_of(c),
          c.started_at,  c.from,
          c.caller_name, c.to,
          c.contact};
}

std::string all(WorkspaceId workspace) { return KeyBuilder().id(workspace).byte('s').done(); }

std::string having(WorkspaceId workspace, CallFacet facet, std::string_view value) {
  auto key = KeyBuilder().id(workspace).byte(static_cast<char>(facet));
  return key.text(facet == CallFacet::from ? blurred(value) : std::string(value)).done();
}

std::optional<std::string> value_of(const CallSummary& c, CallFacet facet) {
  auto bytes = [](const auto& id) { return id ? std::optional(KeyBuilder().id(*id).done()) : std::nullopt; };
  switch (facet) {
    case CallFacet::campaign:
      return bytes(c.campaign);
    case CallFacet::number:
      return bytes(c.number);
    case CallFacet::outcome:
      if (!c.outcome) return std::nullopt;
      return boost::describe::enum_to_string(*c.outcome, "");
    case CallFacet::from:
      return c.from.clear();
    case CallFacet::contact:
      return bytes(c.contact);
  }
  return std::nullopt;
}

std::string order_of(Timestamp started_at, CallId call) {
  return KeyBuilder().i64(started_at.ms).id(call).done();
}

}  // namespace calls_index

namespace {

using namespace calls_index;

constexpr CallFacet facets[] = {CallFacet::campaign, CallFacet::number, CallFacet::outcome, CallFacet::from,
                                CallFacet::contact};
constexpr std::size_t count_scan_most = 100'000;  ///< entries looked at for a total

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

/// The counters of a contact's answered calls: how many, and the seconds they took.
std::pair<std::string, std::string> sums_of(WorkspaceId workspace, ContactId contact) {
  auto counter = [&](char what) { return KeyBuilder().id(workspace).byte(what).id(contact).done(); };
  return {counter('A'), counter('T')};
}

class CallList {
 public:
  CallList(const Rows<CallsView>& rows, const CallsQuery& query) : x_rows(rows), x_query(query) {
    auto raw = [](const auto& id) { return KeyBuilder().id(id).done(); };
    add_filter(x_filters, CallFacet::campaign, query.campaigns, raw);
    add_filter(x_filters, CallFacet::number, query.numbers, raw);
    add_filter(x_filters, CallFacet::outcome, query.outcomes,
               [](calls::Outcome o) { return std::string(boost::describe::enum_to_string(o, "")); });
    add_filter(x_filters, CallFacet::from, query.from, [](const std::string& f) { return f; });
    add_filter(x_filters, CallFacet::contact, query.contacts, raw);
    x_digits = digits_of(query.search);
    x_name_part = lower_ascii(query.search);
    x_index = walked();
  }

  Result<Page<CallRow>> answer() {
    if (auto ok = check_page(x_query.page); !ok) return std::unexpected(ok.error());
    auto range = bounds();
    if (!range) return std::unexpected(range.error());
    auto page = walk(range->first, range->second);
    if (!page) return page;
    std::tie(page->total, page->total_exact) = total();
    return page;
  }

 private:
  /// The index of the facet value with the fewest calls, when a filter has just one value; else that of all.
  [[nodiscard]] std::string walked() const {
    auto best = all(x_query.workspace);
    auto least = x_rows.counter(best);
    for (const auto& f : x_filters) {
      if (f.values.size() != 1) continue;
      auto index = having(x_query.workspace, f.facet, f.values.front());
      auto n = x_rows.counter(index);
      if (n > least) continue;
      best = std::move(index);
      least = n;
    }
    return best;
  }

  [[nodiscard]] std::string list_name() const {
    return all(x_query.workspace) + (x_query.descending ? "-" : "+");
  }

  using Stretch = std::pair<std::string, std::string>;
  /// Of the index: the time that is asked for.
  [[nodiscard]] Stretch asked_time() const {
    auto from = x_index, to = after_prefix(x_index);
    if (x_query.started_from) from = x_index + KeyBuilder().i64(x_query.started_from->ms).done();
    if (x_query.started_to) to = x_index + KeyBuilder().i64(x_query.started_to->ms + 1).done();
    return {from, std::max(from, to)};
  }

  /// Of it: what comes after the cursor.
  [[nodiscard]] Result<Stretch> bounds() const {
    auto [from, to] = asked_time();
    if (x_query.page.cursor.empty()) return Stretch(from, to);
    auto after = read_cursor(list_name(), x_query.page.cursor);
    if (!after) return std::unexpected(after.error());
    if (x_query.descending)
      to = std::min(to, x_index + *after);
    else
      from = std::max(from, x_index + *after + '\0');
    return Stretch(from, std::max(from, to));
  }

  [[nodiscard]] bool found(const CallSummary& call) const {
    if (x_query.search.empty()) return true;
    auto has_digits = [this](std::string_view number) {
      return !x_digits.empty() && digits_of(number).find(x_digits) != std::string::npos;
    };
    if (has_digits(call.to) || has_digits(call.from.clear().value_or(""))) return true;
    return lower_ascii(call.caller_name.clear().value_or("")).find(x_name_part) != std::string::npos;
  }

  std::optional<CallSummary> match(std::string_view value) {
    CallSummary call;
    if (!row_codec::take(value, call) || !value.empty()) {
      x_error = Error{Code::internal, "calls.v1: an entry that cannot be read", ""};
      return std::nullopt;
    }
    bool all = std::ranges::all_of(x_filters, [&](const Filter& f) { return f.matches(call); });
    return all && found(call) ? std::optional(std::move(call)) : std::nullopt;
  }

  Result<Page<CallRow>> walk(const std::string& from, const std::string& to) {
    std::vector<CallSummary> shown;
    bool more = false;
    auto skip = x_query.page.skip;
    x_rows.scan(index_space, from, to, x_query.descending, [&](std::string_view, std::string_view value) {
      auto call = match(value);
      if (!call) return !x_error;
      if (skip > 0) {
        --skip;
        return true;
      }
      more = shown.size() == x_query.page.limit;
      if (!more) shown.push_back(std::move(*call));
      return !more;
    });
    if (x_error) return std::unexpected(*x_error);
    return rows_of(shown, more);
  }

  Result<Page<CallRow>> rows_of(const std::vector<CallSummary>& shown, bool more) {
    Page<CallRow> page;
    for (const auto& s : shown) {
      auto row = find_call(x_rows, x_query.workspace, s.call);
      if (!row) return std::unexpected(row.error());
      if (!*row) return fail(Code::internal, "calls.v1: no row for " + s.call.to_string());
      page.items.push_back(std::move(**row));
    }
    if (more)
      page.next_cursor = make_cursor(list_name(), order_of(shown.back().started_at, shown.back().call));
    return page;
  }

  std::pair<std::uint64_t, bool> total() {
    bool timed = x_query.started_from || x_query.started_to;
    bool one = x_filters.size() == 1 && x_filters.front().values.size() == 1;
    if (x_query.search.empty() && !timed && (x_filters.empty() || one))
      return {static_cast<std::uint64_t>(x_rows.counter(x_index)), true};
    return count_matches();
  }

  std::pair<std::uint64_t, bool> count_matches() {
    std::uint64_t n = 0;
    std::size_t looked_at = 0;
    bool whole = true;
    auto [from, to] = asked_time();
    x_rows.scan(index_space, from, to, x_query.descending, [&](std::string_view, std::string_view value) {
      whole = n < count_to && looked_at++ < count_scan_most;
      if (!whole) return false;
      if (match(value)) ++n;
      return !x_error;
    });
    return {n, whole};
  }

  const Rows<CallsView>& x_rows;
  const CallsQuery& x_query;
  std::vector<Filter> x_filters;
  std::string x_digits, x_name_part, x_index;
  std::optional<Error> x_error;
};

}  // namespace

std::vector<Entry> CallsView::indexes(const Row& row) {
  auto summary = calls_index::summary_of(row);
  std::string value;
  row_codec::put(value, summary);
  auto order = order_of(summary.started_at, summary.call);
  std::vector<Entry> out{{all(row.call.workspace) + order, value}};
  for (auto facet : facets) {
    if (auto v = value_of(summary, facet))
      out.push_back({having(row.call.workspace, facet, *v) + order, value});
  }
  return out;
}

Counters CallsView::counters(const Row& row) {
  auto summary = calls_index::summary_of(row);
  Counters out{{all(row.call.workspace), 1}};
  for (auto facet : facets) {
    if (auto v = value_of(summary, facet)) out.emplace_back(having(row.call.workspace, facet, *v), 1);
  }
  if (summary.contact && summary.outcome == calls::Outcome::answered) {
    auto [answered, talked] = sums_of(row.call.workspace, *summary.contact);
    out.emplace_back(std::move(answered), 1);
    out.emplace_back(std::move(talked), row.call.duration_s.value_or(0));
  }
  return out;
}

ContactCalls calls_of_contact(const Rows<CallsView>& rows, WorkspaceId workspace, ContactId contact) {
  auto [answered, talked] = sums_of(workspace, contact);
  return {rows.counter(answered), rows.counter(talked)};
}

Result<Page<CallRow>> list_calls(const Rows<CallsView>& rows, const CallsQuery& query) {
  return CallList(rows, query).answer();
}

}  // namespace ringledger
