// Filling in call records and callbacks; see simulator_call_parts.hpp.
#include "adapters/twilio/simulator_call_parts.hpp"

#include <algorithm>
#include <cstdlib>

namespace ringledger::simulated {

int seconds(const std::string& text, int most) {
  return static_cast<int>(std::clamp(std::strtol(text.c_str(), nullptr, 10), 0L, static_cast<long>(most)));
}

std::string dialled_party(const TwimlNode& target) {
  if (target.name != "Client") return target.text;
  for (const auto& child : target.children)
    if (child.name == "Identity") return "client:" + child.text;
  return "client:" + target.text;
}

void fill_call(Record& call, const std::string& from, const std::string& to, const std::string& status,
               std::int64_t start_ms, int duration_s) {
  call.set("from", from);
  call.set("from_formatted", formatted(from));
  call.set("to", to);
  call.set("to_formatted", formatted(to));
  call.set("status", status);
  call.set("duration", std::to_string(duration_s));
  call.set("start_ms", std::to_string(start_ms));
  call.set("end_ms", std::to_string(start_ms + duration_s * 1000LL));
}

void add_duration(FormFields& form, int talk_s) {
  form.emplace_back("CallDuration", std::to_string(talk_s));
  form.emplace_back("Duration", std::to_string((talk_s + 59) / 60));
}

}  // namespace ringledger::simulated
