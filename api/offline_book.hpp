// The book of a stopped data folder: folded to the log's end, compared with a fresh fold of the log.
#pragma once

#include "adapters/json/book_row_store.hpp"
#include "commands/ports/commit_codec.hpp"
#include "commands/ports/event_log.hpp"
#include "projections/runner.hpp"

namespace ringledger::offline {

/// Counts what the log holds beyond the book, as a starting server does, but without claiming: after it
/// every commit of the log is judged. An error when the book is ahead of the log.
Result<void> count_to_end(EventLog& log, CommitCodec& codec, json::BookRowStore& book);

/// Compares every key of the book, which stands at `at`, with one folded from the log's beginning. REQUIRES:
/// count_to_end.
Result<VerifyReport> verify_book(EventLog& log, CommitCodec& codec, KeyVault& vault, const RowStore& served,
                                 const BookStore::Saved& at);

}  // namespace ringledger::offline
