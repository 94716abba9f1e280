// A number whose webhooks are all lost on their way, at the simulated server: what Twilio knows of it is only
// in Twilio's answers and lists.
#pragma once

#include "phone.hpp"

namespace ringledger::sim {

/// Its own posts fail at Twilio; those of Phone arrive.
struct LostPhone : Phone {
  using Phone::Phone;
  std::string ring() {
    return happens(
        "calls", "call",
        R"({"account_sid":")" + demo.sid + R"(","from":"+12125550100","to":")" + demo.e164s[0] + "\"}");
  }
  /// Somebody writes to the number, or to another one; the message's SID.
  std::string text(const std::string& body, const std::string& to = "") {
    return happens("messages", "message",
                   R"({"account_sid":")" + demo.sid + R"(","from":"+12125550100","to":")" +
                       (to.empty() ? demo.e164s[0] : to) + R"(","body":")" + body + "\"}");
  }
  /// The number goes to the other campaign.
  void moves() {
    auto moved = w.ask("PUT", "/v1/workspaces/" + demo.ws[0] + "/numbers/" + demo.numbers[0] + "/assignment",
                       R"({"campaign":")" + demo.campaign[1] +
                           R"(","acknowledged":["moving_between_campaigns","campaign_left_empty"]})",
                       "move", demo.key);
    REQUIRE_MESSAGE(moved.response.status == 200, moved.response.body);
  }
  void run(std::int64_t seconds) { REQUIRE(w.scheduler.run_for(seconds * 1000, 10'000'000)); }
  void fault(const std::string& json) {
    REQUIRE(w.simulator().handle({"POST", "/_sim/faults", {}, json}).status == 201);
  }
  /// Requests that Twilio has seen, those with that part in their URL.
  [[nodiscard]] std::vector<std::string> asked(const std::string& part) {
    auto log_of_all = w.simulator().handle({"GET", "/_sim/requests?account_sid=" + demo.sid, {}, ""});
    const auto log = boost::json::parse(log_of_all.body);
    std::vector<std::string> urls;
    for (const auto& item : log.at("items").as_array()) {
      auto url = text_at(item.as_object(), "url");
      if (text_at(item.as_object(), "direction") == "received" && url.find(part) != std::string::npos)
        urls.push_back(url);
    }
    return urls;
  }
  /// What the events of a type tell, the oldest first.
  std::vector<boost::json::object> told(const std::string& type) {
    auto a = w.ask("GET", "/v1/events?type=" + type, {}, {}, demo.key);
    std::vector<boost::json::object> all;
    for (const auto& item : json_of(a).at("items").as_array())
      all.push_back(item.as_object().at("data").as_object());
    return all;
  }
  boost::json::object event(const std::string& type) {
    const auto all = told(type);
    REQUIRE(all.size() == 1);
    return all[0];
  }

 private:
  std::string happens(const std::string& what, const std::string& shown, const std::string& json) {
    auto made = w.simulator().handle({"POST", "/_sim/" + what, {}, json});
    REQUIRE(made.status == 201);
    return text_at(boost::json::parse(made.body).at(shown).as_object(), "sid");
  }
};

}  // namespace ringledger::sim
