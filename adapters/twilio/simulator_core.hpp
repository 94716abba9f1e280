// The parts of the simulator that its control side shares, and the webhooks it posts.
#pragma once

#include <boost/json.hpp>
#include <expected>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/twilio/simulator_faults.hpp"
#include "adapters/twilio/simulator_rest.hpp"
#include "adapters/twilio/simulator_twiml.hpp"
#include "commands/ports/http_client.hpp"

namespace ringledger::simulated {

/// Everything behind one lock, which is never held while a webhook is out.
struct Core {
  Core(std::uint64_t seed, Clock& clock, HttpClient* client) : state(seed, clock), http(client) {}
  std::mutex mutex;
  State state;
  Faults faults;
  RequestLog log;
  HttpClient* http;
  std::uint64_t requests = 0;  ///< received so far
};

/// Where a webhook goes.
struct Hook {
  std::string url, method;
  std::string_view name = "Action";  ///< as Twilio calls its parameter: what faults go by
  [[nodiscard]] bool empty() const { return url.empty(); }
};

/// Posts (or gets) `params` to `hook`, signed with the account's token, and logs it. The answer, or why
/// there was none. REQUIRES: the lock is not held.
std::expected<HttpAnswer, std::string> send_webhook(Core& core, const std::string& account, const Hook& hook,
                                                    const FormFields& params);
/// The same for a webhook that answers TwiML: anything but a readable 2xx document is a reason.
std::expected<std::vector<TwimlNode>, std::string> fetch_twiml(Core& core, const std::string& account,
                                                               const Hook& hook, const FormFields& params);
/// A URL of a TwiML document against the document's own; "" is the document itself.
std::string resolve_url(std::string_view base, std::string_view reference);

/// What happened, in simulated time.
class Transcript {
 public:
  void pass(int seconds) { at_s_ += seconds; }
  [[nodiscard]] int at_s() const { return at_s_; }
  /// One step: {at_s, event, …details}.
  void note(std::string_view event, boost::json::object details);
  [[nodiscard]] boost::json::array take() { return std::move(steps_); }

 private:
  int at_s_ = 0;
  boost::json::array steps_;
};

/// The number and its application as they were when the call or message came in.
struct Target {
  Record number;
  std::optional<Record> application;
  /// A hook of that name ("voice", "sms", "voice_fallback"): the application's when it has one.
  [[nodiscard]] Hook hook(std::string_view name, std::string_view application_field) const;
  [[nodiscard]] Hook status_callback() const;
};
/// nullopt: the account does not own `to`. REQUIRES: the lock is held.
std::optional<Target> find_target(const State& state, const std::string& account, std::string_view to,
                                  std::string_view application_field);

/// From…, To… and their older twins (twilio.md B.10).
void add_party_fields(FormFields& params, const std::string& from, const std::string& to);

// The control side. `body` is the JSON object sent; `account` the one it names or the first.
Reply control(Core& core, const std::string& method, std::string_view path, const FormFields& query,
              std::string_view body);
Reply place_call(Core& core, const std::string& account, const boost::json::object& body);
Reply send_message(Core& core, const std::string& account, const boost::json::object& body);

/// Reads a text or whole-number member; `otherwise` when absent or null. False with the other type.
bool read_text(const boost::json::object& body, std::string_view name, std::string& into);
bool read_count(const boost::json::object& body, std::string_view name, int& into, int most);

}  // namespace ringledger::simulated
