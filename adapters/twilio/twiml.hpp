// TwiML: the documents we answer to Twilio's voice webhooks, typed, so that none can be malformed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringledger::twiml {

/// Twilio fetches at most this much TwiML (11750).
inline constexpr std::size_t max_document_bytes = 64 * 1024;
inline constexpr std::string_view content_type = "text/xml; charset=utf-8";

/// Absent members are left to Twilio's defaults (twilio.md B.12).
struct Number {
  std::string number;              ///< E.164
  std::optional<std::string> url;  ///< whisper, run on the callee's leg before bridging
  std::optional<std::string> status_callback, status_callback_event;
};

struct Client {
  std::string identity;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< become call.customParameters
  std::optional<std::string> url, status_callback, status_callback_event;
};

struct Dial {
  std::vector<std::variant<Number, Client>> targets;  ///< 1 to 10; the first to answer wins
  std::optional<std::string> caller_id, action, method, record, recording_status_callback;
  std::optional<bool> answer_on_bridge;
  std::optional<int> timeout_s, time_limit_s;
};

struct Reject {
  std::string reason = "rejected";
};  ///< "rejected" or "busy"; not billed as first verb
struct Say {
  std::string text;
  std::optional<std::string> voice, language;
};
struct Record {
  std::optional<std::string> action, method, finish_on_key, recording_status_callback;
  std::optional<int> max_length_s, timeout_s;
  std::optional<bool> play_beep;
};
struct Hangup {};
struct Redirect {
  std::string url;
  std::optional<std::string> method;
};
struct Pause {
  int length_s = 1;
};

using Verb = std::variant<Dial, Reject, Say, Record, Hangup, Redirect, Pause>;

struct Response {
  std::vector<Verb> verbs;
};

/// The document as UTF-8. Every text is escaped; what XML 1.0 cannot carry (control characters) is
/// left out.
std::string to_xml(const Response& response);

/// `text` for use inside an element or a quoted attribute.
std::string escape_xml(std::string_view text);

}  // namespace ringledger::twiml
