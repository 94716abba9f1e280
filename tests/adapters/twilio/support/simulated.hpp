// A simulator for tests: a clock that stands still, REST calls as the SDK makes them, a client that
// reaches the simulator without sockets, and a webhook receiver that answers from a script.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/crypto/hash.hpp"
#include "adapters/http/url.hpp"
#include "adapters/twilio/simulator.hpp"

namespace ringledger::testing {

struct StoppedClock final : Clock {
  Timestamp at{1'700'000'000'000};
  [[nodiscard]] Timestamp now() const override { return at; }
  [[nodiscard]] std::int64_t monotonic_ms() const override { return at.ms; }
};

/// Answers by URL without query; keeps what it was asked.
struct ScriptedHttp final : HttpClient {
  std::map<std::string, HttpAnswer> answers;
  std::vector<HttpCall> seen;
  std::function<void()> meanwhile;  ///< runs while a call is out
  Result<HttpAnswer> call(const HttpCall& call) override {
    seen.push_back(call);
    if (meanwhile) meanwhile();
    const auto found = answers.find(call.url.substr(0, call.url.find('?')));
    if (found == answers.end()) return fail(Code::provider_unavailable, "no such host");
    return found->second;
  }
  void pause(std::int64_t ms) override { pauses.push_back(ms); }
  std::vector<std::int64_t> pauses;
  void twiml(const std::string& url, const std::string& verbs) {
    answers[url] = {.status = 200, .headers = {}, .body = "<Response>" + verbs + "</Response>"};
  }
};

/// HttpClient whose other side is a Simulator; a dropped answer is a failed call.
struct ToSimulator final : HttpClient {
  Simulator* simulator = nullptr;
  std::function<void(const HttpCall&)> before;
  Result<HttpAnswer> call(const HttpCall& call) override {
    if (before) before(call);
    const auto url = parse_url(call.url);
    if (!url) return std::unexpected(url.error());
    auto answer = simulator->handle({call.method, url->target(), call.headers, call.body});
    if (answer.drop) return fail(Code::provider_unavailable, "the connection was closed");
    return HttpAnswer{answer.status, answer.headers, answer.body};
  }
  void pause(std::int64_t ms) override { pauses.push_back(ms); }
  std::vector<std::int64_t> pauses;
};

struct World {
  StoppedClock clock;
  ScriptedHttp web;
  std::unique_ptr<Simulator> simulator;
  std::string sid, token;

  explicit World(SimulatorOptions options = {}, Disk* disk = nullptr, bool with_account = true) {
    auto opened = Simulator::open(std::move(options), clock, disk, &web);
    if (!opened) throw std::runtime_error(opened.error().detail);
    simulator = std::move(*opened);
    if (!with_account) return;
    const auto added = control("POST", "accounts", "{}");
    sid = text(added.at("account_sid"));
    token = text(added.at("auth_token"));
  }

  static std::string text(const boost::json::value& value) {
    return boost::json::value_to<std::string>(value);
  }

  boost::json::object control(const std::string& method, const std::string& path,
                              const std::string& body = "") {
    last = simulator->handle({method, "/_sim/" + path, {}, body});
    return last.body.empty() ? boost::json::object{} : boost::json::parse(last.body).as_object();
  }

  std::string add_number(const std::string& phone, const std::string& more = "") {
    const auto made = control("POST", "numbers", R"({"phone_number":")" + phone + "\"" + more + "}");
    return made.contains("sid") ? text(made.at("sid")) : "";
  }

  /// A REST call on the account; `target` behind "/Accounts/{sid}".
  boost::json::object rest(const std::string& method, const std::string& target,
                           const FormFields& form = {}) {
    return raw(method, "/2010-04-01/Accounts/" + sid + target, form, sid + ":" + token);
  }

  boost::json::object raw(const std::string& method, const std::string& target, const FormFields& form,
                          const std::string& credentials) {
    last = simulator->handle(
        {method, target, {{"authorization", "Basic " + base64_encode(credentials)}}, form_encode(form)});
    return last.body.empty() ? boost::json::object{} : boost::json::parse(last.body).as_object();
  }

  SimHttpResponse last;
};

}  // namespace ringledger::testing
