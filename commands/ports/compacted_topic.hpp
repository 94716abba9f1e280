// A small table that all nodes share: the last value written under a key stays, what was written before it
// may vanish; a null value (tombstone) lets the key vanish too. On Kafka: a compacted topic of one partition.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/result.hpp"

namespace ringledger {

class CompactedTopic {
 public:
  struct Record {
    std::string key;
    std::optional<std::string> value;  ///< absent: a tombstone
    friend bool operator==(const Record&, const Record&) = default;
  };
  /// `at_end`: nothing more was there when these were read.
  using Handler = std::move_only_function<void(std::vector<Record>, bool at_end)>;

  virtual ~CompactedTopic() = default;
  /// Blocks until all are as durable as a commit. Code::unknown_outcome: some may land all the same; write
  /// them again. Thread-safe.
  virtual Result<void> write(const std::vector<Record>& records) = 0;
  /// Every record that is left, in order, then each that comes, on a thread of the topic's own, at the end of
  /// which `failed` is told why nothing more can be read, if so. Call once.
  virtual void read(Handler handler, std::function<void(Error)> failed) = 0;
  /// Waits until the handler is through with all that was there when this was called. Thread-safe; not to be
  /// called by the handler. Code::internal when the topic does not answer in time: try again.
  virtual Result<void> catch_up() = 0;
  /// On return the handler does not run and never will; who waits gets an error.
  virtual void stop() = 0;
  /// For messages to a person.
  [[nodiscard]] virtual const std::string& place() const = 0;
};

}  // namespace ringledger
