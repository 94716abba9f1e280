#include "adapters/twilio/webhook.hpp"

#include <algorithm>
#include <charconv>

#include "adapters/twilio/hooks.hpp"
#include "adapters/twilio/signature.hpp"
#include "adapters/twilio/twiml.hpp"

namespace ringledger::twilio {
namespace {

constexpr std::size_t max_sid_bytes = 64;
constexpr int ring_s = 20;

std::string text_of(const FormFields& form, std::string_view name) {
  return std::string(form_value(form, name));
}

std::optional<std::int64_t> count_of(const FormFields& form, std::string_view name) {
  auto text = form_value(form, name);
  std::int64_t n = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  bool whole = ec == std::errc{} && end == text.data() + text.size() && n >= 0;
  return whole ? std::optional(n) : std::nullopt;
}

std::int64_t two_digits(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 2 && digit(text[0]) && digit(text[1]) ? (text[0] - '0') * 10 + text[1] - '0' : -1;
}

}  // namespace

bool is_sid(std::string_view text) {
  return !text.empty() && text.size() <= max_sid_bytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '/'; });
}

std::optional<FormFields> proven_form(const WebhookSender& sender, std::string_view url,
                                      std::string_view body, std::string_view signature) {
  auto form = form_decode(body);
  bool proven = verify(sender.tokens, url, form, signature);
  if (!proven || form.size() > max_webhook_fields) return std::nullopt;
  // The order of equal names is not signed: of what decides there must be one.
  for (std::string_view once : {"AccountSid", "CallSid", "MessageSid"}) {
    if (std::ranges::count(form, once, [](const auto& f) { return std::string_view(f.first); }) > 1)
      return std::nullopt;
  }
  if (form_value(form, "AccountSid") != sender.account_sid) return std::nullopt;
  return form;
}

Result<CallReport> read_call(const FormFields& form, std::string_view body) {
  CallReport r;
  r.provider_sid = text_of(form, "CallSid");
  if (!is_sid(r.provider_sid))
    return fail(Code::validation_failed, "CallSid is missing or no SID.", "CallSid");
  r.from = text_of(form, "From");
  r.to = text_of(form, "To");
  r.caller_name = text_of(form, "CallerName");
  r.status = text_of(form, "CallStatus");
  r.outbound = form_value(form, "Direction").starts_with("outbound");
  r.source = text_of(form, "CallbackSource");
  r.sequence = count_of(form, "SequenceNumber");
  r.duration_s = count_of(form, "CallDuration");
  r.told_at = parse_rfc2822(form_value(form, "Timestamp"));
  r.form = body;
  return r;
}

std::optional<ForwardReport> read_forward(const FormFields& form) {
  if (!form_has(form, "DialCallStatus")) return std::nullopt;
  return ForwardReport{text_of(form, "DialCallSid"), text_of(form, "DialCallStatus"),
                       count_of(form, "DialCallDuration")};
}

Result<MessageReport> read_message(const FormFields& form, std::string_view body) {
  MessageReport r;
  r.provider_sid = text_of(form, "MessageSid");
  if (r.provider_sid.empty()) r.provider_sid = text_of(form, "SmsSid");  // its older name
  if (!is_sid(r.provider_sid))
    return fail(Code::validation_failed, "MessageSid is missing or no SID.", "MessageSid");
  r.from = text_of(form, "From");
  r.to = text_of(form, "To");
  r.body = text_of(form, "Body");
  r.media = count_of(form, "NumMedia").value_or(0);
  r.segments = count_of(form, "NumSegments").value_or(0);
  r.opt_out = text_of(form, "OptOutType");
  r.form = body;
  return r;
}

std::string twiml_of(const calls::Route& route, const CallReport& report, const std::string& status_url) {
  if (route.kind != calls::RouteKind::forward || !route.forward_to) return twiml::to_xml({{twiml::Reject{}}});
  twiml::Dial dial;
  dial.targets.emplace_back(twiml::Number{route.forward_to->text, {}, {}, {}});
  // A withheld number is no caller id that Twilio takes (13214): ours is shown instead.
  dial.caller_id = E164::parse(report.from) ? report.from : report.to;
  dial.answer_on_bridge = true;  // the caller hears it ring, and is not billed until it is answered
  dial.timeout_s = ring_s;
  dial.action = status_url + std::string(retry_fragment);  // nobody else tells how the leg ended
  dial.method = "POST";
  return twiml::to_xml({{std::move(dial)}});
}

std::string empty_twiml() { return twiml::to_xml({}); }

std::optional<Timestamp> parse_rfc2822(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 31 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ')
    return std::nullopt;
  auto month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  auto two = [](std::int64_t n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
  auto day = two_digits(text.substr(5, 2));
  if (day < 0) return std::nullopt;
  std::string zone(text.substr(26, 3));
  return parse_rfc3339(std::string(text.substr(12, 4)) + "-" + two(static_cast<std::int64_t>(month / 3 + 1)) +
                       "-" + two(day) + "T" + std::string(text.substr(17, 8)) + zone + ":" +
                       std::string(text.substr(29, 2)));
}

}  // namespace ringledger::twilio
