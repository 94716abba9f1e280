#include "api/connection_directory.hpp"

namespace ringledger {

ConnectionDirectory::ConnectionDirectory(ViewRunner& views, BookStore& book, std::size_t most)
    : x_views(views), x_book(book), x_most(most) {
  views.on_rows_written([cache = x_cache](std::string_view view, const std::vector<std::string>& keys) {
    if (view == ConnectionsView::name) cache->forget(keys);
  });
}

/// No keys: a rebuild took over, any row may have changed.
void ConnectionDirectory::Cache::forget(const std::vector<std::string>& keys) {
  std::lock_guard lock(mutex);
  ++written;
  if (keys.empty()) connections.clear();
  for (const auto& key : keys) connections.erase(connection_in_key(key));
}

ConnectionDirectory::Found ConnectionDirectory::cached(ConnectionId id) const {
  std::lock_guard lock(x_cache->mutex);
  auto at = x_cache->connections.find(id);
  return at == x_cache->connections.end() ? nullptr : at->second;
}

Result<ConnectionDirectory::Found> ConnectionDirectory::find(ConnectionId id) {
  std::uint64_t written = 0;
  {
    std::lock_guard lock(x_cache->mutex);
    written = x_cache->written;
  }
  auto shown = find_connection(x_views.sight().of<ConnectionsView>(), id);
  if (!shown) return std::unexpected(shown.error());
  if (!*shown) return nullptr;
  auto account = (*shown)->account;
  auto row = x_book.get(book_key(account, row_kind<connections::Connection>, raw_name(id.raw)));
  if (!row) return std::unexpected(row.error());
  if (!*row) return nullptr;
  auto found = std::make_shared<const KnownConnection>(account, std::get<connections::Connection>(**row));
  std::lock_guard lock(x_cache->mutex);
  if (x_cache->written != written) return found;
  if (x_cache->connections.size() >= x_most) x_cache->connections.erase(x_cache->connections.begin());
  x_cache->connections.insert_or_assign(id, found);
  return found;
}

}  // namespace ringledger
