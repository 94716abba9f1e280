// What holds of every counted commit, whoever counts: it was decided on exactly what is counted before it.
#pragma once

#include <string>

#include "domain/counting.hpp"
#include "domain/result.hpp"

namespace ringledger {

/// `last_sequence`: of the account's last event before the commit. Code::internal, naming both sides: the log
/// holds another history than this one (protocol.md "Testing it": `basis`).
inline Result<void> check_continuity(const Commit& commit, const Ownership& before,
                                     std::uint64_t last_sequence) {
  if (commit.basis != before.basis) {
    return fail(Code::internal, "basis " + commit.basis + " is not " + before.basis +
                                    ": this commit was decided on another history");
  }
  if (commit.first_sequence != last_sequence + 1) {
    return fail(Code::internal, "first_sequence " + std::to_string(commit.first_sequence) +
                                    " does not follow " + std::to_string(last_sequence) +
                                    ": an event of the account is missing or stands twice");
  }
  return {};
}

}  // namespace ringledger
