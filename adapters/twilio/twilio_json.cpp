// Decoding of Twilio's resources with Boost.JSON; twilio_json.hpp says how tolerant.
#include "adapters/twilio/twilio_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <utility>

#include "adapters/twilio/webhook.hpp"

namespace ringledger::twilio {
namespace {

namespace json = boost::json;

std::optional<json::object> parse_object(std::string_view text) {
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

const json::value* member(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = member(object, name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(text->data(), text->size()) : std::string();
}

std::string lower_letters(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if (c >= 'a' && c <= 'z')
      out += c;
  return out;
}

bool truth(const json::value& value) {
  if (const auto* flag = value.if_bool()) return *flag;
  if (const auto* text = value.if_string()) return lower_letters({text->data(), text->size()}) == "true";
  return false;
}

bool truth_of(const json::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value && truth(*value);
}

int int_of(const json::object& object, std::string_view name) {
  const auto* value = member(object, name);
  const auto* number = value ? value->if_int64() : nullptr;
  const bool fits = number && *number >= 0 && *number <= std::numeric_limits<int>::max();
  return fits ? static_cast<int>(*number) : 0;
}

numbers::Capabilities capabilities_of(const json::object& number) {
  numbers::Capabilities out;
  const auto* value = member(number, "capabilities");
  const auto* object = value ? value->if_object() : nullptr;
  if (!object) return out;
  for (const auto& [key, flag] : *object) {
    const auto name = lower_letters({key.data(), key.size()});
    if (name == "voice")
      out.voice = truth(flag);
    else if (name == "sms")
      out.sms = truth(flag);
    else if (name == "mms")
      out.mms = truth(flag);
    else if (name == "fax")
      out.fax = truth(flag);
  }
  return out;
}

numbers::ProviderSettings settings_of(const json::object& number) {
  return {.hooks = numbers::masked({.voice_url = text_of(number, "voice_url"),
                                    .voice_method = text_of(number, "voice_method"),
                                    .voice_fallback_url = text_of(number, "voice_fallback_url"),
                                    .voice_fallback_method = text_of(number, "voice_fallback_method"),
                                    .voice_application_sid = text_of(number, "voice_application_sid"),
                                    .trunk_sid = text_of(number, "trunk_sid"),
                                    .status_callback = text_of(number, "status_callback"),
                                    .status_callback_method = text_of(number, "status_callback_method"),
                                    .sms_url = text_of(number, "sms_url"),
                                    .sms_method = text_of(number, "sms_method"),
                                    .sms_fallback_url = text_of(number, "sms_fallback_url"),
                                    .sms_fallback_method = text_of(number, "sms_fallback_method"),
                                    .sms_application_sid = text_of(number, "sms_application_sid")}),
          .friendly_name = text_of(number, "friendly_name"),
          .voice_caller_id_lookup = truth_of(number, "voice_caller_id_lookup")};
}

std::optional<numbers::ProviderNumber> number_of(const json::object& number) {
  auto sid = text_of(number, "sid");
  auto e164 = E164::parse(text_of(number, "phone_number"));
  if (sid.empty() || !e164) return std::nullopt;
  return numbers::ProviderNumber{.sid = std::move(sid),
                                 .e164 = std::move(*e164),
                                 .capabilities = capabilities_of(number),
                                 .number_type = read_number_type(text_of(number, "type")),
                                 .settings = settings_of(number)};
}

/// REST writes durations and counts as texts; null until there is one.
std::optional<std::int64_t> count_of(const json::object& object, std::string_view name) {
  const auto text = text_of(object, name);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && count >= 0;
  return whole ? std::optional(count) : std::nullopt;
}

std::optional<CallReport> call_of(const json::object& call) {
  CallReport out;
  out.provider_sid = text_of(call, "sid");
  if (!is_sid(out.provider_sid)) return std::nullopt;
  out.from = text_of(call, "from");
  out.to = text_of(call, "to");
  out.caller_name = text_of(call, "caller_name");
  out.status = text_of(call, "status");
  out.outbound = text_of(call, "direction").starts_with("outbound");
  out.duration_s = count_of(call, "duration");
  out.told_at = parse_rfc2822(text_of(call, "end_time"));
  out.started_at = parse_rfc2822(text_of(call, "start_time"));
  if (!out.started_at) out.started_at = parse_rfc2822(text_of(call, "date_created"));  // it never rang
  out.form = json::serialize(call);
  return out;
}

std::optional<MessageReport> message_of(const json::object& message) {
  MessageReport out;
  out.provider_sid = text_of(message, "sid");
  if (!is_sid(out.provider_sid)) return std::nullopt;
  out.from = text_of(message, "from");
  out.to = text_of(message, "to");
  out.body = text_of(message, "body");
  out.media = count_of(message, "num_media").value_or(0);
  out.segments = count_of(message, "num_segments").value_or(0);
  // Of an inbound one `date_sent` is when Twilio asked its webhook.
  out.received_at = parse_rfc2822(text_of(message, "date_created"));
  if (!out.received_at) out.received_at = parse_rfc2822(text_of(message, "date_sent"));
  out.form = json::serialize(message);
  return out;
}

/// The inbound ones of the array `name` that `read` makes a report of.
template <class Report>
std::optional<ReportPage<Report>> page_of(std::string_view text, std::string_view name, auto&& read) {
  const auto object = parse_object(text);
  const auto* value = object ? member(*object, name) : nullptr;
  const auto* items = value ? value->if_array() : nullptr;
  if (!items) return std::nullopt;
  ReportPage<Report> page{{}, text_of(*object, "next_page_uri")};
  for (const auto& item : *items) {
    const auto* told = item.if_object();
    if (!told || text_of(*told, "direction") != "inbound") continue;
    if (auto report = read(*told)) page.reports.push_back(std::move(*report));
  }
  return page;
}

}  // namespace

numbers::NumberType read_number_type(std::string_view text) {
  using enum numbers::NumberType;
  static constexpr std::array<std::pair<std::string_view, numbers::NumberType>, 7> names{
      {{"local", local},
       {"tollfree", toll_free},
       {"mobile", mobile},
       {"national", national},
       {"sharedcost", shared_cost},
       {"voip", voip},
       {"machinetomachine", machine_to_machine}}};
  const auto letters = lower_letters(text);
  for (const auto& [name, type] : names)
    if (name == letters) return type;
  return unknown;
}

std::optional<numbers::ProviderNumber> read_number(std::string_view json) {
  const auto object = parse_object(json);
  return object ? number_of(*object) : std::nullopt;
}

std::optional<NumberPage> read_number_page(std::string_view json) {
  const auto object = parse_object(json);
  const auto* value = object ? member(*object, "incoming_phone_numbers") : nullptr;
  const auto* items = value ? value->if_array() : nullptr;
  if (!items) return std::nullopt;
  NumberPage page{.numbers = {}, .next_page_uri = text_of(*object, "next_page_uri")};
  page.numbers.reserve(items->size());
  for (const auto& item : *items) {
    const auto* number = item.if_object();
    if (auto read = number ? number_of(*number) : std::nullopt) page.numbers.push_back(std::move(*read));
  }
  return page;
}

std::optional<CallReport> read_call_resource(std::string_view json) {
  const auto object = parse_object(json);
  return object ? call_of(*object) : std::nullopt;
}

std::optional<ReportPage<CallReport>> read_call_page(std::string_view json) {
  return page_of<CallReport>(json, "calls", [](const json::object& call) {
    return text_of(call, "parent_call_sid").empty() ? call_of(call) : std::nullopt;
  });
}

std::optional<ReportPage<MessageReport>> read_message_page(std::string_view json) {
  return page_of<MessageReport>(json, "messages", message_of);
}

std::optional<Carrier::Account> read_account(std::string_view json) {
  const auto object = parse_object(json);
  if (!object || text_of(*object, "sid").empty()) return std::nullopt;
  return Carrier::Account{.status = text_of(*object, "status"),
                          .type = text_of(*object, "type"),
                          .friendly_name = text_of(*object, "friendly_name")};
}

ProviderError read_error(std::string_view json, int status) {
  ProviderError out;
  if (const auto object = parse_object(json)) {
    out.code = int_of(*object, "code");
    out.message = text_of(*object, "message");
    if (out.message.empty()) out.message = text_of(*object, "title");  // RFC 9457, the newer hosts
    out.more_info = text_of(*object, "more_info");
  }
  if (out.message.empty()) out.message = "HTTP status " + std::to_string(status);
  return out;
}

}  // namespace ringledger::twilio
