// A list of a workspace's rows in the order of a time, whole or by the values of facets, searched and paged:
// what messages and contacts share. `T` says what they differ in:
//
//   struct MessageTimeline {
//     using View = MessagesView;
//     using Summary = …;                  // what filters and the search look at; described
//     enum class Facet : char { … };
//     static constexpr Facet facets[] = …;
//     static bool is_personal(Facet);                               // its values do not stand in keys
//     static std::optional<Summary> summary_of(const View::Row&);   // nullopt: not listed
//     static WorkspaceId workspace_of(const View::Row&);
//     static std::optional<std::string> value_of(const Summary&, Facet);
//     static std::string order_of(const Summary&);                  // i64 of the time ‖ id
//     static std::string row_key(WorkspaceId, const Summary&);
//     static bool found(const Summary&, const SearchText&);
//   };
//
// Index entries, their value a Summary: workspace ‖ 's' ‖ order, and workspace ‖ facet ‖ value ‖ order. Each
// index has a counter of its name.
#pragma once

#include <algorithm>

#include "projections/blurred.hpp"
#include "projections/page.hpp"

namespace ringledger {

/// What is searched for: the digits in it, and the text without case.
struct SearchText {
  explicit SearchText(const std::string& text) : digits(digits_of(text)), part(lower_ascii(text)) {}
  std::string digits, part;
  [[nodiscard]] bool in_number(std::string_view number) const {
    return !digits.empty() && digits_of(number).find(digits) != std::string::npos;
  }
  [[nodiscard]] bool in_text(std::string_view text) const {
    return !part.empty() && lower_ascii(text).find(part) != std::string::npos;
  }
};

/// Values of one facet are ORed, facets are ANDed.
template <class T>
struct TimelineQuery {
  WorkspaceId workspace{};
  std::vector<std::pair<typename T::Facet, std::vector<std::string>>> wanted{};
  std::optional<Timestamp> from{}, to{};  ///< inclusive
  std::string search{};
  bool descending = true;
  PageRequest page{};
  std::size_t look_at_most = 100'000;  ///< entries, for the page and for the total
};

template <class T>
class Timeline {
 public:
  using View = typename T::View;
  using Row = typename View::Row;
  using Summary = typename T::Summary;
  using Query = TimelineQuery<T>;

  static std::string all(WorkspaceId workspace) { return KeyBuilder().id(workspace).byte('s').done(); }
  static std::string having(WorkspaceId workspace, typename T::Facet facet, std::string_view value) {
    auto key = KeyBuilder().id(workspace).byte(static_cast<char>(facet));
    return key.text(T::is_personal(facet) ? blurred(value) : std::string(value)).done();
  }
  static std::vector<Entry> indexes(const Row& row) {
    std::vector<Entry> out;
    auto summary = T::summary_of(row);
    if (!summary) return out;
    std::string value;
    row_codec::put(value, *summary);
    auto order = T::order_of(*summary);
    for (const auto& name : names(row, *summary)) out.push_back({name + order, value});
    return out;
  }
  static Counters counters(const Row& row) {
    Counters out;
    auto summary = T::summary_of(row);
    if (!summary) return out;
    for (auto& name : names(row, *summary)) out.emplace_back(std::move(name), 1);
    return out;
  }

  Timeline(const Rows<View>& rows, const Query& query)
      : x_rows(rows), x_query(query), x_search(query.search), x_index(walked()) {}

  /// Totals are exact without filters, with one value of one facet, and when at most count_to rows match;
  /// else at least `total`. A page may have fewer rows than were asked for and go on all the same: it looks
  /// at `look_at_most`. Code::validation_failed: a bad cursor or page.
  Result<Page<Row>> answer() {
    if (auto ok = check_page(x_query.page); !ok) return std::unexpected(ok.error());
    auto range = bounds();
    if (!range) return std::unexpected(range.error());
    auto page = walk(range->first, range->second);
    if (page) std::tie(page->total, page->total_exact) = total();
    if (x_error) return std::unexpected(*x_error);
    return page;
  }

 private:
  using Stretch = std::pair<std::string, std::string>;

  static std::vector<std::string> names(const Row& row, const Summary& summary) {
    auto workspace = T::workspace_of(row);
    std::vector<std::string> out{all(workspace)};
    for (auto facet : T::facets) {
      if (auto value = T::value_of(summary, facet)) out.push_back(having(workspace, facet, *value));
    }
    return out;
  }
  /// The index of the facet value with the fewest rows, when a filter has just one value; else that of all.
  [[nodiscard]] std::string walked() const {
    auto best = all(x_query.workspace);
    auto least = x_rows.counter(best);
    for (const auto& [facet, values] : x_query.wanted) {
      if (values.size() != 1) continue;
      auto index = having(x_query.workspace, facet, values.front());
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
  /// Of the index: the time that is asked for.
  [[nodiscard]] Stretch asked_time() const {
    auto from = x_index, to = after_prefix(x_index);
    if (x_query.from) from = x_index + KeyBuilder().i64(x_query.from->ms).done();
    if (x_query.to) to = x_index + KeyBuilder().i64(x_query.to->ms + 1).done();
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
  [[nodiscard]] bool wanted(const Summary& summary) const {
    for (const auto& [facet, values] : x_query.wanted) {
      auto value = T::value_of(summary, facet);
      if (!value || std::ranges::find(values, *value) == values.end()) return false;
    }
    return x_query.search.empty() || T::found(summary, x_search);
  }
  std::optional<Summary> match(std::string_view value) {
    Summary summary;
    if (!row_codec::take(value, summary) || !value.empty()) {
      x_error = Error{Code::internal, std::string(View::name) + ": an entry that cannot be read", ""};
      return std::nullopt;
    }
    return wanted(summary) ? std::optional(std::move(summary)) : std::nullopt;
  }
  /// A page that would cost too much is cut short: its cursor goes on behind what was looked at.
  Result<Page<Row>> walk(const std::string& from, const std::string& to) {
    std::vector<Summary> shown;
    std::string at;
    std::size_t looked_at = 0;
    bool more = false;
    auto skip = x_query.page.skip;
    x_rows.scan(index_space, from, to, x_query.descending, [&](std::string_view key, std::string_view value) {
      more = shown.size() == x_query.page.limit || looked_at++ == x_query.look_at_most;
      if (more) return false;
      auto summary = match(value);
      at = key.substr(x_index.size());
      if (summary && skip > 0)
        --skip;
      else if (summary)
        shown.push_back(std::move(*summary));
      return !x_error;
    });
    if (x_error) return std::unexpected(*x_error);
    auto page = rows_of(shown);
    if (page && more) page->next_cursor = make_cursor(list_name(), at);
    return page;
  }
  Result<Page<Row>> rows_of(const std::vector<Summary>& shown) {
    Page<Row> page;
    for (const auto& s : shown) {
      auto row = x_rows.row(T::row_key(x_query.workspace, s));
      if (!row) return std::unexpected(row.error());
      if (!*row) return fail(Code::internal, std::string(View::name) + ": an entry names no row");
      page.items.push_back(std::move(**row));
    }
    return page;
  }
  std::pair<std::uint64_t, bool> total() {
    bool timed = x_query.from || x_query.to;
    const auto& w = x_query.wanted;
    bool one = w.size() == 1 && w.front().second.size() == 1;
    if (x_query.search.empty() && !timed && (w.empty() || one))
      return {static_cast<std::uint64_t>(x_rows.counter(x_index)), true};
    std::uint64_t n = 0;
    std::size_t looked_at = 0;
    bool whole = true;
    auto [from, to] = asked_time();
    x_rows.scan(index_space, from, to, x_query.descending, [&](std::string_view, std::string_view value) {
      whole = n < count_to && looked_at++ < x_query.look_at_most;
      if (whole && match(value)) ++n;
      return whole && !x_error;
    });
    return {n, whole};
  }

  const Rows<View>& x_rows;
  const Query& x_query;
  SearchText x_search;
  std::string x_index;
  std::optional<Error> x_error;
};

}  // namespace ringledger
