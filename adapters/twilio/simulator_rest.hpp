// What every resource of the simulated REST API shares: requests, answers, errors, dates, paging.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/url.hpp"
#include "adapters/twilio/simulator_state.hpp"

namespace ringledger::simulated {

/// A REST request taken apart.
struct Request {
  std::string method;
  std::string path;                   ///< decoded, without query
  std::vector<std::string> segments;  ///< behind /2010-04-01/Accounts, the last without ".json"
  FormFields query, form;
  std::string user, password;  ///< of Basic authentication
};

struct Reply {
  int status = 200;
  boost::json::value body;  ///< null: no body
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// {code, message, more_info, status} as Twilio words it.
Reply error_reply(int status, int code, std::string message);
Reply not_found(const Request& request);
Reply method_not_allowed(const Request& request);
/// The store's own failure (full, disk): 429 or 500.
Reply failure_reply(const Error& error);

/// `Tue, 31 Aug 2010 20:36:28 +0000`
std::string rfc2822(std::int64_t ms);

/// One field of a resource: its name in JSON, the parameter that sets it, how it is shown.
struct FieldSpec {
  enum Show { text, nullable, flag, integer };
  std::string_view field;
  std::string_view param;  ///< "" when it cannot be set
  Show show = text;
  std::string_view fallback;  ///< shown when the record has none
};

/// Adds the fields of `specs`, in order.
void render(boost::json::object& into, const Record& record, std::span<const FieldSpec> specs);
/// Sets what the form names. An error reply for a URL or method that Twilio would refuse.
std::optional<Reply> assign(Record& record, std::span<const FieldSpec> specs, const FormFields& form);
/// Twilio's rule for FriendlyName (20002); empty is allowed: it resets the name.
std::optional<Reply> check_friendly_name(const FormFields& form);

std::string account_uri(const std::string& account);

struct ListShape {
  std::string_view name;  ///< the array, e.g. "incoming_phone_numbers"
  std::function<bool(const Record&)> matches;
  std::function<boost::json::value(const Record&)> show;
};
/// One page, newest first. A page token names the place by record, so that what is created or removed
/// between two pages neither repeats nor hides others.
Reply list_page(const Request& request, const Collection& records, const ListShape& shape);

/// The filters `<param>`, `<param><`, `<param>>` on a date (YYYY-MM-DD or ISO 8601); false: not matched.
bool matches_date(const FormFields& query, std::string_view param, std::optional<std::int64_t> at_ms);
/// True when the filter is absent, empty or equal.
bool matches_text(const FormFields& query, std::string_view param, std::string_view value);

// The resources. `rest` are the segments behind the account.
using Rest = std::span<const std::string>;
Reply incoming_numbers(State& state, const std::string& account, const Request& request, Rest rest);
Reply available_numbers(State& state, const std::string& account, const Request& request, Rest rest);
Reply applications(State& state, const std::string& account, const Request& request, Rest rest);
Reply keys(State& state, const std::string& account, const Request& request, Rest rest);
Reply calls(State& state, const std::string& account, const Request& request, Rest rest);
Reply messages(State& state, const std::string& account, const Request& request, Rest rest);
Reply balance(const std::string& account, const Request& request);
/// Everything below /2010-04-01: authentication, then the resource.
Reply rest_api(State& state, const Request& request);

// Renderings the callers' side needs too.
boost::json::object show_account(const Record& record, bool with_token);
boost::json::object show_number(const Record& record);
boost::json::object show_call(const Record& record);
boost::json::object show_message(const Record& record);
std::span<const FieldSpec> number_fields();
/// Twilio's reason not to look up names of callers for this number (21409), or nullopt.
std::optional<Reply> check_name_lookup(const Record& number);

// Facts about numbers, enough for a simulation.
std::string formatted(std::string_view e164);   ///< "(415) 555-0100"; E.164 when not of +1
std::string country_of(std::string_view e164);  ///< ISO 3166-1 alpha-2 of a few countries, or ""
bool is_toll_free(std::string_view e164);
/// "local", "mobile", "toll-free", … in that spelling, or "" for another word.
std::string number_type(std::string_view text);
/// Takes the pattern of the PhoneNumber filter: '*' is any digit; '+' anchors it at the start.
bool matches_pattern(std::string_view phone, std::string_view pattern);

}  // namespace ringledger::simulated
