// Reads the TwiML a webhook answered, as the simulated Twilio has to follow it.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringledger::simulated {

struct TwimlNode {
  std::string name;
  std::map<std::string, std::string, std::less<>> attributes;
  std::string text;  ///< of this element itself, without white space around it
  std::vector<TwimlNode> children;
  /// `otherwise` when absent.
  [[nodiscard]] std::string attribute(std::string_view attribute_name, std::string_view otherwise = {}) const;
};

/// The verbs of a `<Response>`. The reason when it is no such document, larger than 64 kB (11750) or
/// of more than 500 tags.
std::expected<std::vector<TwimlNode>, std::string> read_twiml(std::string_view xml);

}  // namespace ringledger::simulated
