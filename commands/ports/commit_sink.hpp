// Where counted commits go: book and read models, each row with its position in one atomic write.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "commands/book.hpp"
#include "commands/ports/event_log.hpp"
#include "domain/counting.hpp"

namespace ringledger {

/// One counted commit with what it changes in the book.
struct Counted {
  std::shared_ptr<const Commit> commit;
  std::uint64_t offset = 0;
  std::size_t bytes = 0;  ///< of its payload
  std::vector<BookChange> changes;
};

/// What the log said up to `next`: the counted commits and the ownership after them.
struct CountedBatch {
  std::vector<Counted> commits;
  std::vector<std::uint64_t> voided;  ///< offsets of commits that do not count, in a log that stores them
  std::vector<LogRecord> kept;        ///< of a shared log: the records that count, to be kept with the rows
  std::uint64_t kept_next = 0;        ///< one past the last record that counts, of all so far
  std::uint64_t from = 0, next = 0;   ///< the stretch of the log: [from, next)
  Ownership ownership;
};

class CommitSink {
 public:
  virtual ~CommitSink() = default;
  /// Folds in order; `done` once every row is visible. Never blocks the caller.
  virtual void fold(CountedBatch batch, std::move_only_function<void()> done) = 0;
};

/// The book's rows as last folded.
class BookStore {
 public:
  virtual ~BookStore() = default;
  struct Saved {
    std::uint64_t next = 0;       ///< fold from here
    std::uint64_t kept_next = 0;  ///< one past the last record that counts before it
    Ownership ownership;
  };
  virtual Result<Saved> saved() = 0;
  /// Null pointer: absent. May read the disk; an error when that fails, never absent.
  virtual Result<BookRowPtr> get(const std::string& key) = 0;
};

}  // namespace ringledger
