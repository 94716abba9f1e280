// The simulated Twilio as a client: signed webhooks out, TwiML in (twilio.md B.9 to B.11).
#include <algorithm>
#include <charconv>

#include "adapters/twilio/signature.hpp"
#include "adapters/twilio/simulator_core.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

constexpr int webhook_timeout_ms = 15'000;  // Twilio's hard cap, with all retries

std::string without_fragment(std::string_view url) { return std::string(url.substr(0, url.find('#'))); }

HttpCall signed_call(const std::string& token, const Hook& hook, const FormFields& params,
                     const std::string& idempotency) {
  HttpCall call{.method = hook.method == "GET" ? "GET" : "POST",
                .url = without_fragment(hook.url),
                .headers = {},
                .body = {},
                .timeout_ms = webhook_timeout_ms};
  const bool is_get = call.method == "GET";
  if (is_get) {
    call.url += (call.url.contains('?') ? "&" : "?") + form_encode(params);
  } else {
    call.body = form_encode(params);
    call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
  }
  call.headers.emplace_back("X-Twilio-Signature",
                            twilio::sign(token, call.url, is_get ? FormFields{} : params));
  call.headers.emplace_back("I-Twilio-Idempotency-Token", idempotency);
  call.headers.emplace_back("User-Agent", "TwilioProxy/1.1");
  call.headers.emplace_back("Accept", "*/*");
  return call;
}

/// How often a webhook is tried again, and after what, by its URL's fragment (twilio.md B.11). Without one it
/// is not: on one machine the retry of a failed connect, Twilio's default, would fail as well.
struct Retries {
  std::string after;  ///< "ct,rt,5xx"
  std::int64_t left = 0;

  explicit Retries(std::string_view url) {
    constexpr std::int64_t most = 5;
    auto hash = url.find('#');
    if (hash == std::string_view::npos) return;
    auto wishes = form_decode(url.substr(hash + 1));
    auto count = form_value(wishes, "rc");
    after = "," + std::string(form_value(wishes, "rp")) + ",";
    std::from_chars(count.data(), count.data() + count.size(), left);
    left = std::clamp<std::int64_t>(left, 0, most);
  }
  bool wants(const Result<HttpAnswer>& answer) {
    if (left-- <= 0) return false;
    if (!answer) return names("ct") || names("rt") || names("all");
    return answer->status >= 400 && (names(std::to_string(answer->status / 100) + "xx") || names("all"));
  }
  [[nodiscard]] bool names(const std::string& what) const { return after.contains("," + what + ","); }
};

}  // namespace

std::expected<HttpAnswer, std::string> send_webhook(Core& core, const std::string& account, const Hook& hook,
                                                    const FormFields& params) {
  LoggedRequest logged{.sent = true,
                       .account_sid = account,
                       .method = hook.method == "GET" ? "GET" : "POST",
                       .url = hook.url,
                       .params = params};
  HttpCall call;
  {
    std::lock_guard lock(core.mutex);
    const auto* owner = core.state.accounts().find(account);
    if (!owner) return std::unexpected("the account is gone");
    logged.at_ms = core.state.now().ms;
    if (core.faults.take_webhook(hook.name, logged.method, account)) {
      logged.faulted = logged.dropped = true;
      core.log.add(std::move(logged));
      return std::unexpected("a fault: the webhook is not sent");
    }
    const auto* sid = form_has(params, "CallSid") ? "CallSid" : "MessageSid";
    call = signed_call(owner->get("auth_token"), hook, params,
                       std::string(form_value(params, sid)) + "-" + std::to_string(core.state.now().ms));
  }
  if (!core.http) return std::unexpected("this simulator was given no HTTP client");
  Retries retries(hook.url);
  while (true) {
    auto answer = core.http->call(call);
    std::lock_guard lock(core.mutex);
    logged.status = answer ? answer->status : 0;
    core.log.add(logged);
    auto left_ms = webhook_timeout_ms - (core.state.now().ms - logged.at_ms);
    if (left_ms > 0 && retries.wants(answer)) {
      call.timeout_ms = static_cast<int>(left_ms);
      continue;
    }
    if (!answer) return std::unexpected(answer.error().detail);
    return std::move(*answer);
  }
}

std::expected<std::vector<TwimlNode>, std::string> fetch_twiml(Core& core, const std::string& account,
                                                               const Hook& hook, const FormFields& params) {
  const auto answer = send_webhook(core, account, hook, params);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status < 200 || answer->status > 299)
    return std::unexpected("11200: HTTP status " + std::to_string(answer->status));
  if (answer->body.empty()) return std::vector<TwimlNode>{};
  return read_twiml(answer->body);
}

std::string resolve_url(std::string_view base, std::string_view reference) {
  base = base.substr(0, base.find('#'));
  if (reference.empty()) return std::string(base);
  if (reference.starts_with("http://") || reference.starts_with("https://")) return std::string(reference);
  const auto authority = base.find("://");
  const auto path = authority == std::string_view::npos ? base.size() : base.find('/', authority + 3);
  const auto origin = base.substr(0, path);
  if (reference.front() == '/') return std::string(origin) + std::string(reference);
  const auto whole_path = base.substr(0, base.find('?'));
  if (reference.front() == '?') return std::string(whole_path) + std::string(reference);
  const auto folder = path == std::string_view::npos
                          ? std::string(origin) + "/"
                          : std::string(whole_path.substr(0, whole_path.rfind('/') + 1));
  return folder + std::string(reference);
}

void Transcript::note(std::string_view event, json::object details) {
  json::object step{{"at_s", at_s_}, {"event", event}};
  for (auto& [name, value] : details) step[name] = std::move(value);
  steps_.push_back(std::move(step));
}

Hook Target::hook(std::string_view name, std::string_view application_field) const {
  const bool by_application = application && !number.get(application_field).empty();
  const auto& from = by_application ? *application : number;
  const std::string_view called = name == "voice" ? "VoiceUrl" : name == "sms" ? "SmsUrl" : "FallbackUrl";
  return {from.get(std::string(name) + "_url"), from.get(std::string(name) + "_method"), called};
}

Hook Target::status_callback() const {
  const auto& from = application ? *application : number;
  return {from.get("status_callback"), from.get("status_callback_method"), "StatusCallback"};
}

std::optional<Target> find_target(const State& state, const std::string& account, std::string_view to,
                                  std::string_view application_field) {
  const auto* number = state.of(Kind::number, account).find_phone(to);
  if (!number) return std::nullopt;
  Target target{.number = *number, .application = std::nullopt};
  if (const auto& sid = number->get(application_field); !sid.empty())
    if (const auto* application = state.of(Kind::application, account).find(sid))
      target.application = *application;
  return target;
}

void add_party_fields(FormFields& params, const std::string& from, const std::string& to) {
  params.emplace_back("From", from);
  params.emplace_back("To", to);
  for (const auto& [party, phone] : {std::pair{"From", from}, std::pair{"To", to}})
    for (const char* field : {"City", "State", "Zip", "Country"})
      params.emplace_back(std::string(party) + field,
                          std::string_view(field) == "Country" ? country_of(phone) : std::string());
}

}  // namespace ringledger::simulated
