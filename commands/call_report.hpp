// What a provider tells of a call, by a webhook or when asked: the fields that commands decide by, and the
// whole of it.
#pragma once

#include <optional>
#include <string>

#include "domain/values.hpp"

namespace ringledger {

struct CallReport {
  std::string provider_sid;  ///< Twilio's CallSid
  std::string from, to, caller_name;
  std::string status;  ///< Twilio's word
  bool outbound = false;
  std::string source;  ///< CallbackSource; "" when not told
  std::optional<std::int64_t> sequence, duration_s;
  std::optional<Timestamp> told_at;     ///< when `status` became so
  std::optional<Timestamp> started_at;  ///< only when asked
  std::string form;                     ///< as it came, for what we do not read yet

  /// What tells this status callback from another one of the call (twilio.md B.11): its place in its source's
  /// sequence; without one, what it says.
  [[nodiscard]] std::string name() const {
    if (source.empty() || !sequence) return "status/" + status;
    return source + "/" + std::to_string(*sequence) + "/" + status;
  }
};

/// How a forwarded leg ended.
struct ForwardReport {
  std::string provider_sid;  ///< of the leg
  std::string status;        ///< DialCallStatus
  std::optional<std::int64_t> duration_s;
  [[nodiscard]] std::string name() const { return "forward/" + provider_sid + "/" + status; }
};

}  // namespace ringledger
