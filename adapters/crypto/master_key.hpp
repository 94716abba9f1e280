// The master key: wraps all other keys. From the environment, or a file made at the first start.
#pragma once

#include <optional>
#include <string>

#include "adapters/crypto/key256.hpp"
#include "commands/ports/disk.hpp"
#include "commands/ports/system.hpp"
#include "domain/result.hpp"

namespace ringledger {

struct MasterKey {
  Key256 key;
  std::string source;    ///< for messages: "RINGLEDGER_CRYPTO_MASTER_KEY" or "the file <path>"
  bool created = false;  ///< made just now
  std::string note;      ///< what the operator should know (to be logged as a warning), or ""
};

/// `from_environment` (64 hex digits, used when given: the file is not even looked at) or the file at
/// `path`, which holds 64 hex digits and is made, with mode 0600, when absent. A key of another length
/// or alphabet is refused (Code::internal) with its source named; its digits never appear in a message.
/// A file that others can read is used, with a note.
Result<MasterKey> load_or_create_master_key(Disk& disk, Random& random, const std::string& path,
                                            const std::optional<std::string>& from_environment);

}  // namespace ringledger
