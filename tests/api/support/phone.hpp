// A number at the simulated server that rings and is written to, as Twilio tells it.
#pragma once

#include <memory>

#include "sim_posts.hpp"

namespace ringledger::sim {

struct Phone {
  World w{11};
  Demo demo;
  int calls = 0;
  std::string public_url = w.public_url;  ///< that Twilio posts to, and signs

  explicit Phone(bool forwards = true) {
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
    demo.make(w, 1);
    if (forwards) assign();
    settle();
  }
  void settle() { REQUIRE(w.scheduler.run_for(5'000, 1'000'000)); }
  void restart(const std::vector<std::pair<std::string, std::string>>& settings) {
    w.kill();
    w.settings.insert(w.settings.end(), settings.begin(), settings.end());
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
    settle();
  }
  void assign() {
    auto a = w.ask("PUT", "/v1/workspaces/" + demo.ws[0] + "/numbers/" + demo.numbers[0] + "/assignment",
                   R"({"campaign":")" + demo.campaign[0] + R"(","acknowledged":[]})", "assign", demo.key);
    REQUIRE_MESSAGE(a.response.status == 200, a.response.body);
  }
  [[nodiscard]] FormFields form(const std::string& sid, const std::string& status = "ringing") const {
    return call_form(demo, {sid, "+12125550100", demo.e164s[0]}, status);
  }
  [[nodiscard]] FormFields message(const std::string& sid, const std::string& body) const {
    return message_form(demo, {sid, "+12125550100", demo.e164s[0]}, body);
  }
  std::shared_ptr<World::Answer> send(const std::string& what, const FormFields& fields,
                                      const std::string& token = {}) {
    auto path = hook_path(demo, what);
    return send_signed(path, fields, proof(token.empty() ? demo.token : token, path, fields, public_url));
  }
  std::shared_ptr<World::Answer> send_signed(const std::string& path, const FormFields& fields,
                                             const std::string& signature) {
    auto answer = std::make_shared<World::Answer>();
    HttpRequest request{"POST", path, {{"Content-Type", form_media}}, form_encode(fields), w.peer};
    if (!signature.empty()) request.headers.emplace_back("X-Twilio-Signature", signature);
    w.node->handle(std::move(request), [answer](HttpResponse r) {
      answer->response = std::move(r);
      answer->there = true;
    });
    return answer;
  }
  World::Answer post(const std::string& what, const FormFields& fields, const std::string& token = {}) {
    auto answer = send(what, fields, token);
    w.scheduler.run_until([&] { return answer->there; }, 1'000'000);
    return *answer;
  }
  [[nodiscard]] boost::json::object got(const std::string& path) {
    auto a = w.ask("GET", "/v1/workspaces/" + demo.ws[0] + path, {}, {}, demo.key);
    REQUIRE_MESSAGE(a.response.status == 200, a.response.body);
    return json_of(a);
  }
  [[nodiscard]] boost::json::array listed(const std::string& what = "/calls") {
    return got(what).at("items").as_array();
  }
  std::uint64_t end() { return w.node->partition().log().end(); }
};

/// Of a problem.
inline std::string code_of(const World::Answer& a) { return text_at(json_of(a), "code"); }
/// To where the first campaign forwards.
inline bool dials(const World::Answer& a) {
  return a.response.status == 200 &&
         a.response.body.find("<Number>+12125550199</Number>") != std::string::npos;
}

}  // namespace ringledger::sim
