// The people around a simulated server, from a seed: they visit pages, call and write; what they are called
// is told, and some are forgotten.
#pragma once

#include <map>
#include <set>

#include "sim_posts.hpp"

namespace ringledger::sim {

class People {
 public:
  People(World& w, const Demo& demo, SimRandom& random) : x_w(w), x_demo(demo), x_random(random) {
    auto tracker = "/v1/workspaces/" + demo.ws[0] + "/campaigns/" + demo.campaign[1];
    auto set =
        w.ask("PATCH", tracker, R"({"allowed_origins":["https://shop.example"]})", "tracker", demo.key);
    REQUIRE_MESSAGE(set.response.status == 200, set.response.body);
    x_publishable = text_at(json_of(w.ask("GET", tracker, {}, {}, demo.key)), "publishable_key");
  }

  /// Asks which contacts there are, to name or erase them.
  void look_up() {
    x_contacts.clear();
    for (const auto& ws : x_demo.ws) {
      auto path = "/v1/workspaces/" + ws + "/contacts";
      for (const auto& c : items(path)) x_contacts.push_back(path + "/" + text_at(c.as_object(), "id"));
    }
  }

  /// What one of them does, or what is done about one.
  Sent next(std::uint64_t serial) {
    switch (x_random.below(8)) {
      case 0:
      case 1:
        return visits();
      case 2:
      case 3:
        return calls(serial);
      case 4:
        return x_calls.empty() ? calls(serial) : ends();
      case 5:
      case 6:
        return writes(serial);
      default:
        return x_contacts.empty() ? writes(serial) : about_one(serial);
    }
  }

  /// Every call and message that was told stands in one list, once.
  void check() {
    std::map<std::string, int> listed;
    for (const auto& ws : x_demo.ws) {
      for (const char* what : {"/calls", "/messages"}) {
        for (const auto& item : items("/v1/workspaces/" + ws + what))
          ++listed[text_at(item.as_object(), "provider_sid")];
      }
    }
    CHECK(listed.size() == x_told.size());
    for (const auto& sid : x_told) CHECK_MESSAGE(listed[sid] == 1, sid);
  }

 private:
  boost::json::array items(const std::string& path) {
    auto a = x_w.ask("GET", path + "?limit=500", {}, {}, x_demo.key);
    if (a.response.status != 200) return {};  // a disk that lied may have lost the account
    return json_of(a).at("items").as_array();
  }
  Told told(const std::string& sid) {
    x_told.insert(sid);
    return {sid, "+1212555010" + std::to_string(x_random.below(4)),
            x_demo.e164s[x_random.below(x_demo.e164s.size())]};
  }
  /// A page of a few, each opened by a visitor of its own.
  Sent visits() {
    auto who = std::to_string(x_random.below(6));
    Sent s;
    s.method = "POST";
    s.target = "/v1/public/campaigns/" + x_demo.campaign[1] + "/sessions?key=" + x_publishable;
    s.body = R"({"session_key":"page-)" + who + R"(","visitor":"visitor-)" + who +
             R"(","landing_url":"https://shop.example/)" + who + R"("})";
    s.proven = {{"Origin", "https://shop.example"}};
    return s;
  }
  Sent calls(std::uint64_t serial) {
    x_calls.push_back(told("CA" + std::to_string(serial)));
    return posted(x_demo, "voice", call_form(x_demo, x_calls.back(), "ringing"));
  }
  Sent ends() {
    auto form = call_form(x_demo, x_calls[x_random.below(x_calls.size())], "completed");
    form.emplace_back("CallDuration", "12");
    return posted(x_demo, "status", form);
  }
  Sent writes(std::uint64_t serial) {
    const char* const bodies[] = {"Are you open?", "STOP", "YES", "start"};
    return posted(x_demo, "sms",
                  message_form(x_demo, told("SM" + std::to_string(serial)), bodies[x_random.below(4)]));
  }
  Sent about_one(std::uint64_t serial) {
    Sent s;
    s.key = "k" + std::to_string(serial);
    s.target = x_contacts[x_random.below(x_contacts.size())];
    if (x_random.chance(60)) {
      s.method = "POST";
      s.target += "/erase";
      return s;
    }
    if (x_random.chance(50)) {
      s.method = "PATCH";
      s.body =
          R"({"deal_value":{"amount":"1","currency":"USD"},"notes":"n)" + std::to_string(serial) + R"("})";
      return s;
    }
    s.method = "PUT";
    s.target += "/name";
    auto name = R"({"name":"Ann )" + std::to_string(serial) + R"(","source":)";
    auto sure = std::to_string(x_random.below(10));
    s.body = name + (x_random.chance(50) ? R"("human"})" : R"("ai","confidence":0.)" + sure + "}");
    return s;
  }

  World& x_w;
  const Demo& x_demo;
  SimRandom& x_random;
  std::string x_publishable;
  std::vector<std::string> x_contacts;  ///< paths
  std::vector<Told> x_calls;
  std::set<std::string> x_told;
};

}  // namespace ringledger::sim
