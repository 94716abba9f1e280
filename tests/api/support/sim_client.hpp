// A client of the simulated server with a ledger of its own: what was acknowledged, and with what bytes.
#pragma once

#include <boost/json/parse.hpp>
#include <optional>
#include <vector>

#include "sim_world.hpp"

namespace ringledger::sim {

inline boost::json::object json_of(const World::Answer& a) {
  auto v = boost::json::parse(a.response.body);
  return v.is_object() ? v.as_object() : boost::json::object{};
}
inline std::string text_at(const boost::json::object& o, std::string_view name) {
  return std::string(o.at(name).as_string());
}

/// An account with two workspaces on one provider account, two campaigns and some numbers imported.
struct Demo {
  std::string account, key, member, ws[2], con[2], campaign[3];
  std::vector<std::string> numbers, e164s;
  std::string sid, token;

  void make(World& w, int count) {
    auto sim = w.simulator().handle({"POST", "/_sim/accounts", {}, "{}"});
    auto twilio = boost::json::parse(sim.body).as_object();
    sid = text_at(twilio, "account_sid");
    token = text_at(twilio, "auth_token");
    for (int i = 0; i < count; ++i) {
      std::string number = "+" + std::to_string(14155550100 + i);
      auto made = w.simulator().handle(
          {"POST",
           "/_sim/numbers",
           {},
           R"({"account_sid":")" + sid + R"(","phone_number":")" + number + R"(","type":"local"})"});
      REQUIRE(made.status == 201);
      e164s.push_back(number);
    }
    auto opened =
        w.ask("POST", "/v1/accounts", R"({"name":"Acme","owner":{"name":"Ann","email":"ann@acme.example"}})",
              "open", World::operator_key);
    REQUIRE_MESSAGE(opened.response.status == 201, opened.response.body);
    auto o = json_of(opened);
    account = text_at(o.at("account").as_object(), "id");
    member = text_at(o.at("owner").as_object(), "id");
    key = text_at(o.at("key").as_object(), "secret");
    for (int i = 0; i < 2; ++i) {
      ws[i] = created(w, "/v1/workspaces", R"({"name":"W)" + std::to_string(i) + R"("})");
      con[i] = created(w, "/v1/workspaces/" + ws[i] + "/connections",
                       R"({"provider":"twilio","name":"T","account_sid":")" + sid + R"(","auth_token":")" +
                           token + R"("})");
    }
    campaign[0] = created(w, "/v1/workspaces/" + ws[0] + "/campaigns",
                          R"({"name":"Alpha","campaign_type":"static","forward_to":"(212) 555-0199"})");
    campaign[1] = created(w, "/v1/workspaces/" + ws[0] + "/campaigns",
                          R"({"name":"Beta","campaign_type":"website_tracker"})");
    campaign[2] =
        created(w, "/v1/workspaces/" + ws[1] + "/campaigns", R"({"name":"Gamma","campaign_type":"static"})");
    std::string items;
    for (const auto& n : e164s) items += (items.empty() ? "" : ",") + (R"({"e164":")" + n + R"("})");
    auto imported = w.ask("POST", "/v1/workspaces/" + ws[0] + "/numbers/import",
                          R"({"connection":")" + con[0] + R"(","numbers":[)" + items + "]}", "import", key);
    REQUIRE_MESSAGE(imported.response.status == 200, imported.response.body);
    for (const auto& r : json_of(imported).at("results").as_array()) {
      REQUIRE_MESSAGE(text_at(r.as_object(), "outcome") == "imported", imported.response.body);
      numbers.push_back(text_at(r.at("number").as_object(), "id"));
    }
  }

 private:
  std::string created(World& w, const std::string& path, const std::string& body) {
    auto a = w.ask("POST", path, body, "create-" + std::to_string(x_made++), key);
    REQUIRE_MESSAGE(a.response.status == 201, a.response.body);
    return text_at(json_of(a), "id");
  }
  int x_made = 0;
};

/// One command and what became of it.
struct Sent {
  std::string method, target, body, key;
  HttpHeaders proven{};  ///< what stands in place of key and bearer: Twilio's signature, a page's origin
  std::shared_ptr<World::Answer> answer;
  bool settled = false;
  std::string first_body;
  int first_status = 0;

  std::shared_ptr<World::Answer> to(World& w, const Demo& demo) const {
    bool open = !proven.empty();
    return w.send(method, target, body, open ? "" : key, open ? "" : demo.key, proven);
  }
  World::Answer until_answered(World& w, const Demo& demo) const {
    auto sent = to(w, demo);
    w.scheduler.run_until([&] { return sent->there; }, 1'000'000);
    return *sent;
  }
};

}  // namespace ringledger::sim
