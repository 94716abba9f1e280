// How a list is answered: when some filter or the search leaves few candidates, they are
// gathered from its index, filtered and sorted in memory; else the index of the wanted sort is walked
// from the cursor on and filtered by its covering values. What a lean value lacks is asked for last, of
// the numbers that all other filters leave.
#include "projections/inventory_query.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "projections/facet_filter.hpp"

namespace ringledger {
namespace {

constexpr std::size_t count_scan_most = 50'000;  ///< index entries looked at to count a total

using Found = std::vector<std::pair<std::string, NumberId>>;  ///< order within the sort, number

Result<NumberSummary> read_summary(std::string_view text) {
  NumberSummary summary;
  if (row_codec::take(text, summary) && text.empty()) return summary;
  return fail(Code::internal, "inventory.v1: an index entry that cannot be read");
}

/// An index that is walked or gathered from, and what it tells of its numbers.
struct Source {
  std::string prefix;
  std::optional<InventorySort> sort{};
  std::optional<Facet> facet{};  ///< all its numbers match this filter

  [[nodiscard]] bool whole() const { return sort == InventorySort::e164; }
  [[nodiscard]] bool tells_label() const { return whole() || sort == InventorySort::label; }
  [[nodiscard]] bool tells_state() const { return whole() || facet == Facet::provider_state; }
};

class NumberList {
 public:
  NumberList(const Rows<InventoryView>& numbers, const Rows<CampaignsView>& campaigns,
             const InventoryQuery& query)
      : x_numbers(numbers), x_campaigns(campaigns), x_query(query), x_search(query.filter.search) {
    for (const auto& [facet, values] : query.filter.facets) {
      if (facet == Facet::provider_state)
        x_state.emplace(facet, values);
      else
        x_facets.emplace_back(facet, values);
    }
  }

  Result<Page<InventoryRow>> answer() {
    if (auto ok = check_page(x_query.page); !ok) return std::unexpected(ok.error());
    if (!x_query.page.cursor.empty()) {
      auto after = read_cursor(list_name(), x_query.page.cursor);
      if (!after) return std::unexpected(after.error());
      x_after = std::move(*after);
    }
    std::optional<Found> few;
    if (!x_search.empty()) few = gather_searched();
    if (!few) few = gather_by_facet();
    auto page = few ? page_of(std::move(*few)) : walk();
    if (x_error) return std::unexpected(*x_error);
    return page;
  }

 private:
  /// Sort, direction and filters: a cursor holds within them.
  [[nodiscard]] std::string list_name() const {
    KeyBuilder name(sort_prefix(x_query.workspace, x_query.sort));
    name.byte(x_query.descending ? '-' : '+').text(x_query.filter.search);
    for (const auto& [facet, values] : x_query.filter.facets) {
      name.byte(static_cast<char>(facet));
      for (const auto& v : values) name.text(v);
    }
    for (auto type : x_query.filter.campaign_types) name.u32(static_cast<std::uint32_t>(type));
    return name.done();
  }

  [[nodiscard]] Source sorted(InventorySort sort) const {
    return {.prefix = sort_prefix(x_query.workspace, sort), .sort = sort};
  }
  [[nodiscard]] Source having(Facet facet, std::string_view value) const {
    return {.prefix = facet_prefix(x_query.workspace, facet, value), .facet = facet};
  }

  /// Can the source's own values be filtered?
  [[nodiscard]] bool answers(const Source& source) const {
    return (!x_state || source.tells_state()) && (x_search.empty() || source.tells_label());
  }

  /// Also as to the order?
  [[nodiscard]] bool orders(const Source& source) const {
    bool by_key = x_query.sort == InventorySort::e164 || x_query.sort == InventorySort::imported_at;
    return by_key || source.whole();
  }

  /// The number of an entry when it matches all filters; whole when `complete`, or when need be.
  std::optional<NumberSummary> match(const Source& source, std::string_view key, std::string_view value,
                                     bool complete = false) {
    auto s = read(value);
    if (!s || !matches_lean(*s)) return std::nullopt;
    if (!answers(source) || (complete && !source.whole())) {
      s = whole_summary(s->e164.text, s->number);
    } else if (source.sort == InventorySort::label) {
      s->label = label_in(key.substr(source.prefix.size()));
    }
    if (!s || !x_search.matches(*s)) return std::nullopt;
    if (x_state && source.facet != Facet::provider_state && !x_state->matches(*s)) return std::nullopt;
    return s;
  }

  /// In lower case, which is as good for a search.
  static std::optional<std::string> label_in(std::string_view order) {
    KeyReader reader(order);
    if (reader.byte() != '0') return std::nullopt;
    return reader.text();
  }

  std::optional<NumberSummary> whole_summary(std::string_view e164, NumberId number) {
    auto value = x_numbers.get(index_space, summary_key(x_query.workspace, e164, number));
    if (value) return read(*value);
    x_error = Error{Code::internal, "inventory.v1: no summary of " + number.to_string(), {}};
    return std::nullopt;
  }

  bool matches_lean(const NumberSummary& s) {
    auto all = std::all_of(x_facets.begin(), x_facets.end(), [&](const auto& f) { return f.matches(s); });
    return all && matches_campaign_type(s);
  }

  bool matches_campaign_type(const NumberSummary& s) {
    const auto& wanted = x_query.filter.campaign_types;
    if (wanted.empty()) return true;
    if (!s.campaign) return false;
    auto at = x_types.find(*s.campaign);
    if (at == x_types.end()) {
      auto row = find_campaign(x_campaigns, x_query.workspace, *s.campaign);
      if (!row) x_error = row.error();
      std::optional<campaigns::Type> type;
      if (row && *row) type = (*row)->campaign.campaign_type;
      at = x_types.emplace(*s.campaign, type).first;
    }
    return at->second && std::find(wanted.begin(), wanted.end(), *at->second) != wanted.end();
  }

  /// Reads a covering value; an unreadable one ends the answer with its error.
  std::optional<NumberSummary> read(std::string_view value) {
    auto summary = read_summary(value);
    if (summary) return std::move(*summary);
    x_error = summary.error();
    return std::nullopt;
  }

  void keep(const Source& source, std::string_view key, std::string_view value, Found& out) {
    auto summary = match(source, key, value, !orders(source));
    if (summary) out.emplace_back(sort_order(*summary, x_query.sort), summary->number);
  }

  /// nullopt: too many numbers contain the text.
  std::optional<Found> gather_searched() {
    auto most = x_query.gather_at_most / 5;               // each is looked up by itself
    std::set<std::pair<std::string, std::string>> found;  // e164, number id
    auto gather = [&](char kind, std::string_view part) {
      x_numbers.scan_prefix(index_space, search_prefix(x_query.workspace, kind, part), false,
                            [&](std::string_view key, std::string_view e164) {
                              found.emplace(e164, key.substr(key.size() - 16));
                              return found.size() <= most;
                            });
    };
    if (!x_search.digits().empty()) gather('d', x_search.digits());
    if (found.size() <= most)
      gather('l', std::string_view(x_search.label_part()).substr(0, label_part_bytes));
    if (found.size() > most) return std::nullopt;
    Found out;
    auto whole = sorted(InventorySort::e164);
    for (const auto& [e164, number] : found) {
      auto key = summary_key(x_query.workspace, e164, KeyReader(number).as<NumberId>());
      if (auto value = x_numbers.get(index_space, key)) keep(whole, key, *value, out);
    }
    return out;
  }

  static bool all_indexed(const std::pair<Facet, std::vector<std::string>>& filter) {
    return std::all_of(filter.second.begin(), filter.second.end(),
                       [&](const auto& value) { return has_index(filter.first, value); });
  }

  [[nodiscard]] std::uint64_t counted(Facet facet, const std::vector<std::string>& values) const {
    std::uint64_t n = 0;
    for (const auto& v : values)
      n += static_cast<std::uint64_t>(x_numbers.counter(facet_counter(x_query.workspace, facet, v)));
    return n;
  }

  /// nullopt: no filter with an index leaves few enough.
  std::optional<Found> gather_by_facet() {
    const std::pair<Facet, std::vector<std::string>>* best = nullptr;
    std::uint64_t least = x_query.gather_at_most + 1;
    for (const auto& filter : x_query.filter.facets) {
      if (!all_indexed(filter)) continue;
      auto n = counted(filter.first, filter.second);
      if (n < least) {
        least = n;
        best = &filter;
      }
    }
    if (!best) return std::nullopt;
    Found out;
    for (const auto& value : std::set<std::string>(best->second.begin(), best->second.end())) {
      auto source = having(best->first, value);
      x_numbers.scan_prefix(index_space, source.prefix, false,
                            [&](std::string_view key, std::string_view covering) {
                              keep(source, key, covering, out);
                              return !x_error;
                            });
    }
    return out;
  }

  Result<Page<InventoryRow>> page_of(Found found) {
    std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
      return x_query.descending ? b.first < a.first : a.first < b.first;
    });
    auto begin = std::find_if(found.begin(), found.end(), [&](const auto& f) {
      return !x_after || (x_query.descending ? f.first < *x_after : f.first > *x_after);
    });
    begin += std::min(std::distance(begin, found.end()), static_cast<std::ptrdiff_t>(x_query.page.skip));
    auto left = static_cast<std::size_t>(std::distance(begin, found.end()));
    bool more = left > x_query.page.limit;
    auto end = begin + static_cast<std::ptrdiff_t>(std::min(left, x_query.page.limit));
    auto total = found.size();
    return render(Found(std::make_move_iterator(begin), std::make_move_iterator(end)), more, total, true);
  }

  Result<Page<InventoryRow>> render(const Found& shown, bool more, std::uint64_t total, bool exact) {
    Page<InventoryRow> page;
    page.total = total;
    page.total_exact = exact;
    if (more && !shown.empty()) page.next_cursor = make_cursor(list_name(), shown.back().first);
    for (const auto& [order, number] : shown) {
      auto row = x_numbers.row(inventory_key(x_query.account, number));
      if (!row) return std::unexpected(row.error());
      if (!*row) return fail(Code::internal, "inventory.v1: no row for " + number.to_string());
      page.items.push_back(std::move(**row));
    }
    return page;
  }

  /// The index that is walked: of the one facet value, when that is all that is asked, else of the sort.
  [[nodiscard]] Source walked() const {
    const auto& facets = x_query.filter.facets;
    bool one = facets.size() == 1 && facets[0].second.size() == 1 && all_indexed(facets[0]);
    if (one && x_query.sort == InventorySort::e164) {
      return having(facets[0].first, facets[0].second[0]);
    }
    return sorted(x_query.sort);
  }

  Result<Page<InventoryRow>> walk() {
    auto source = walked();
    auto from = source.prefix;
    auto to = after_prefix(from);
    if (x_after) {
      auto cursor = source.prefix + *x_after;
      (x_query.descending ? to : from) = x_query.descending ? cursor : cursor + '\0';
    }
    Found shown;
    bool more = false;
    auto skip = x_query.page.skip;
    x_numbers.scan(index_space, from, to, x_query.descending,
                   [&](std::string_view key, std::string_view covering) {
                     auto summary = match(source, key, covering);
                     if (!summary) return !x_error;
                     if (skip > 0) {
                       --skip;
                       return true;
                     }
                     more = shown.size() == x_query.page.limit;
                     if (!more) shown.emplace_back(key.substr(source.prefix.size()), summary->number);
                     return !more;
                   });
    auto [total, exact] = total_of(source);
    return render(shown, more, total, exact);
  }

  std::pair<std::uint64_t, bool> total_of(const Source& source) {
    const auto& f = x_query.filter;
    auto names = f.facets.size() + (f.campaign_types.empty() ? 0U : 1U) + (f.search.empty() ? 0U : 1U);
    if (names == 0)
      return {
          static_cast<std::uint64_t>(x_numbers.counter(KeyBuilder().id(x_query.workspace).byte('*').view())),
          true};
    if (names == 1 && !f.campaign_types.empty()) {
      std::uint64_t n = 0;
      for (auto t : std::set(f.campaign_types.begin(), f.campaign_types.end())) {
        n += numbers_by_campaign_type(x_campaigns, x_query.workspace, t);
      }
      return {n, true};
    }
    if (names == 1 && !f.facets.empty()) {
      std::set<std::string> values(f.facets[0].second.begin(), f.facets[0].second.end());
      bool disjoint = f.facets[0].first != Facet::capability || values.size() == 1;
      if (disjoint) return {counted(f.facets[0].first, {values.begin(), values.end()}), true};
    }
    return count_matches(answers(source) ? source : sorted(InventorySort::e164));
  }

  std::pair<std::uint64_t, bool> count_matches(const Source& source) {
    std::uint64_t n = 0;
    std::size_t looked_at = 0;
    bool whole = true;
    x_numbers.scan_prefix(index_space, source.prefix, false,
                          [&](std::string_view key, std::string_view value) {
                            whole = n < count_to && looked_at < count_scan_most;
                            if (!whole) return false;
                            ++looked_at;
                            if (match(source, key, value)) ++n;
                            return !x_error;
                          });
    return {n, whole};
  }

  const Rows<InventoryView>& x_numbers;
  const Rows<CampaignsView>& x_campaigns;
  const InventoryQuery& x_query;
  std::vector<FacetFilter> x_facets;   ///< what a lean summary can answer
  std::optional<FacetFilter> x_state;  ///< of the provider
  SearchFilter x_search;
  std::optional<std::string> x_after;
  std::map<CampaignId, std::optional<campaigns::Type>> x_types;
  std::optional<Error> x_error;
};

}  // namespace

Result<Page<InventoryRow>> list_numbers(const Rows<InventoryView>& numbers,
                                        const Rows<CampaignsView>& campaigns, const InventoryQuery& query) {
  return NumberList(numbers, campaigns, query).answer();
}

}  // namespace ringledger
