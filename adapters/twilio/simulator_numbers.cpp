// The simulated IncomingPhoneNumbers (twilio.md B.2).
#include <array>

#include "adapters/twilio/simulator_rest.hpp"
#include "domain/values.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;
using enum FieldSpec::Show;

constexpr std::array<FieldSpec, 31> fields{{
    {"address_sid", "AddressSid", nullable, ""},
    {"address_requirements", "", text, "none"},
    {"api_version", "ApiVersion", text, "2010-04-01"},
    {"beta", "", flag, ""},
    {"friendly_name", "FriendlyName", text, ""},
    {"identity_sid", "IdentitySid", nullable, ""},
    {"phone_number", "", text, ""},
    {"origin", "", text, "twilio"},
    {"sms_application_sid", "SmsApplicationSid", nullable, ""},
    {"sms_fallback_method", "SmsFallbackMethod", text, "POST"},
    {"sms_fallback_url", "SmsFallbackUrl", text, ""},
    {"sms_method", "SmsMethod", text, "POST"},
    {"sms_url", "SmsUrl", text, ""},
    {"status_callback", "StatusCallback", text, ""},
    {"status_callback_method", "StatusCallbackMethod", text, "POST"},
    {"trunk_sid", "TrunkSid", nullable, ""},
    {"voice_receive_mode", "VoiceReceiveMode", text, "voice"},
    {"voice_application_sid", "VoiceApplicationSid", nullable, ""},
    {"voice_caller_id_lookup", "VoiceCallerIdLookup", flag, ""},
    {"voice_fallback_method", "VoiceFallbackMethod", text, "POST"},
    {"voice_fallback_url", "VoiceFallbackUrl", text, ""},
    {"voice_method", "VoiceMethod", text, "POST"},
    {"voice_url", "VoiceUrl", text, ""},
    {"emergency_status", "EmergencyStatus", text, "Active"},
    {"emergency_address_sid", "EmergencyAddressSid", nullable, ""},
    {"emergency_address_status", "", text, "unregistered"},
    {"bundle_sid", "BundleSid", nullable, ""},
    {"status", "", text, "in-use"},
    {"type", "", text, "local"},
    {"account_sid", "", text, ""},
    {"sid", "", text, ""},
}};

std::string number_uri(const Record& number) {
  return account_uri(number.get("account_sid")) + "/IncomingPhoneNumbers/" + number.sid;
}

/// VoiceApplicationSid and TrunkSid exclude each other: what the form sets removes the other.
void settle_exclusion(Record& number, const FormFields& form) {
  if (!form_value(form, "TrunkSid").empty())
    number.set("voice_application_sid", "");
  else if (!form_value(form, "VoiceApplicationSid").empty())
    number.set("trunk_sid", "");
}

/// Everything a form may change, checked; the record is only good when nothing is returned.
std::optional<Reply> change(Record& number, const FormFields& form) {
  if (auto bad = check_friendly_name(form)) return bad;
  if (auto bad = assign(number, fields, form)) return bad;
  settle_exclusion(number, form);
  if (number.get("friendly_name").empty()) number.set("friendly_name", formatted(number.get("phone_number")));
  if (form_has(form, "VoiceCallerIdLookup") && number.is("voice_caller_id_lookup"))
    return check_name_lookup(number);
  return std::nullopt;
}

Reply list(State& state, const std::string& account, const Request& request, const std::string& type) {
  const auto& all = state.of(Kind::number, account);
  const std::string pattern(form_value(request.query, "PhoneNumber"));
  const ListShape shape{.name = "incoming_phone_numbers",
                        .matches =
                            [&](const Record& number) {
                              return (type.empty() || number.get("type") == type) &&
                                     matches_pattern(number.get("phone_number"), pattern) &&
                                     matches_text(request.query, "FriendlyName",
                                                  number.get("friendly_name")) &&
                                     matches_text(request.query, "Origin", "twilio") &&
                                     matches_text(request.query, "Beta", "false");
                            },
                        .show = [](const Record& number) -> json::value { return show_number(number); }};
  // An exact number needs no walk over all of them.
  if (const auto* exact = all.find_phone(pattern); exact && pattern.size() >= 12) {
    Collection one;
    one.put(*exact);
    return list_page(request, one, shape);
  }
  return list_page(request, all, shape);
}

/// The number a purchase asks for, or Twilio's refusal (with its magic numbers, B.7).
std::expected<std::string, Reply> wanted_number(State& state, const FormFields& form) {
  const auto asked = form_value(form, "PhoneNumber");
  if (!asked.empty()) {
    const auto e164 = E164::parse(asked);
    if (!e164 || asked == "+15005550001")
      return std::unexpected(error_reply(400, 21421, "PhoneNumber is invalid"));
    if (asked == "+15005550000" || state.is_owned(asked))
      return std::unexpected(error_reply(400, 21422, std::string(asked) + " is not available."));
    return e164->text;
  }
  const auto area = form_value(form, "AreaCode");
  if (area.size() != 3 || area.find_first_not_of("0123456789") != std::string_view::npos || area[0] < '2')
    return std::unexpected(error_reply(400, 21451, "Either PhoneNumber or a valid AreaCode must be given"));
  if (area == "533")
    return std::unexpected(error_reply(400, 21452, "No phone numbers found in area code 533"));
  for (int i = 0; i < 10'000; ++i) {
    char line[8];
    std::snprintf(line, sizeof line, "%04d", i);
    auto candidate = "+1" + std::string(area) + "555" + line;
    if (!state.is_owned(candidate)) return candidate;
  }
  return std::unexpected(error_reply(400, 21452, "No phone numbers found in that area code"));
}

Reply buy(State& state, const std::string& account, const Request& request, const std::string& type) {
  const auto phone = wanted_number(state, request.form);
  if (!phone) return phone.error();
  auto number = state.make("PN");
  if (!number) return failure_reply(number.error());
  number->set("account_sid", account);
  number->set("phone_number", *phone);
  number->set("type", !type.empty() ? type : is_toll_free(*phone) ? "toll-free" : "local");
  number->set("capability.voice", "true");
  number->set("capability.sms", "true");
  if (country_of(*phone) == "US") number->set("capability.mms", "true");
  if (auto bad = change(*number, request.form)) return *bad;
  auto body = show_number(*number);
  if (auto stored = state.put(Kind::number, account, std::move(*number)); !stored)
    return failure_reply(stored.error());
  return {.status = 201, .body = std::move(body)};
}

Reply update(State& state, const std::string& account, const Request& request, const Record& found) {
  const auto move = form_value(request.form, "AccountSid");
  if (!move.empty() && move != account)
    return error_reply(400, 21474, "Phone numbers move only between a parent account and its subaccounts");
  auto number = found;
  if (auto bad = change(number, request.form)) return *bad;
  number.updated_ms = state.now().ms;
  auto body = show_number(number);
  if (auto stored = state.put(Kind::number, account, std::move(number)); !stored)
    return failure_reply(stored.error());
  return {.status = 200, .body = std::move(body)};
}

}  // namespace

std::span<const FieldSpec> number_fields() { return fields; }

std::optional<Reply> check_name_lookup(const Record& number) {
  const auto& phone = number.get("phone_number");
  if (country_of(phone) == "US" && !is_toll_free(phone) && number.get("type") != "toll-free")
    return std::nullopt;
  return error_reply(400, 21409, "VoiceCallerIdLookup cannot be set for " + phone);
}

json::object show_number(const Record& number) {
  json::object out;
  render(out, number, fields);
  json::object capabilities;
  for (const std::string_view name : {"voice", "sms", "mms", "fax"})
    capabilities[name] = number.is("capability." + std::string(name));
  out["sid"] = number.sid;
  out["capabilities"] = std::move(capabilities);
  out["date_created"] = rfc2822(number.created_ms);
  out["date_updated"] = rfc2822(number.updated_ms);
  out["uri"] = number_uri(number) + ".json";
  out["subresource_uris"] = json::object{{"assigned_add_ons", number_uri(number) + "/AssignedAddOns.json"}};
  return out;
}

Reply incoming_numbers(State& state, const std::string& account, const Request& request, Rest rest) {
  std::string type;
  if (rest.size() == 1 && (rest[0] == "Local" || rest[0] == "Mobile" || rest[0] == "TollFree")) {
    type = number_type(rest[0]);
    rest = {};
  }
  if (rest.empty()) {
    if (request.method == "GET") return list(state, account, request, type);
    if (request.method == "POST") return buy(state, account, request, type);
    return method_not_allowed(request);
  }
  const auto* found = rest.size() == 1 ? state.of(Kind::number, account).find(rest[0]) : nullptr;
  if (!found) return not_found(request);
  if (request.method == "GET") return {.status = 200, .body = show_number(*found)};
  if (request.method == "POST") return update(state, account, request, *found);
  if (request.method != "DELETE") return method_not_allowed(request);
  if (auto erased = state.erase(Kind::number, account, found->seq); !erased)
    return failure_reply(erased.error());
  return {.status = 204, .body = nullptr};
}

}  // namespace ringledger::simulated
