#include "api/connection_directory.hpp"

namespace ringledger {
namespace {

Result<std::optional<KnownConnection>> read_connection(ViewRunner& views, BookStore& book, ConnectionId id) {
  auto shown = find_connection(views.sight().of<ConnectionsView>(), id);
  if (!shown) return std::unexpected(shown.error());
  if (!*shown) return std::nullopt;
  auto account = (*shown)->account;
  auto row = book.get(book_key(account, row_kind<connections::Connection>, raw_name(id.raw)));
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return KnownConnection{account, std::get<connections::Connection>(**row)};
}

}  // namespace

ConnectionDirectory::Source connection_source(ViewRunner& views, BookStore& book) {
  return {ConnectionsView::name, connection_in_key,
          [&views, &book](ConnectionId id) { return read_connection(views, book, id); }};
}

}  // namespace ringledger
