// The log port: an ordered, durable sequence of records per partition. Two engines (embedded files,
// Kafka) keep this one contract; tests/adapters/event_log_contract.hpp holds them to it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/commit.hpp"
#include "domain/result.hpp"

namespace ringledger {

using Offset = std::uint64_t;  ///< ordinal of a record in its partition, from 0; may have gaps

/// `foreign`: written by none of us (in a shared log only); it counts for nobody and is never kept.
enum class RecordKind : std::uint8_t { foreign = 0, log = 1, claim = 2, commit = 3 };

/// As a person and a Kafka header read it.
constexpr std::string_view text_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::foreign:
      return "foreign";
    case RecordKind::log:
      return "log";
    case RecordKind::claim:
      return "claim";
    case RecordKind::commit:
      return "commit";
  }
  return "";
}

struct LogRecord {
  Offset offset = 0;
  RecordKind kind = RecordKind::commit;
  std::string payload;  ///< JSON (see adapters/json/commit_json)
  friend bool operator==(const LogRecord&, const LogRecord&) = default;
};

/// What is to be appended. `commit`: the one in the payload, for an engine that labels its records with it
/// (Kafka: key and headers); absent in other kinds.
struct NewRecord {
  RecordKind kind = RecordKind::commit;
  std::string payload;
  std::shared_ptr<const Commit> commit;
};

/// Most bytes of one payload (architecture.md rule 8).
inline constexpr std::size_t max_payload_bytes = 4 * 1024 * 1024;

/// One partition of the log: this process's alone (embedded), or `shared` with other writers (Kafka). A
/// shared log is arbitrated elsewhere; what counts of it is known to its reader alone, who has it kept here,
/// and `read` serves only that (docs/adr/0007).
class EventLog {
 public:
  /// Called once. Success: the record is durable; its place is told by the tail. Failure: whether it
  /// will ever appear is unknown (Kafka), or the log refuses everything from now on (embedded).
  using Appended = std::move_only_function<void(Result<void>)>;
  /// Records in order, each once, only durable ones. Runs on the executor given to `tail`.
  using TailHandler = std::move_only_function<void(std::vector<LogRecord>)>;

  virtual ~EventLog() = default;
  /// Queues a record behind all appended before it. Never blocks on the disk. Thread-safe.
  /// Code::too_large past max_payload_bytes; Code::read_only while space is short (nothing written);
  /// Code::unknown_outcome after a failed write or sync.
  virtual void append(NewRecord record, Appended done) = 0;
  /// Kept records from `from` on (or the first after a gap), until `max_bytes` of payload or the
  /// end; at least one when there is one. Thread-safe; blocks on the disk.
  virtual Result<std::vector<LogRecord>> read(Offset from, std::size_t max_bytes) = 0;
  /// One past the last durable record, as far as is known here.
  [[nodiscard]] virtual Offset end() const = 0;
  /// One past the last record that `read` can give.
  [[nodiscard]] virtual Offset kept() const { return end(); }
  /// Delivers every record from `from` on, first those stored, then each as it becomes durable.
  /// One handler a log; call once.
  virtual void tail(Offset from, TailHandler handler) = 0;
  /// While paused nothing more is delivered; what comes meanwhile is delivered later. Thread-safe.
  virtual void pause_tail(bool paused) = 0;
  /// True: others write it too. Then a record may be void or foreign; a failed append says nothing of whether
  /// it will land, and ends the writer's term, not the process.
  [[nodiscard]] virtual bool shared() const { return false; }
  /// Calls `then` with an end of the log that is no older than this call: at once, or on another thread.
  virtual void end_now(std::move_only_function<void(Result<Offset>)> then) { then(end()); }
  /// Of a shared log: these records count; they are kept for `read`, in order, each once (what is kept
  /// already is passed over). Blocks on the disk; one caller at a time. Code::read_only: nothing was kept,
  /// try later.
  virtual Result<void> keep(const std::vector<LogRecord>& counted) {
    static_cast<void>(counted);
    return {};
  }
  /// Of a shared log: gives up what is on its way (it fails, and may land all the same) and begins anew.
  virtual void renew() {}
  /// Names this log for ever: new after a copy or a restore. Part of every position.
  [[nodiscard]] virtual const std::string& epoch() const = 0;
};

}  // namespace ringledger
