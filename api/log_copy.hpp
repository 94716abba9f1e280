// Copies what counts of one log into another, or goes on with a copy that was interrupted: order,
// commit ids, hashes, times, outcomes, events and `first_sequence` stay byte for byte; term, seq and basis
// are the copy's own (protocol.md, last paragraph of "Rules").
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "api/copy_source.hpp"
#include "commands/ports/commit_codec.hpp"
#include "commands/ports/event_log.hpp"
#include "domain/counting.hpp"

namespace ringledger::offline {

class LogCopy {
 public:
  /// `progress(n)`: so many commits are in the target. `node` names this copy as a writer.
  LogCopy(EventLog& target, CommitCodec& codec, std::string node, std::function<void(std::uint64_t)> progress)
      : x_target(target), x_codec(codec), x_node(std::move(node)), x_progress(std::move(progress)) {}

  /// Blocks. Refused (Code::validation_failed) when the target holds commits that the source has not at the
  /// same place, or when somebody else writes it; Code::unknown_outcome when a record's fate is not known:
  /// run again, it goes on.
  Result<void> run(const CopySource& source);

 private:
  Result<void> read_to(Offset end);
  Result<void> read_some();
  Result<void> absorb(const LogRecord& record);
  Result<void> absorb_commit(const LogRecord& record);
  Result<bool> look_ahead(std::size_t at);
  Result<void> claim();
  Result<void> send_all();
  Result<void> send(const LogRecord& record);
  Result<Offset> end_now();
  void append(NewRecord record);

  EventLog& x_target;
  CommitCodec& x_codec;
  const std::string x_node;
  const std::function<void(std::uint64_t)> x_progress;

  const CopySource* x_source = nullptr;
  Offset x_source_next = 0;
  std::deque<LogRecord> x_ahead;  ///< of the source, not yet read in the target
  std::uint64_t x_confirmed = 0;
  Ownership x_own;          ///< of the target, as read
  Offset x_next = 0;        ///< of the target
  std::uint64_t x_seq = 0;  ///< of the last commit sent
  std::string x_basis;      ///< after it

  std::mutex x_mutex;  ///< guards what follows
  std::condition_variable x_changed;
  std::deque<std::vector<LogRecord>> x_arrived;
  std::optional<Error> x_failed;
};

}  // namespace ringledger::offline
