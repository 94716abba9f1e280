// What a webhook is judged by, in memory: whose a connection is and what its provider signs with.
#pragma once

#include "api/written_cache.hpp"
#include "commands/ports/commit_sink.hpp"
#include "projections/connections.hpp"

namespace ringledger {

struct KnownConnection {
  AccountId account;
  connections::Connection connection;  ///< with its secrets
};

using ConnectionDirectory = WrittenCache<ConnectionId, KnownConnection>;

/// The read model tells whose a connection is, the book has its secrets; both must outlive it.
ConnectionDirectory::Source connection_source(ViewRunner& views, BookStore& book);

}  // namespace ringledger
