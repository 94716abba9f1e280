// `Prefer: wait` of commands about many numbers (api.md): answered when every outcome of their commit is
// known.
#include <doctest/doctest.h>

#include "support/sim_client.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

const HttpHeaders wait{{"Prefer", "wait=20"}};

struct Many {
  World w{7};
  Demo demo;
  std::string ws;
  Many() {
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
    demo.make(w, 4);
    ws = "/v1/workspaces/" + demo.ws[0];
    settle();
  }
  void settle() { REQUIRE(w.scheduler.run_for(5'000, 1'000'000)); }
  void fault(const std::string& more) {
    auto set = w.simulator().handle({"POST",
                                     "/_sim/faults",
                                     {},
                                     R"({"resource":"IncomingPhoneNumbers","method":"POST","account_sid":")" +
                                         demo.sid + "\"," + more + "}"});
    REQUIRE_MESSAGE(set.status < 300, set.body);
  }
  World::Answer assign(const std::string& key, const HttpHeaders& headers, int campaign = 0) {
    std::string list;
    for (const auto& n : demo.numbers) list += (list.empty() ? "\"" : ",\"") + n + "\"";
    return w.ask("POST", ws + "/numbers/assign",
                 R"({"campaign":")" + demo.campaign[campaign] + R"(","numbers":[)" + list + "]}", key,
                 demo.key, headers);
  }
  boost::json::object number(const std::string& id) {
    return json_of(w.ask("GET", ws + "/numbers/" + id, {}, {}, demo.key));
  }
  std::string state(const std::string& id) { return text_at(number(id).at("provider").as_object(), "state"); }
};

std::uint64_t offset_of(const World::Answer& a) {
  auto position = a.header("Ringledger-Position");
  return std::stoull(position.substr(position.rfind('.') + 1));
}
/// The code of each result's error, "" where there is none.
std::vector<std::string> errors_in(const World::Answer& a) {
  std::vector<std::string> out;
  for (const auto& r : json_of(a).at("results").as_array()) {
    const auto& error = r.at("error");
    out.push_back(error.is_null() ? "" : text_at(error.as_object(), "code"));
  }
  return out;
}

}  // namespace

TEST_CASE("AssignMany waits until the outcome of its last number is recorded") {
  Many m;
  m.fault(R"("delay_ms":3000,"times":1)");
  auto answer = m.assign("a1", wait);
  REQUIRE_MESSAGE(answer.response.status == 200, answer.response.body);
  for (const auto& n : m.demo.numbers) CHECK(m.state(n) == "synced");
  CHECK(errors_in(answer) == std::vector<std::string>(4));
  auto last =
      json_of(m.w.ask("GET", "/v1/events?limit=500", {}, {}, m.demo.key)).at("items").as_array().back();
  CHECK(text_at(last.as_object(), "type") == "number.provider_synced.v1");
  CHECK(answer.header("Ringledger-Position") == text_at(last.as_object(), "position"));
  auto again = m.assign("a1", wait);
  CHECK(again.response.body == answer.response.body);
  CHECK(offset_of(again) == offset_of(answer));
  CHECK(again.header("Idempotency-Replayed") == "true");
  auto remembered = m.assign("a1", {});
  CHECK(offset_of(remembered) < offset_of(answer));
}

TEST_CASE("what the provider refused of many is told of each number by itself") {
  Many m;
  m.fault(R"("status":400,"code":21401,"times":1)");
  auto answer = m.assign("a1", wait);
  REQUIRE_MESSAGE(answer.response.status == 200, answer.response.body);
  auto errors = errors_in(answer);
  CHECK(std::ranges::count(errors, "provider_refused") == 1);
  CHECK(std::ranges::count(errors, "") == 3);
  for (std::size_t i = 0; i < errors.size(); ++i)
    CHECK(m.state(m.demo.numbers[i]) == (errors[i].empty() ? "synced" : "failed"));
  CHECK(json_of(answer).at("assigned").as_int64() == 4);  // ours is done; Twilio's part is not
  CHECK(errors_in(m.assign("a1", {})) == std::vector<std::string>(4));
}

TEST_CASE("a wait for many that ends first gives the commit's own answer") {
  Many m;
  m.fault(R"("status":503,"times":1000)");
  auto answer = m.assign("a1", {{"Prefer", "wait=2"}});
  REQUIRE_MESSAGE(answer.response.status == 200, answer.response.body);
  CHECK(m.state(m.demo.numbers[0]) == "pending");
  CHECK(offset_of(answer) == offset_of(m.assign("a1", {})));
}

TEST_CASE(
    "ImportNumber waits for hooks to be set; an import that asks nothing of the provider does not wait") {
  Many m;
  auto import_one = [&](const std::string& e164, const std::string& webhooks, const HttpHeaders& headers) {
    auto made = m.w.simulator().handle(
        {"POST",
         "/_sim/numbers",
         {},
         R"({"account_sid":")" + m.demo.sid + R"(","phone_number":")" + e164 + R"(","type":"local"})"});
    REQUIRE(made.status == 201);
    auto body = R"({"connection":")" + m.demo.con[0] + R"(","webhooks":")" + webhooks +
                R"(","numbers":[{"e164":")" + e164 + R"("},{"e164":"+14155559999"}]})";
    return m.w.ask("POST", m.ws + "/numbers/import", body, webhooks + e164, m.demo.key, headers);
  };
  auto set = import_one("+14155550150", "configure", wait);
  REQUIRE_MESSAGE(set.response.status == 200, set.response.body);
  auto id = text_at(json_of(set).at("results").at(0).at("number").as_object(), "id");
  CHECK(m.state(id) == "synced");
  CHECK(errors_in(set) == std::vector<std::string>{"", "number_not_in_provider_account"});
  auto began = m.w.clock.monotonic_ms();
  auto kept = import_one("+14155550151", "keep", wait);
  CHECK(kept.response.status == 200);
  CHECK(m.w.clock.monotonic_ms() - began < 1'000);
}
