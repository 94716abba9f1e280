// Counting a stored log where no shard runs (offline commands): which commits count, and what they change
// in the book, by the one rule set of domain/counting.hpp and the one fold of commands/book.hpp.
#pragma once

#include <unordered_map>
#include <vector>

#include "commands/ports/commit_codec.hpp"
#include "commands/ports/commit_sink.hpp"
#include "commands/ports/event_log.hpp"

namespace ringledger {

class LogCount {
 public:
  /// Goes on where the book stands. `codec` and `book` must outlive it. `shared`: the log has other writers;
  /// strangers' records do not count, and those that do are to be kept (`CountedBatch::kept`).
  LogCount(CommitCodec& codec, BookStore& book, BookStore::Saved from, bool shared = false)
      : x_codec(codec),
        x_book(book),
        x_shared(shared),
        x_next(from.next),
        x_kept_next(from.kept_next),
        x_own(std::move(from.ownership)) {}

  [[nodiscard]] Offset next() const { return x_next; }
  [[nodiscard]] const Ownership& ownership() const { return x_own; }
  /// REQUIRES: the records from `next` on, in order; what was counted before is in the book. Damage, and a
  /// commit that was decided on another history, is an error that names the offset.
  Result<CountedBatch> count(const std::vector<LogRecord>& records);

 private:
  Result<bool> count_record(const LogRecord& record, CountedBatch& batch);
  bool may_count(const LogRecord& record);
  Result<bool> count_commit(const LogRecord& record, CountedBatch& batch);
  Result<BookRowPtr> row(const std::string& key);

  CommitCodec& x_codec;
  BookStore& x_book;
  const bool x_shared;
  Offset x_next, x_kept_next;
  Ownership x_own;
  std::unordered_map<std::string, BookRowPtr> x_rows;  ///< read for or changed by the batch at hand
};

}  // namespace ringledger
