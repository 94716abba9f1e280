// Small parts of a simulated call that need no call: how records and callbacks are filled in.
#pragma once

#include <string>

#include "adapters/twilio/simulator_core.hpp"

namespace ringledger::simulated {

inline constexpr int max_call_seconds = 14'400;  ///< Twilio's longest call

/// A TwiML attribute in seconds, from 0 to `most`.
int seconds(const std::string& text, int most);
/// Whom a noun of `<Dial>` calls: a number, or "client:identity".
std::string dialled_party(const TwimlNode& target);
/// Sets what every call record says of its parties, its end and its length.
void fill_call(Record& call, const std::string& from, const std::string& to, const std::string& status,
               std::int64_t start_ms, int duration_s);
/// CallDuration in seconds, Duration in minutes.
void add_duration(FormFields& form, int talk_s);

}  // namespace ringledger::simulated
