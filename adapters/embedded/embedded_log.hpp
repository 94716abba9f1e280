// The default log engine: segment files in one folder, written by one process, one sync for many commits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "commands/ports/disk.hpp"
#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

class EmbeddedLog final : public EventLog {
 public:
  struct Options {
    std::string folder;  ///< made when absent
    std::uint64_t segment_bytes = 64 * 1024 * 1024;
    bool preallocate = true;  ///< a segment's blocks at once; else 1 MiB at a time
    std::size_t max_group_commits = 1024;
    std::size_t max_group_bytes = 1024 * 1024;        ///< one record may be bigger and is a group of its own
    std::size_t max_queued_bytes = 64 * 1024 * 1024;  ///< past it `append` answers Code::overloaded
    std::uint64_t floor_free_bytes = 0;               ///< below it `append` answers Code::read_only
    bool create_if_absent = true;                     ///< else an empty folder is Code::not_found
    std::string new_epoch;     ///< used when the log is created: 1 to 64 characters of [A-Za-z0-9_-]
    std::string first_record;  ///< payload of its first record, of kind `log`
    std::int64_t head_interval_ms = 1000;
    Executor* head_executor = nullptr;  ///< where the head file is rewritten; nullptr: on the log executor
    /// Called on the log executor before each group is written. Code::read_only refuses the group; any other
    /// error stops the log as a failed write does.
    std::function<Result<void>()> before_write;
    /// Called once, on any of the executors, when the log cannot go on: the process must stop (and must not
    /// close or destroy the log in this call).
    std::function<void(Error)> on_fatal;
  };

  /// What opening found; for the caller to log.
  struct OpenReport {
    bool created = false;
    std::size_t segments = 0;
    Offset end = 0;
    std::uint64_t cut_bytes = 0;     ///< of a torn, never acknowledged tail
    std::string cut_segment;         ///< path; "" when nothing was cut
    std::uint64_t cut_position = 0;  ///< in it
  };

  /// Takes the folder's lock (Code::not_writer when another process holds it), checks what is there, cuts a
  /// torn tail. Damage is refused: Code::internal naming segment, byte and remedy. Both executors are serial
  /// and outlive the log; `tail_executor` runs the tail's handler.
  static Result<std::unique_ptr<EmbeddedLog>> open(Disk& disk, Options options, Executor& log_executor,
                                                   Executor& tail_executor);
  /// As if the process was killed: writes nothing more, what is still queued fails with unknown_outcome.
  /// REQUIRES: not called from a callback of this log.
  ~EmbeddedLog() override;
  EmbeddedLog(const EmbeddedLog&) = delete;
  EmbeddedLog& operator=(const EmbeddedLog&) = delete;

  /// Orderly shutdown, before the destructor: writes what is queued (callbacks run on this thread), writes
  /// the head file, stops the tail, gives the lock back. Appends fail from now on. REQUIRES: as the
  /// destructor.
  Result<void> close();
  [[nodiscard]] const OpenReport& report() const;
  /// Segments and bytes of records waiting for their group (for metrics).
  [[nodiscard]] std::size_t segments() const;
  [[nodiscard]] std::size_t queued_bytes() const;

  /// `done` runs on the log executor. Beyond the port's codes: Code::overloaded when the queue is full,
  /// Code::not_writer after close().
  void append(NewRecord record, Appended done) override;
  /// `max_bytes` above 64 MiB counts as 64 MiB. Code::internal at damage, naming it.
  Result<std::vector<LogRecord>> read(Offset from, std::size_t max_bytes) override;
  [[nodiscard]] Offset end() const override;
  void tail(Offset from, TailHandler handler) override;
  void pause_tail(bool paused) override;
  [[nodiscard]] const std::string& epoch() const override;

 private:
  struct Core;
  explicit EmbeddedLog(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

}  // namespace ringledger
