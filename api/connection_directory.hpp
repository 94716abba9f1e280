// What a webhook is judged by, in memory: whose a connection is and what its provider signs with.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "commands/ports/commit_sink.hpp"
#include "projections/connections.hpp"
#include "projections/runner.hpp"

namespace ringledger {

struct KnownConnection {
  AccountId account;
  connections::Connection connection;  ///< with its secrets
};

/// Thread-safe. A connection that was written is never answered in its old state after the write.
class ConnectionDirectory {
 public:
  /// Listens to the views, which must not fold before this returns; both must outlive it.
  ConnectionDirectory(ViewRunner& views, BookStore& book, std::size_t most = 4096);

  using Found = std::shared_ptr<const KnownConnection>;
  /// At once; nullptr: not in memory, ask `find`.
  [[nodiscard]] Found cached(ConnectionId id) const;
  /// May read the disk. nullptr: there is none.
  [[nodiscard]] Result<Found> find(ConnectionId id);

 private:
  struct Cache {
    mutable std::mutex mutex;
    std::unordered_map<ConnectionId, Found> connections;
    std::uint64_t written = 0;  ///< grows with every write told: what was read before it is not kept
    void forget(const std::vector<std::string>& keys);
  };
  ViewRunner& x_views;
  BookStore& x_book;
  std::size_t x_most;
  std::shared_ptr<Cache> x_cache = std::make_shared<Cache>();  // shared with the runner's hook
};

}  // namespace ringledger
