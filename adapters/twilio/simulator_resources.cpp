// The simulated Accounts, Applications, Keys, Calls, Messages and Balance (twilio.md B.4), and the way
// from a request to its resource.
#include <array>

#include "adapters/crypto/hash.hpp"
#include "adapters/twilio/simulator_rest.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;
using enum FieldSpec::Show;

constexpr std::array<FieldSpec, 17> application_fields{{
    {"account_sid", "", text, ""},
    {"api_version", "ApiVersion", text, "2010-04-01"},
    {"friendly_name", "FriendlyName", text, ""},
    {"message_status_callback", "MessageStatusCallback", text, ""},
    {"sms_fallback_method", "SmsFallbackMethod", text, "POST"},
    {"sms_fallback_url", "SmsFallbackUrl", text, ""},
    {"sms_method", "SmsMethod", text, "POST"},
    {"sms_status_callback", "SmsStatusCallback", text, ""},
    {"sms_url", "SmsUrl", text, ""},
    {"status_callback", "StatusCallback", text, ""},
    {"status_callback_method", "StatusCallbackMethod", text, "POST"},
    {"voice_caller_id_lookup", "VoiceCallerIdLookup", flag, ""},
    {"voice_fallback_method", "VoiceFallbackMethod", text, "POST"},
    {"voice_fallback_url", "VoiceFallbackUrl", text, ""},
    {"voice_method", "VoiceMethod", text, "POST"},
    {"voice_url", "VoiceUrl", text, ""},
    {"public_application_connect_enabled", "PublicApplicationConnectEnabled", flag, ""},
}};

constexpr std::array<FieldSpec, 23> call_fields{{
    {"parent_call_sid", "", nullable, ""},
    {"account_sid", "", text, ""},
    {"to", "", text, ""},
    {"to_formatted", "", text, ""},
    {"from", "", text, ""},
    {"from_formatted", "", text, ""},
    {"phone_number_sid", "", nullable, ""},
    {"status", "", text, "queued"},
    {"start_time", "", nullable, ""},
    {"end_time", "", nullable, ""},
    {"duration", "", nullable, ""},
    {"price", "", nullable, ""},
    {"price_unit", "", text, "USD"},
    {"direction", "", text, "inbound"},
    {"answered_by", "", nullable, ""},
    {"api_version", "", text, "2010-04-01"},
    {"forwarded_from", "", nullable, ""},
    {"group_sid", "", nullable, ""},
    {"caller_name", "", nullable, ""},
    {"queue_time", "", text, "0"},
    {"trunk_sid", "", nullable, ""},
    {"annotation", "", nullable, ""},
    {"sid", "", text, ""},
}};

constexpr std::array<FieldSpec, 16> message_fields{{
    {"body", "", text, ""},
    {"num_segments", "", text, "1"},
    {"direction", "", text, "inbound"},
    {"from", "", text, ""},
    {"to", "", text, ""},
    {"price", "", nullable, ""},
    {"error_message", "", nullable, ""},
    {"account_sid", "", text, ""},
    {"num_media", "", text, "0"},
    {"status", "", text, "received"},
    {"messaging_service_sid", "", nullable, ""},
    {"sid", "", text, ""},
    {"error_code", "", nullable, ""},
    {"price_unit", "", text, "USD"},
    {"api_version", "", text, "2010-04-01"},
    {"date_sent", "", nullable, ""},
}};

std::optional<std::int64_t> moment(const Record& record, std::string_view field) {
  const auto& text = record.get(field);
  return text.empty() ? std::nullopt : std::optional<std::int64_t>(std::atoll(text.c_str()));
}

/// Dates are kept as milliseconds and shown as Twilio writes them.
void show_moment(json::object& out, const Record& record, std::string_view shown, std::string_view kept) {
  const auto at = moment(record, kept);
  out[shown] = at ? json::value(rfc2822(*at)) : json::value(nullptr);
}

void show_common(json::object& out, const Record& record, std::string_view resource) {
  out["sid"] = record.sid;
  out["date_created"] = rfc2822(record.created_ms);
  out["date_updated"] = rfc2822(record.updated_ms);
  out["uri"] =
      account_uri(record.get("account_sid")) + "/" + std::string(resource) + "/" + record.sid + ".json";
}

json::object show_application(const Record& record) {
  json::object out;
  render(out, record, application_fields);
  show_common(out, record, "Applications");
  return out;
}

json::object show_key(const Record& record, bool with_secret) {
  json::object out{{"sid", record.sid},
                   {"friendly_name", record.get("friendly_name")},
                   {"date_created", rfc2822(record.created_ms)},
                   {"date_updated", rfc2822(record.updated_ms)}};
  if (with_secret) out["secret"] = record.get("secret");
  return out;
}

Reply erase(State& state, Kind kind, const std::string& account, const Record& record) {
  if (auto erased = state.erase(kind, account, record.seq); !erased) return failure_reply(erased.error());
  return {.status = 204, .body = nullptr};
}

/// Applies the form and stores; `body` is rendered from the result.
template <class Show>
Reply store(State& state, Kind kind, const std::string& account, const Request& request, Record record,
            int status, Show show) {
  if (auto bad = check_friendly_name(request.form)) return *bad;
  if (auto bad = assign(record, application_fields, request.form)) return *bad;
  record.updated_ms = state.now().ms;
  json::value body = show(record);
  if (auto stored = state.put(kind, account, std::move(record)); !stored)
    return failure_reply(stored.error());
  return {.status = status, .body = std::move(body)};
}

}  // namespace

json::object show_account(const Record& record, bool with_token) {
  const auto uri = account_uri(record.sid);
  json::object out{
      {"sid", record.sid},
      {"friendly_name", record.get("friendly_name")},
      {"status", record.get("status")},
      {"type", record.get("type")},
      {"owner_account_sid", record.sid},
      {"date_created", rfc2822(record.created_ms)},
      {"date_updated", rfc2822(record.updated_ms)},
      {"uri", uri + ".json"},
      {"subresource_uris", json::object{{"incoming_phone_numbers", uri + "/IncomingPhoneNumbers.json"},
                                        {"available_phone_numbers", uri + "/AvailablePhoneNumbers.json"},
                                        {"applications", uri + "/Applications.json"},
                                        {"calls", uri + "/Calls.json"},
                                        {"messages", uri + "/Messages.json"},
                                        {"keys", uri + "/Keys.json"},
                                        {"balance", uri + "/Balance.json"}}}};
  if (with_token) out["auth_token"] = record.get("auth_token");
  return out;
}

json::object show_call(const Record& record) {
  json::object out;
  render(out, record, call_fields);
  show_common(out, record, "Calls");
  show_moment(out, record, "start_time", "start_ms");
  show_moment(out, record, "end_time", "end_ms");
  const auto base = account_uri(record.get("account_sid")) + "/Calls/" + record.sid;
  out["subresource_uris"] =
      json::object{{"recordings", base + "/Recordings.json"}, {"events", base + "/Events.json"}};
  return out;
}

json::object show_message(const Record& record) {
  json::object out;
  render(out, record, message_fields);
  show_common(out, record, "Messages");
  out["date_sent"] = rfc2822(record.created_ms);
  out["subresource_uris"] = json::object{
      {"media", account_uri(record.get("account_sid")) + "/Messages/" + record.sid + "/Media.json"}};
  return out;
}

Reply applications(State& state, const std::string& account, const Request& request, Rest rest) {
  const auto& all = state.of(Kind::application, account);
  if (rest.empty() && request.method == "GET")
    return list_page(request, all,
                     {.name = "applications",
                      .matches =
                          [&](const Record& r) {
                            return matches_text(request.query, "FriendlyName", r.get("friendly_name"));
                          },
                      .show = [](const Record& r) -> json::value { return show_application(r); }});
  if (rest.empty() && request.method == "POST") {
    auto made = state.make("AP");
    if (!made) return failure_reply(made.error());
    made->set("account_sid", account);
    return store(state, Kind::application, account, request, std::move(*made), 201, show_application);
  }
  if (rest.empty()) return method_not_allowed(request);
  const auto* found = rest.size() == 1 ? all.find(rest[0]) : nullptr;
  if (!found) return not_found(request);
  if (request.method == "GET") return {.status = 200, .body = show_application(*found)};
  if (request.method == "DELETE") return erase(state, Kind::application, account, *found);
  if (request.method != "POST") return method_not_allowed(request);
  return store(state, Kind::application, account, request, *found, 200, show_application);
}

Reply keys(State& state, const std::string& account, const Request& request, Rest rest) {
  const auto& all = state.of(Kind::key, account);
  if (rest.empty() && request.method == "GET")
    return list_page(request, all,
                     {.name = "keys",
                      .matches = [](const Record&) { return true; },
                      .show = [](const Record& r) -> json::value { return show_key(r, false); }});
  if (rest.empty() && request.method == "POST") {
    auto made = state.make("SK");
    if (!made) return failure_reply(made.error());
    made->set("account_sid", account);
    made->set("secret", state.hex("secret", made->seq));
    return store(state, Kind::key, account, request, std::move(*made), 201,
                 [](const Record& r) { return show_key(r, true); });
  }
  if (rest.empty()) return method_not_allowed(request);
  const auto* found = rest.size() == 1 ? all.find(rest[0]) : nullptr;
  if (!found) return not_found(request);
  if (request.method == "GET") return {.status = 200, .body = show_key(*found, false)};
  if (request.method == "DELETE") return erase(state, Kind::key, account, *found);
  if (request.method != "POST") return method_not_allowed(request);
  return store(state, Kind::key, account, request, *found, 200,
               [](const Record& r) { return show_key(r, false); });
}

Reply calls(State& state, const std::string& account, const Request& request, Rest rest) {
  const auto& all = state.of(Kind::call, account);
  const auto* found = rest.size() == 1 ? all.find(rest[0]) : nullptr;
  if (!rest.empty() && !found) return not_found(request);
  if (request.method != "GET") return method_not_allowed(request);
  if (found) return {.status = 200, .body = show_call(*found)};
  const auto& query = request.query;
  return list_page(request, all,
                   {.name = "calls",
                    .matches =
                        [&](const Record& r) {
                          return matches_text(query, "To", r.get("to")) &&
                                 matches_text(query, "From", r.get("from")) &&
                                 matches_text(query, "Status", r.get("status")) &&
                                 matches_text(query, "ParentCallSid", r.get("parent_call_sid")) &&
                                 matches_date(query, "StartTime", moment(r, "start_ms")) &&
                                 matches_date(query, "EndTime", moment(r, "end_ms"));
                        },
                    .show = [](const Record& r) -> json::value { return show_call(r); }});
}

Reply messages(State& state, const std::string& account, const Request& request, Rest rest) {
  const auto& all = state.of(Kind::message, account);
  const auto* found = rest.size() == 1 ? all.find(rest[0]) : nullptr;
  if (!rest.empty() && !found) return not_found(request);
  if (request.method != "GET") return method_not_allowed(request);
  if (found) return {.status = 200, .body = show_message(*found)};
  const auto& query = request.query;
  return list_page(request, all,
                   {.name = "messages",
                    .matches =
                        [&](const Record& r) {
                          return matches_text(query, "To", r.get("to")) &&
                                 matches_text(query, "From", r.get("from")) &&
                                 matches_date(query, "DateSent", r.created_ms);
                        },
                    .show = [](const Record& r) -> json::value { return show_message(r); }});
}

Reply balance(const std::string& account, const Request& request) {
  if (request.method != "GET") return method_not_allowed(request);
  return {.status = 200,
          .body = json::object{{"account_sid", account}, {"balance", "100.00"}, {"currency", "USD"}}};
}

}  // namespace ringledger::simulated
