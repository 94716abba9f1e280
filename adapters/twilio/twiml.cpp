// Writes TwiML documents; twiml.hpp says what they hold.
#include "adapters/twilio/twiml.hpp"

namespace ringledger::twiml {

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '\t':
        out += "&#9;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

namespace {

/// One element: opened by construction, closed by `close`, its attributes written before any content.
class Element {
 public:
  Element(std::string& out, std::string_view name) : out_(out), name_(name) { (out_ += '<') += name_; }

  Element& attribute(std::string_view name, std::string_view value) {
    (((out_ += ' ') += name) += "=\"") += escape_xml(value);
    out_ += '"';
    return *this;
  }
  Element& attribute(std::string_view name, const std::optional<std::string>& value) {
    return value ? attribute(name, std::string_view(*value)) : *this;
  }
  Element& attribute(std::string_view name, std::optional<int> value) {
    return value ? attribute(name, std::string_view(std::to_string(*value))) : *this;
  }
  Element& attribute(std::string_view name, std::optional<bool> value) {
    return value ? attribute(name, std::string_view(*value ? "true" : "false")) : *this;
  }
  void empty() { out_ += "/>"; }
  void text(std::string_view text) { close_with(escape_xml(text)); }
  void begin_content() { out_ += '>'; }
  void end_content() { ((out_ += "</") += name_) += '>'; }

 private:
  void close_with(const std::string& content) {
    begin_content();
    out_ += content;
    end_content();
  }
  std::string& out_;
  std::string_view name_;
};

void write(std::string& out, const Number& number) {
  Element(out, "Number")
      .attribute("url", number.url)
      .attribute("statusCallback", number.status_callback)
      .attribute("statusCallbackEvent", number.status_callback_event)
      .text(number.number);
}

void write(std::string& out, const Client& client) {
  Element element(out, "Client");
  element.attribute("url", client.url)
      .attribute("statusCallback", client.status_callback)
      .attribute("statusCallbackEvent", client.status_callback_event);
  if (client.parameters.empty()) return element.text(client.identity);
  element.begin_content();
  Element(out, "Identity").text(client.identity);
  for (const auto& [name, value] : client.parameters)
    Element(out, "Parameter")
        .attribute("name", std::string_view(name))
        .attribute("value", std::string_view(value))
        .empty();
  element.end_content();
}

void write(std::string& out, const Dial& dial) {
  Element element(out, "Dial");
  element.attribute("action", dial.action)
      .attribute("method", dial.method)
      .attribute("timeout", dial.timeout_s)
      .attribute("timeLimit", dial.time_limit_s)
      .attribute("callerId", dial.caller_id)
      .attribute("answerOnBridge", dial.answer_on_bridge)
      .attribute("record", dial.record)
      .attribute("recordingStatusCallback", dial.recording_status_callback);
  element.begin_content();
  for (const auto& target : dial.targets) std::visit([&](const auto& one) { write(out, one); }, target);
  element.end_content();
}

void write(std::string& out, const Reject& reject) {
  Element(out, "Reject").attribute("reason", std::string_view(reject.reason)).empty();
}

void write(std::string& out, const Say& say) {
  Element(out, "Say").attribute("voice", say.voice).attribute("language", say.language).text(say.text);
}

void write(std::string& out, const Record& record) {
  Element(out, "Record")
      .attribute("action", record.action)
      .attribute("method", record.method)
      .attribute("maxLength", record.max_length_s)
      .attribute("timeout", record.timeout_s)
      .attribute("finishOnKey", record.finish_on_key)
      .attribute("playBeep", record.play_beep)
      .attribute("recordingStatusCallback", record.recording_status_callback)
      .empty();
}

void write(std::string& out, const Hangup&) { Element(out, "Hangup").empty(); }

void write(std::string& out, const Redirect& redirect) {
  Element(out, "Redirect").attribute("method", redirect.method).text(redirect.url);
}

void write(std::string& out, const Pause& pause) {
  Element(out, "Pause").attribute("length", std::optional(pause.length_s)).empty();
}

}  // namespace

std::string to_xml(const Response& response) {
  std::string out = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  Element element(out, "Response");
  element.begin_content();
  for (const auto& verb : response.verbs) std::visit([&](const auto& one) { write(out, one); }, verb);
  element.end_content();
  return out;
}

}  // namespace ringledger::twiml
