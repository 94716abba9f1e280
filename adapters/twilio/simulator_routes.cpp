// From a request to its resource: authentication (twilio.md B.1) and the tree below /2010-04-01.
#include "adapters/crypto/hash.hpp"
#include "adapters/twilio/simulator_rest.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

Reply unauthenticated() {
  auto reply = error_reply(401, 20003, "Authenticate");
  reply.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Twilio API\"");
  return reply;
}

struct Caller {
  const Record* account = nullptr;  ///< nullptr: nobody
  bool by_key = false;
};

Caller authenticate(const State& state, const std::string& path_account, const Request& request) {
  if (const auto* account = state.accounts().find(request.user))
    return constant_time_equal(account->get("auth_token"), request.password) ? Caller{account} : Caller{};
  const auto* account = state.accounts().find(path_account);
  const auto* key = account ? state.of(Kind::key, path_account).find(request.user) : nullptr;
  if (!key || !constant_time_equal(key->get("secret"), request.password)) return {};
  return {.account = account, .by_key = true};
}

Reply account_list(const Request& request, const Record& caller) {
  Collection own;
  own.put(caller);
  return list_page(request, own,
                   {.name = "accounts",
                    .matches =
                        [&](const Record& r) {
                          return matches_text(request.query, "FriendlyName", r.get("friendly_name")) &&
                                 matches_text(request.query, "Status", r.get("status"));
                        },
                    .show = [](const Record& r) -> json::value { return show_account(r, true); }});
}

Reply resource(State& state, const std::string& account, const Request& request, std::string_view name,
               Rest rest) {
  if (name == "IncomingPhoneNumbers") return incoming_numbers(state, account, request, rest);
  if (name == "AvailablePhoneNumbers") return available_numbers(state, account, request, rest);
  if (name == "Applications") return applications(state, account, request, rest);
  if (name == "Keys" || name == "SigningKeys") return keys(state, account, request, rest);
  if (name == "Calls") return calls(state, account, request, rest);
  if (name == "Messages") return messages(state, account, request, rest);
  if (name == "Balance" && rest.empty()) return balance(account, request);
  return not_found(request);
}

}  // namespace

Reply rest_api(State& state, const Request& request) {
  const auto& segments = request.segments;
  const bool whole_list = segments.empty();
  const auto path_account = whole_list ? std::string() : segments[0];
  if (path_account.starts_with("SK")) return not_found(request);
  const auto caller = authenticate(state, path_account, request);
  if (!caller.account || caller.account->get("status") == "closed") return unauthenticated();
  if (whole_list && request.method == "GET" && !caller.by_key) return account_list(request, *caller.account);
  if (whole_list) return method_not_allowed(request);
  if (path_account != caller.account->sid) return unauthenticated();
  const bool main_only = segments.size() == 1 || segments[1] == "Keys" || segments[1] == "SigningKeys";
  if (caller.by_key && main_only)
    return error_reply(403, 20006, "Access denied: a standard key cannot do this");
  if (segments.size() == 1) {
    if (request.method != "GET") return method_not_allowed(request);
    return {.status = 200, .body = show_account(*caller.account, true)};
  }
  if (caller.account->get("status") != "active") return error_reply(403, 20005, "Account not active");
  return resource(state, path_account, request, segments[1], Rest(segments).subspan(2));
}

}  // namespace ringledger::simulated
