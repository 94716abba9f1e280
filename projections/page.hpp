// Pages of a list: keyset cursors that no change of other rows moves, or a number of rows skipped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projections/sight.hpp"

namespace ringledger {

inline constexpr std::size_t max_skip = 10'000;    ///< rows deep that page/per_page may go
inline constexpr std::uint64_t count_to = 10'000;  ///< how far totals are counted without counters

/// `cursor` and `skip` exclude each other; `limit` is the API's to bound (500).
struct PageRequest {
  std::size_t limit = 50;
  std::string cursor{};  ///< as answered before; "": from the beginning
  std::size_t skip = 0;  ///< (page - 1) * per_page
};

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_cursor;  ///< nullopt: the end
  std::uint64_t total = 0;
  bool total_exact = true;  ///< false: at least `total`
};

/// A cursor: where in the order a page ended, bound to the list it belongs to. `list` names the list
/// (tenant, sort, direction); a cursor of another list is refused.
std::string make_cursor(std::string_view list, std::string_view order);
/// Code::validation_failed with the pointer "/cursor" when the text is no cursor of this list.
Result<std::string> read_cursor(std::string_view list, std::string_view cursor);
/// Code::validation_failed when the page lies deeper than max_skip rows, or skips with a cursor.
Result<void> check_page(const PageRequest& page);

/// A page of index entries under `prefix`, keys without it. `total` is not set.
Result<Page<Entry>> index_page(const ViewReader& view, std::string_view prefix, bool reversed,
                               const PageRequest& page);

/// A page of the rows that the index under `prefix` names by its values.
template <RowView V>
Result<Page<typename V::Row>> row_page(const Rows<V>& rows, std::string_view prefix, const PageRequest& page,
                                       std::uint64_t total) {
  auto entries = index_page(rows, prefix, false, page);
  if (!entries) return std::unexpected(entries.error());
  Page<typename V::Row> out;
  out.next_cursor = std::move(entries->next_cursor);
  out.total = total;
  for (const auto& entry : entries->items) {
    auto row = rows.row(entry.value);
    if (!row) return std::unexpected(row.error());
    if (!*row)
      return fail(Code::internal, std::string(V::name) + ": an index entry names a row that is not there");
    out.items.push_back(std::move(**row));
  }
  return out;
}

}  // namespace ringledger
