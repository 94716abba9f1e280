// The head file: how far the log is known to reach. Written off the commit path, so it may be older than
// the log, never newer; a log that ends before its head was shortened, and is refused.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "adapters/embedded/segment_format.hpp"
#include "commands/ports/disk.hpp"

namespace ringledger {

struct Head {
  bool creating = false;  ///< the log is being made: nothing in it was ever acknowledged
  std::string epoch;
  Offset segment = 0;          ///< first offset of the segment being written
  std::uint64_t position = 0;  ///< end of its last durable record, in bytes
  Offset end = 0;              ///< one past the last durable record
  std::uint32_t crc = 0;       ///< of that record
  friend bool operator==(const Head&, const Head&) = default;
};

inline constexpr std::string_view head_file_name = "head";
inline constexpr std::string_view lock_file_name = "lock";  ///< held by the one process that writes the log

/// Text, one `name value` a line, the last the checksum of all before.
std::string encode_head(const Head& head);
/// Code::internal when it is not exactly what encode_head wrote.
Result<Head> decode_head(std::string_view text);
/// nullopt when there is no head file; Code::internal when it is damaged.
Result<std::optional<Head>> read_head(Disk& disk, const std::string& folder);

/// Rewrites the head file of one open log. Thread-safe.
class HeadFile {
 public:
  HeadFile(Disk& disk, const std::string& folder)
      : disk_(disk), path_(folder + "/" + std::string(head_file_name)) {}
  /// What the file is known to hold.
  void assume(const Head& head);
  /// Atomic and durable; does nothing when the file already reaches as far.
  Result<void> advance(const Head& head);
  /// Ends all writing: on return none is under way, and `advance` does nothing from now on.
  void retire();
  /// First offset of the segment the file names.
  [[nodiscard]] Offset segment() const;

 private:
  Disk& disk_;
  std::string path_;
  mutable std::mutex mutex_;  // held while writing: an older head never replaces a newer one
  Head written_;
  bool retired_ = false;
};

}  // namespace ringledger
