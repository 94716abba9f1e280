#include "projections/page.hpp"

namespace ringledger {
namespace {

/// FNV-1a: tells lists apart, protects nothing (a cursor never leaves its list's prefix anyway).
std::uint32_t mark_of(std::string_view list) {
  std::uint32_t h = 2166136261U;
  for (char c : list) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
  return h;
}

}  // namespace

std::string make_cursor(std::string_view list, std::string_view order) {
  return to_hex(KeyBuilder().u32(mark_of(list)).raw(order).done());
}

Result<std::string> read_cursor(std::string_view list, std::string_view cursor) {
  auto bytes = from_hex(cursor);
  KeyReader reader(bytes ? std::string_view(*bytes) : std::string_view());
  auto mark = reader.u32();
  if (!bytes || !reader.ok() || mark != mark_of(list)) {
    return fail(Code::validation_failed, "this is no cursor of this list with these filters and this sort",
                "/cursor");
  }
  return std::string(reader.rest());
}

Result<void> check_page(const PageRequest& page) {
  if (page.skip > 0 && !page.cursor.empty()) {
    return fail(Code::validation_failed, "page and cursor exclude each other", "/page");
  }
  if (page.skip + page.limit > max_skip) {
    return fail(Code::validation_failed,
                "pages go no deeper than " + std::to_string(max_skip) + " rows; use the cursor", "/page");
  }
  return {};
}

Result<Page<Entry>> index_page(const ViewReader& view, std::string_view prefix, bool reversed,
                               const PageRequest& page) {
  if (auto ok = check_page(page); !ok) return std::unexpected(ok.error());
  std::string list = std::string(prefix) + (reversed ? "-" : "+");
  std::string from(prefix);
  std::string to = after_prefix(prefix);
  if (!page.cursor.empty()) {
    auto order = read_cursor(list, page.cursor);
    if (!order) return std::unexpected(order.error());
    (reversed ? to : from) = std::string(prefix) + *order + (reversed ? "" : std::string(1, '\0'));
  }
  Page<Entry> out;
  std::size_t skip = page.skip;
  view.scan(index_space, from, to, reversed, [&](std::string_view key, std::string_view value) {
    if (skip > 0) {
      --skip;
      return true;
    }
    if (out.items.size() == page.limit) {
      out.next_cursor = make_cursor(list, out.items.back().key);
      return false;
    }
    out.items.push_back({std::string(key.substr(prefix.size())), std::string(value)});
    return true;
  });
  return out;
}

}  // namespace ringledger
