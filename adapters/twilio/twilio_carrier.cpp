// The calls to Twilio and how their failures are told apart; see twilio_carrier.hpp.
#include "adapters/twilio/twilio_carrier.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "adapters/crypto/hash.hpp"
#include "adapters/http/url.hpp"
#include "adapters/twilio/twilio_json.hpp"
#include "domain/fold.hpp"

namespace ringledger {
namespace {

constexpr int max_retry_after_s = 3600;
constexpr std::string_view request_id_header = "Twilio-Request-Id";

// Reading is repeated when Twilio says so at once (429, 5xx); who asks is waiting, so not for long.
constexpr int max_reads = 3;
constexpr std::int64_t first_pause_ms = 100;
constexpr int longest_retry_after_s = 2;

CarrierFailure failure(CarrierFailure::Kind kind, std::string message) {
  return {
      .kind = kind, .error = {.code = 0, .message = std::move(message), .more_info = {}}, .retry_after_s = 0};
}

CarrierFailure unavailable(std::string message) {
  return failure(CarrierFailure::Kind::unavailable, std::move(message));
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
  });
}

/// "" when absent.
std::string header_of(const HttpAnswer& answer, std::string_view wanted) {
  for (const auto& [name, value] : answer.headers)
    if (same_name(name, wanted)) return value;
  return {};
}

/// Seconds of Retry-After; 0 when absent or a date.
int retry_after_of(const HttpAnswer& answer) {
  const auto value = header_of(answer, "Retry-After");
  int seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  return error == std::errc{} && seconds > 0 ? std::min(seconds, max_retry_after_s) : 0;
}

/// Twilio's codes win over the status: they are finer (twilio.md B.7).
CarrierFailure::Kind kind_of(int status, int code) {
  using enum CarrierFailure::Kind;
  switch (code) {
    case 20003:
      return invalid_credentials;
    case 20404:
      return gone;
    case 20409:  // conflict: read again and repeat
    case 20429:
    case 20500:
    case 20503:
    case 21501:  // not yet available
    case 59004:
      return unavailable;  // configuration throttled
    default:
      break;
  }
  if (status == 401) return invalid_credentials;
  // A 404 that is not Twilio's own comes from something in between, or from a wrong api_url.
  if (status == 404 || status == 408 || status == 429 || status < 400 || status >= 500) return unavailable;
  return refused;
}

CarrierFailure failure_of(const HttpAnswer& answer) {
  auto error = twilio::read_error(answer.body, answer.status);
  const auto kind = kind_of(answer.status, error.code);
  return {.kind = kind,
          .error = std::move(error),
          .retry_after_s = retry_after_of(answer),
          .request_id = header_of(answer, request_id_header)};
}

std::string account_path(const CarrierCredentials& who) {
  return "/2010-04-01/Accounts/" + percent_encode(who.account_sid);
}

std::string number_path(const CarrierCredentials& who, const std::string& sid) {
  return account_path(who) + "/IncomingPhoneNumbers/" + percent_encode(sid) + ".json";
}

/// "voice_url" is the parameter "VoiceUrl".
std::string parameter(std::string_view field) {
  std::string out;
  bool capital = true;
  for (const char c : field) {
    if (c != '_') out += capital ? static_cast<char>(c - 'a' + 'A') : c;
    capital = c == '_';
  }
  return out;
}

std::string form_of(const ProviderUpdate& update) {
  FormFields fields;
  const auto add = Overload{[&](std::string_view name, const std::optional<std::string>& value, auto&) {
                              if (value) fields.emplace_back(parameter(name), *value);
                            },
                            [&](std::string_view name, const std::optional<bool>& value, auto&) {
                              if (value) fields.emplace_back(parameter(name), *value ? "true" : "false");
                            }};
  each_setting(update, numbers::ProviderSettings{}, add);
  return form_encode(fields);
}

/// What a 2xx answer brought.
struct Reply {
  std::string body, request_id;
};

CarrierResult<Reply> reply_of(const Result<HttpAnswer>& answer) {
  if (!answer) return std::unexpected(unavailable(answer.error().detail));
  if (answer->status < 200 || answer->status > 299) return std::unexpected(failure_of(*answer));
  return Reply{answer->body, header_of(*answer, request_id_header)};
}

CarrierResult<numbers::ProviderNumber> number_in(std::string_view body) {
  auto number = twilio::read_number(body);
  if (!number) return std::unexpected(unavailable("Twilio's answer is not a phone number"));
  return std::move(*number);
}

/// Relative to the host; anything else could carry the credentials elsewhere.
CarrierResult<void> stays_at_host(std::string_view next_page_uri) {
  if (next_page_uri.empty() || (next_page_uri.starts_with('/') && !next_page_uri.starts_with("//")))
    return {};
  return std::unexpected(unavailable("Twilio's next_page_uri is not a path of its host"));
}

/// As a filter of a list: percent-encoded, whole seconds, as Twilio's own libraries write it.
std::string time_text(Timestamp at) {
  auto text = to_rfc3339(at);
  const auto fraction = text.find('.');
  if (fraction != std::string::npos) text.erase(fraction, text.size() - fraction - 1);
  return percent_encode(text);
}

/// `read`: nullopt when it is no such page.
template <class Report>
CarrierResult<ReportPage<Report>> page_in(const CarrierResult<std::string>& body,
                                          std::optional<ReportPage<Report>> (*read)(std::string_view)) {
  if (!body) return std::unexpected(body.error());
  auto page = read(*body);
  if (!page) return std::unexpected(unavailable("Twilio's answer is not the list that was asked for"));
  if (auto ok = stays_at_host(page->next); !ok) return std::unexpected(std::move(ok.error()));
  return std::move(*page);
}

}  // namespace

TwilioCarrier::TwilioCarrier(HttpClient& http, std::string base_url, int timeout_ms)
    : http_(http), base_url_(std::move(base_url)), timeout_ms_(timeout_ms) {
  while (base_url_.ends_with('/')) base_url_.pop_back();
}

Result<HttpAnswer> TwilioCarrier::ask(const CarrierCredentials& who, std::string method,
                                      const std::string& target, std::string form) {
  HttpCall call{.method = std::move(method),
                .url = base_url_ + target,
                .headers = {},
                .body = std::move(form),
                .timeout_ms = timeout_ms_};
  call.headers.emplace_back("Authorization",
                            "Basic " + base64_encode(who.account_sid + ":" + who.auth_token));
  call.headers.emplace_back("Accept", "application/json");
  if (call.method == "POST") call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  return http_.call(call);
}

/// A failure without an answer has used up its time already; it is not repeated.
CarrierResult<std::string> TwilioCarrier::get(const CarrierCredentials& who, const std::string& target) {
  for (int reads = 1;; ++reads) {
    const auto answer = ask(who, "GET", target);
    auto reply = reply_of(answer);
    if (reply) return std::move(reply->body);
    const auto& failed = reply.error();
    const bool again = answer && failed.kind == CarrierFailure::Kind::unavailable &&
                       failed.retry_after_s <= longest_retry_after_s && reads < max_reads;
    if (!again) return std::unexpected(std::move(reply.error()));
    http_.pause(pause_ms(reads, failed.retry_after_s));
  }
}

/// Doubling, with full jitter: calls that were refused together do not come again together.
std::int64_t TwilioCarrier::pause_ms(int reads, int retry_after_s) {
  const auto longest = static_cast<std::uint64_t>(first_pause_ms << (reads - 1));
  const auto mixed = (pauses_.fetch_add(1) + 1) * 0x9E37'79B9'7F4A'7C15U;
  return std::int64_t{retry_after_s} * 1000 + 1 + static_cast<std::int64_t>((mixed >> 32U) % longest);
}

CarrierResult<std::vector<numbers::ProviderNumber>> TwilioCarrier::list(const CarrierCredentials& who,
                                                                        std::string target) {
  std::vector<numbers::ProviderNumber> all;
  std::set<std::string> seen;
  for (int page = 0; page < max_pages; ++page) {
    const auto body = get(who, target);
    if (!body) return std::unexpected(body.error());
    auto read = twilio::read_number_page(*body);
    if (!read) return std::unexpected(unavailable("Twilio's answer is not a list of phone numbers"));
    std::ranges::move(read->numbers, std::back_inserter(all));
    if (read->next_page_uri.empty()) return all;
    if (auto ok = stays_at_host(read->next_page_uri); !ok) return std::unexpected(std::move(ok.error()));
    seen.insert(std::exchange(target, std::move(read->next_page_uri)));
    if (seen.contains(target)) return std::unexpected(unavailable("Twilio's pages go round in a circle"));
  }
  return std::unexpected(unavailable("Twilio's list is longer than " + std::to_string(max_pages) + " pages"));
}

CarrierResult<Carrier::Account> TwilioCarrier::verify(const CarrierCredentials& who) {
  const auto body = get(who, account_path(who) + ".json");
  if (!body) return std::unexpected(body.error());
  auto account = twilio::read_account(*body);
  if (!account) return std::unexpected(unavailable("Twilio's answer is not an account"));
  return std::move(*account);
}

CarrierResult<std::vector<numbers::ProviderNumber>> TwilioCarrier::list_numbers(
    const CarrierCredentials& who) {
  return list(who, account_path(who) + "/IncomingPhoneNumbers.json?PageSize=1000");
}

CarrierResult<std::optional<numbers::ProviderNumber>> TwilioCarrier::find_number(
    const CarrierCredentials& who, const E164& e164) {
  auto found = list(who, account_path(who) + "/IncomingPhoneNumbers.json?PageSize=1000&PhoneNumber=" +
                             percent_encode(e164.text));
  if (!found) return std::unexpected(found.error());
  // Twilio's filter matches parts of a number, too.
  const auto exact = std::ranges::find(*found, e164, &numbers::ProviderNumber::e164);
  if (exact == found->end()) return std::nullopt;
  return std::move(*exact);
}

CarrierResult<numbers::ProviderNumber> TwilioCarrier::fetch_number(const CarrierCredentials& who,
                                                                   const std::string& sid) {
  const auto body = get(who, number_path(who, sid));
  if (!body) return std::unexpected(body.error());
  return number_in(*body);
}

CarrierResult<Written> TwilioCarrier::update_number(const CarrierCredentials& who, const std::string& sid,
                                                    const ProviderUpdate& update) {
  auto reply = reply_of(ask(who, "POST", number_path(who, sid), form_of(update)));
  if (!reply) return std::unexpected(std::move(reply.error()));
  auto number = number_in(reply->body);
  if (!number) return std::unexpected(std::move(number.error()));
  return Written{std::move(number->settings), std::move(reply->request_id)};
}

CarrierResult<Receipt> TwilioCarrier::release_number(const CarrierCredentials& who, const std::string& sid) {
  auto reply = reply_of(ask(who, "DELETE", number_path(who, sid)));
  if (!reply && reply.error().kind != CarrierFailure::Kind::gone)
    return std::unexpected(std::move(reply.error()));
  if (!reply) return Receipt{std::move(reply.error().request_id)};
  if (!reply->body.empty()) return std::unexpected(unavailable("Twilio's answer to a release has no body"));
  return Receipt{std::move(reply->request_id)};
}

CarrierResult<CallReport> TwilioCarrier::fetch_call(const CarrierCredentials& who, const std::string& sid) {
  const auto body = get(who, account_path(who) + "/Calls/" + percent_encode(sid) + ".json");
  if (!body) return std::unexpected(body.error());
  auto call = twilio::read_call_resource(*body);
  if (!call) return std::unexpected(unavailable("Twilio's answer is not a call"));
  return std::move(*call);
}

CarrierResult<ReportPage<CallReport>> TwilioCarrier::list_calls(const CarrierCredentials& who,
                                                                Timestamp since, const std::string& page) {
  const auto first = account_path(who) + "/Calls.json?PageSize=1000&EndTime%3E=" + time_text(since);
  return page_in(get(who, page.empty() ? first : page), twilio::read_call_page);
}

CarrierResult<ReportPage<MessageReport>> TwilioCarrier::list_messages(const CarrierCredentials& who,
                                                                      Timestamp since,
                                                                      const std::string& page) {
  const auto first = account_path(who) + "/Messages.json?PageSize=1000&DateSent%3E=" + time_text(since);
  return page_in(get(who, page.empty() ? first : page), twilio::read_message_page);
}

}  // namespace ringledger
