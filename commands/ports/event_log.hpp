// The log port: an ordered, durable sequence of records per partition. Two engines (embedded files,
// Kafka) keep this one contract; tests/adapters/event_log_contract.hpp holds them to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

using Offset = std::uint64_t;  ///< ordinal of a record in its partition, from 0; may have gaps

enum class RecordKind : std::uint8_t { log = 1, claim = 2, commit = 3 };

struct LogRecord {
  Offset offset = 0;
  RecordKind kind = RecordKind::commit;
  std::string payload;  ///< JSON (see adapters/json/commit_json)
  friend bool operator==(const LogRecord&, const LogRecord&) = default;
};

/// Most bytes of one payload (architecture.md rule 8).
inline constexpr std::size_t max_payload_bytes = 4 * 1024 * 1024;

/// One partition of the log.
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
  virtual void append(RecordKind kind, std::string payload, Appended done) = 0;
  /// Durable records from `from` on (or the first after a gap), until `max_bytes` of payload or the
  /// end; at least one when there is one. Thread-safe; blocks on the disk.
  virtual Result<std::vector<LogRecord>> read(Offset from, std::size_t max_bytes) = 0;
  /// One past the last durable record.
  [[nodiscard]] virtual Offset end() const = 0;
  /// Delivers every record from `from` on, first those stored, then each as it becomes durable.
  /// One handler a log; call once.
  virtual void tail(Offset from, TailHandler handler) = 0;
  /// While paused nothing more is delivered; what comes meanwhile is delivered later. Thread-safe.
  virtual void pause_tail(bool paused) = 0;
  /// Names this log for ever: new after a copy or a restore. Part of every position.
  [[nodiscard]] virtual const std::string& epoch() const = 0;
};

}  // namespace ringledger
