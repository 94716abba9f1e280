// The control side of the simulator, `/_sim/*` (api.md "The Twilio simulator").
#include <limits>

#include "adapters/twilio/simulator_core.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

constexpr std::size_t max_text = 1600;
constexpr std::int64_t max_offset_ms = 100LL * 365 * 86'400'000;

Reply bad_request(std::string message) { return error_reply(400, 20001, std::move(message)); }

std::string text_of(const json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  if (const auto* flag = value.if_bool()) return *flag ? "true" : "false";
  return "";
}

Reply add_account(Core& core, const json::object& body) {
  std::string name = "Simulated account", status = "active", type = "Full";
  if (!read_text(body, "friendly_name", name) || !read_text(body, "status", status) ||
      !read_text(body, "type", type))
    return bad_request("friendly_name, status and type are texts");
  if ((status != "active" && status != "suspended" && status != "closed") ||
      (type != "Full" && type != "Trial"))
    return bad_request("status is active, suspended or closed; type is Full or Trial");
  std::lock_guard lock(core.mutex);
  auto account = core.state.make("AC");
  if (!account) return failure_reply(account.error());
  account->set("friendly_name", name);
  account->set("status", status);
  account->set("type", type);
  account->set("auth_token", core.state.hex("auth_token", account->seq));
  auto shown = show_account(*account, true);
  shown["account_sid"] = account->sid;
  if (auto stored = core.state.put(Kind::account, "", std::move(*account)); !stored)
    return failure_reply(stored.error());
  return {.status = 201, .body = std::move(shown)};
}

/// `POST /_sim/accounts/{sid}`: {status, type, auth_token} as given; what is absent stays.
Reply change_account(Core& core, std::string_view sid, const json::object& body) {
  std::lock_guard lock(core.mutex);
  const auto* found = core.state.accounts().find(sid);
  if (!found) return error_reply(404, 20404, "no such account");
  auto account = *found;
  for (const auto* field : {"friendly_name", "status", "type", "auth_token"}) {
    std::string value;
    if (!read_text(body, field, value)) return bad_request(std::string(field) + " is a text");
    if (!value.empty()) account.set(field, value);
  }
  account.updated_ms = core.state.now().ms;
  auto shown = show_account(account, true);
  if (auto stored = core.state.put(Kind::account, "", std::move(account)); !stored)
    return failure_reply(stored.error());
  return {.status = 200, .body = std::move(shown)};
}

Reply list_accounts(Core& core) {
  std::lock_guard lock(core.mutex);
  json::array items;
  for (const auto& [seq, account] : core.state.accounts().all()) items.push_back(show_account(account, true));
  return {.status = 200, .body = json::object{{"items", std::move(items)}}};
}

bool set_capabilities(Record& number, const json::value& value) {
  const auto* object = value.if_object();
  if (!object) return false;
  for (const auto* name : {"voice", "sms", "mms", "fax"}) {
    const auto* flag = object->if_contains(name);
    number.set("capability." + std::string(name), flag && text_of(*flag) == "true" ? "true" : "");
  }
  return true;
}

bool can_be_set(std::string_view field) {
  for (const auto& spec : number_fields())
    if (spec.field == field && !spec.param.empty()) return true;
  return false;
}

/// One member of the order; the reason when it is none.
std::optional<std::string> set_member(Record& number, std::string_view name, const json::value& value) {
  if (name == "account_sid" || name == "phone_number") return std::nullopt;
  if (name == "capabilities") {
    if (set_capabilities(number, value)) return std::nullopt;
    return "capabilities is an object of voice, sms, mms and fax";
  }
  const auto text = text_of(value);
  if (text.size() > max_text) return std::string(name) + " is longer than 1,600 bytes";
  if (name == "type") {
    number.set("type", number_type(text));
    return number.get("type").empty() ? std::optional<std::string>("type is local, toll-free or mobile")
                                      : std::nullopt;
  }
  if (!can_be_set(name)) return "a number has no member \"" + std::string(name) + "\" to set";
  const bool is_flag = name == "voice_caller_id_lookup";
  number.set(name, is_flag && text != "true" ? "" : text);
  return std::nullopt;
}

Reply add_number(Core& core, const std::string& account, const json::object& body) {
  std::string phone;
  if (!read_text(body, "phone_number", phone) || !E164::parse(phone))
    return bad_request("phone_number must be E.164");
  std::lock_guard lock(core.mutex);
  if (core.state.is_owned(phone)) return error_reply(400, 21422, phone + " is not available.");
  auto number = core.state.make("PN");
  if (!number) return failure_reply(number.error());
  number->set("account_sid", account);
  number->set("phone_number", phone);
  number->set("type", is_toll_free(phone) ? "toll-free" : "local");
  for (const auto* name : {"voice", "sms", "mms"}) number->set("capability." + std::string(name), "true");
  for (const auto& [name, value] : body)
    if (const auto wrong = set_member(*number, {name.data(), name.size()}, value)) return bad_request(*wrong);
  if (number->is("voice_caller_id_lookup"))
    if (auto refused = check_name_lookup(*number)) return *refused;
  if (number->get("friendly_name").empty()) number->set("friendly_name", formatted(phone));
  auto shown = show_number(*number);
  if (auto stored = core.state.put(Kind::number, account, std::move(*number)); !stored)
    return failure_reply(stored.error());
  return {.status = 201, .body = std::move(shown)};
}

Reply add_fault(Core& core, const json::object& body) {
  auto fault = read_fault(body);
  if (!fault) return bad_request(fault.error());
  std::lock_guard lock(core.mutex);
  const auto added = core.faults.add(std::move(*fault));
  if (!added) return error_reply(429, 20429, "1,000 faults wait already");
  return {.status = 201, .body = show_fault(*added)};
}

Reply faults(Core& core, const std::string& method, const json::object& body) {
  if (method == "POST") return add_fault(core, body);
  std::lock_guard lock(core.mutex);
  if (method == "DELETE") core.faults.clear();
  json::array items;
  for (const auto& fault : core.faults.waiting()) items.push_back(show_fault(fault));
  return {.status = 200, .body = json::object{{"items", std::move(items)}}};
}

Reply requests(Core& core, const std::string& method, const FormFields& query) {
  std::lock_guard lock(core.mutex);
  if (method == "DELETE") core.log.clear();
  return {.status = 200, .body = json::object{{"items", core.log.show(form_value(query, "account_sid"))}}};
}

/// {now: RFC 3339} sets the clock, {advance_s: n} moves it, {} or GET only reads it.
Reply move_clock(Core& core, const json::object& body) {
  std::string now;
  int advance_s = 0;
  if (!read_text(body, "now", now) ||
      !read_count(body, "advance_s", advance_s, std::numeric_limits<int>::max()))
    return bad_request("now is an RFC 3339 time, advance_s a number of seconds");
  std::lock_guard lock(core.mutex);
  auto offset = core.state.offset_ms();
  if (!now.empty()) {
    const auto at = parse_rfc3339(now);
    if (!at) return bad_request("now is not an RFC 3339 time");
    offset += at->ms - core.state.now().ms;
  }
  offset += advance_s * 1000LL;
  if (offset > max_offset_ms || offset < -max_offset_ms) return bad_request("more than 100 years away");
  if (offset != core.state.offset_ms())
    if (auto stored = core.state.set_offset(offset); !stored) return failure_reply(stored.error());
  return {.status = 200, .body = json::object{{"now", to_rfc3339(core.state.now())}, {"offset_ms", offset}}};
}

std::expected<json::object, std::string> read_body(std::string_view body) {
  if (body.empty()) return json::object{};
  json::error_code error;
  auto value = json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return std::unexpected("the body is not a JSON object");
  return std::move(value.as_object());
}

/// The account that is named, else the first one; "" when there is none.
std::string account_for(Core& core, const json::object& body) {
  std::string named;
  if (!read_text(body, "account_sid", named)) return "";
  std::lock_guard lock(core.mutex);
  const auto* found = named.empty() ? core.state.first_account() : core.state.accounts().find(named);
  return found ? found->sid : "";
}

}  // namespace

bool read_text(const json::object& body, std::string_view name, std::string& into) {
  const auto* value = body.if_contains(name);
  if (!value || value->is_null()) return true;
  const auto* text = value->if_string();
  if (!text || text->size() > max_text) return false;
  into.assign(text->data(), text->size());
  return true;
}

bool read_count(const json::object& body, std::string_view name, int& into, int most) {
  const auto* value = body.if_contains(name);
  if (!value || value->is_null()) return true;
  const auto* number = value->if_int64();
  if (!number || *number < 0 || *number > most) return false;
  into = static_cast<int>(*number);
  return true;
}

Reply control(Core& core, const std::string& method, std::string_view path, const FormFields& query,
              std::string_view text) {
  const auto body = read_body(text);
  if (!body) return bad_request(body.error());
  const bool post = method == "POST";
  if (path == "health" && method == "GET") return {.status = 200, .body = json::object{{"status", "ok"}}};
  if (path == "accounts" && post) return add_account(core, *body);
  if (path == "accounts" && method == "GET") return list_accounts(core);
  if (path.starts_with("accounts/") && post) return change_account(core, path.substr(9), *body);
  if (path == "faults" && (post || method == "GET" || method == "DELETE")) return faults(core, method, *body);
  if (path == "requests" && (method == "GET" || method == "DELETE")) return requests(core, method, query);
  if (path == "clock" && (post || method == "GET")) return move_clock(core, *body);
  if (path == "numbers" || path == "calls" || path == "messages") {
    if (!post) return error_reply(405, 20004, "only POST");
    const auto account = account_for(core, *body);
    if (account.empty()) return error_reply(404, 20404, "no such account: make one with POST /_sim/accounts");
    if (path == "numbers") return add_number(core, account, *body);
    return path == "calls" ? place_call(core, account, *body) : send_message(core, account, *body);
  }
  return error_reply(404, 20404, "the simulator has no " + method + " /_sim/" + std::string(path));
}

}  // namespace ringledger::simulated
