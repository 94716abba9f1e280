// A website at the simulated server: a tracker with one number, and pages that post with its publishable key.
#pragma once

#include "phone.hpp"

namespace ringledger::sim {

struct Website : Phone {
  static constexpr const char* origin = "https://shop.example";
  std::string campaign_key;

  Website() : Phone(false) {
    set(R"({"allowed_origins":["https://shop.example"],"forward_to":"(212) 555-0199"})");
    campaign_key = text_at(got("/campaigns/" + demo.campaign[1]), "publishable_key");
    must("PUT", "/v1/workspaces/" + demo.ws[0] + "/numbers/" + demo.numbers[0] + "/assignment",
         R"({"campaign":")" + demo.campaign[1] + R"(","acknowledged":[]})");
    settle();
  }
  World::Answer must(const std::string& method, const std::string& target, const std::string& body) {
    auto a = w.ask(method, target, body, "k" + std::to_string(++x_keys), demo.key);
    REQUIRE_MESSAGE(a.response.status < 300, a.response.body);
    return a;
  }
  /// The tracker's settings.
  void set(const std::string& body) {
    must("PATCH", "/v1/workspaces/" + demo.ws[0] + "/campaigns/" + demo.campaign[1], body);
  }
  /// Of a page. `path`: behind …/sessions.
  std::shared_ptr<World::Answer> send_page(const std::string& path, const std::string& body,
                                           const std::string& query = "", HttpHeaders headers = {}) {
    headers.emplace_back("Origin", origin);
    return w.send(
        "POST",
        "/v1/public/campaigns/" + demo.campaign[1] + "/sessions" + path + "?key=" + campaign_key + query,
        body, {}, {}, std::move(headers));
  }
  World::Answer page(const std::string& path, const std::string& body, const std::string& query = "") {
    auto answer = send_page(path, body, query);
    w.scheduler.run_until([&] { return answer->there; }, 1'000'000);
    return *answer;
  }
  /// The session that a page's visit is in.
  std::string starts(const std::string& body) {
    auto a = page("", body);
    REQUIRE_MESSAGE(a.response.status < 300, a.response.body);
    return text_at(json_of(a), "session");
  }
  boost::json::object pool(const std::string& what = "") {
    return got("/campaigns/" + demo.campaign[1] + "/pool" + what);
  }
  std::string events() {
    auto a = w.ask("GET", "/v1/events?limit=500", {}, {}, demo.key);
    REQUIRE(a.response.status == 200);
    return a.response.body;
  }
  /// Where any of it stands: rows and keys of book and views, and files of log and keys.
  std::vector<std::string> found(const std::vector<std::string>& parts) {
    std::vector<std::string> out;
    auto look = [&](std::string_view bytes, const std::string& where) {
      for (const auto& part : parts) {
        if (bytes.find(part) != std::string_view::npos) out.push_back(part + " in " + where);
      }
    };
    auto rows = w.rows.snapshot();
    for (const auto& family : w.rows.families()) {
      rows->scan(family, "", "\xff", false, [&](std::string_view key, std::string_view value) {
        look(key, family);
        look(value, family);
        return true;
      });
    }
    for (const char* folder : {"/data/log", "/data/keys"}) {
      for (const auto& name : w.disk.list(folder).value()) {
        if (auto content = read_file(w.disk, std::string(folder) + "/" + name)) look(*content, name);
      }
    }
    return out;
  }

 private:
  int x_keys = 0;
};

}  // namespace ringledger::sim
