// What a provider tells of a message, by a webhook or in its list: the fields that commands decide by, and
// the whole of it.
#pragma once

#include <optional>
#include <string>

#include "domain/values.hpp"

namespace ringledger {

struct MessageReport {
  std::string provider_sid;  ///< Twilio's MessageSid
  std::string from, to, body;
  std::int64_t media = 0, segments = 0;
  std::string opt_out;  ///< OptOutType, when Twilio's Advanced Opt-Out judged the words itself; else ""
  std::string form;     ///< as it came
  std::optional<Timestamp> received_at{};  ///< only in lists: a webhook tells of what came just now
};

}  // namespace ringledger
