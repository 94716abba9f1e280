// Visits of a website are not kept for ever: what told who came, and how, is destroyed when no call is owed
// to it and none can be any more.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// Internal, of a timer: these visits were over before `ended_before`, which is at least
/// sessions::kept_after_end_ms ago. Those that live, or that a call is owed to, stay: a person who asks is
/// found by the call (EraseContact).
struct ForgetVisits {
  static constexpr std::string_view operation = "ForgetVisits";
  WorkspaceId workspace;
  std::vector<SessionId> sessions;  ///< at least one
  Timestamp ended_before;
  [[nodiscard]] std::string natural_key() const {
    return "forget/" + sessions.front().to_string() + "/" + std::to_string(ended_before.ms);
  }

  struct Answer {
    std::int64_t forgotten = 0;
    RL_FIELDS(Answer, forgotten);
  };
};
Decision<ForgetVisits::Answer> decide(const ForgetVisits&, const Book&, const Context&);

}  // namespace ringledger
