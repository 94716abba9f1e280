// Answered means visible (architecture.md rule 4): commands are answered when the book has them, and whoever
// asks afterwards is shown what was answered, however far the read models are behind at that moment.
#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

#include "support/sim_client.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

struct Lagging {
  World w{7};
  Demo demo;
  std::string numbers_path;

  Lagging() {
    REQUIRE_MESSAGE(w.start(), w.refused << w.fatal);
    demo.make(w, 3);
    numbers_path = "/v1/workspaces/" + demo.ws[0] + "/numbers/";
    settle();
  }
  /// Everything under way comes to an end.
  void settle() { REQUIRE(w.scheduler.run_for(5'000, 1'000'000)); }
  /// Read models hang, or go on.
  void hang(bool stalled) { w.scheduler.stall("fold", stalled); }
  World::Answer rename(const std::string& number, const std::string& label, const std::string& key) {
    return w.ask("PATCH", numbers_path + number, R"({"label":")" + label + R"("})", key, demo.key);
  }
  std::shared_ptr<World::Answer> get(const std::string& path) {
    return w.send("GET", path, {}, {}, demo.key);
  }
  /// The provider refuses the next updates of numbers.
  void refuse_updates(int code, int times) {
    auto set = w.simulator().handle(
        {"POST",
         "/_sim/faults",
         {},
         R"({"resource":"IncomingPhoneNumbers","method":"POST","status":400,"account_sid":")" + demo.sid +
             R"(","code":)" + std::to_string(code) + R"(,"times":)" + std::to_string(times) + "}"});
    REQUIRE_MESSAGE(set.status < 300, set.body);
  }
  bool runs_for(std::int64_t ms) { return w.scheduler.run_for(ms, 1'000'000); }
};

}  // namespace

TEST_CASE("a read after an answer shows what was answered, though read models are behind") {
  Lagging l;
  l.hang(true);
  CHECK(l.rename(l.demo.numbers[0], "Renamed", "r1").response.status == 200);
  auto read = l.get(l.numbers_path + l.demo.numbers[0]);
  REQUIRE(l.runs_for(1'000));
  CHECK_FALSE(read->there);
  l.hang(false);
  REQUIRE(l.runs_for(100));
  REQUIRE(read->there);
  CHECK(text_at(json_of(*read), "label") == "Renamed");
}

TEST_CASE("a read is not held up for ever by read models that hang") {
  Lagging l;
  l.hang(true);
  CHECK(l.rename(l.demo.numbers[0], "Renamed", "r1").response.status == 200);
  auto read = l.get(l.numbers_path + l.demo.numbers[0]);
  REQUIRE(l.runs_for(2'100));
  REQUIRE(read->there);
  CHECK(read->response.status == 200);
}

TEST_CASE("ROL-03 a revoked key is refused from the answer on, though read models are behind") {
  Lagging l;
  auto made = l.w.ask("POST", "/v1/keys", R"({"name":"Second","member":")" + l.demo.member + R"("})", "k1",
                      l.demo.key);
  REQUIRE_MESSAGE(made.response.status == 201, made.response.body);
  auto secret = text_at(json_of(made), "secret");
  auto id = text_at(json_of(made), "id");
  l.settle();
  CHECK(l.w.ask("GET", "/v1/me", {}, {}, secret).response.status == 200);
  l.hang(true);
  auto revoked = l.w.ask("DELETE", "/v1/keys/" + id, {}, "k2", l.demo.key);
  REQUIRE_MESSAGE(revoked.response.status == 200, revoked.response.body);
  auto used = l.w.send("GET", "/v1/me", {}, {}, secret);
  REQUIRE(l.runs_for(1'000));
  CHECK_FALSE(used->there);
  l.hang(false);
  REQUIRE(l.runs_for(100));
  REQUIRE(used->there);
  CHECK(used->response.status == 401);
}

TEST_CASE("a node that starts judges nobody by read models that are behind") {
  Lagging l;
  l.hang(true);
  auto made = l.w.ask("POST", "/v1/keys", R"({"name":"Second","member":")" + l.demo.member + R"("})", "k1",
                      l.demo.key);
  REQUIRE_MESSAGE(made.response.status == 201, made.response.body);
  auto secret = text_at(json_of(made), "secret");
  l.w.kill();
  REQUIRE(l.w.begin());
  l.hang(true);
  auto early = l.w.ask("GET", "/v1/me", {}, {}, secret);
  CHECK_MESSAGE(early.response.status == 503, early.response.body);
  CHECK(early.header("Retry-After") == "1");
  CHECK(l.w.ask("GET", "/version").response.status == 200);
  l.hang(false);
  REQUIRE(l.w.scheduler.run_until([&] { return l.w.ready; }, 1'000'000));
  CHECK(l.w.ask("GET", "/v1/me", {}, {}, secret).response.status == 200);
}

TEST_CASE("a number can be named by its E.164 right after its import was answered") {
  Lagging l;
  const std::string e164 = "+14155550199";
  REQUIRE(l.w.simulator()
              .handle({"POST",
                       "/_sim/numbers",
                       {},
                       R"({"account_sid":")" + l.demo.sid + R"(","phone_number":")" + e164 +
                           R"(","type":"local"})"})
              .status == 201);
  l.settle();
  l.hang(true);
  auto imported =
      l.w.ask("POST", "/v1/workspaces/" + l.demo.ws[0] + "/numbers/import",
              R"({"connection":")" + l.demo.con[0] + R"(","numbers":[{"e164":")" + e164 + R"("}]})", "i1",
              l.demo.key);
  REQUIRE_MESSAGE(imported.response.status == 200, imported.response.body);
  auto renamed = l.w.send("PATCH", l.numbers_path + e164, R"({"label":"New"})", "r1", l.demo.key);
  REQUIRE(l.runs_for(500));
  l.hang(false);
  REQUIRE(l.runs_for(500));
  REQUIRE(renamed->there);
  CHECK_MESSAGE(renamed->response.status == 200, renamed->response.body);
}

TEST_CASE("answers never run far ahead of the read models") {
  Lagging l;
  l.hang(true);
  std::vector<std::shared_ptr<World::Answer>> sent;
  for (int i = 0; i < 600; ++i) {
    sent.push_back(l.w.send("PATCH", l.numbers_path + l.demo.numbers[0],
                            R"({"label":"L)" + std::to_string(i) + R"("})", "r" + std::to_string(i),
                            l.demo.key));
    REQUIRE(l.runs_for(1));
  }
  auto answered = [&] {
    return std::ranges::count_if(sent, [](const auto& a) { return a->there && a->response.status == 200; });
  };
  REQUIRE(l.runs_for(500));
  CHECK(answered() >= 256);
  CHECK(answered() < 400);
  l.hang(false);
  l.settle();
  auto refused = std::ranges::count_if(sent, [](const auto& a) { return a->response.status == 429; });
  CHECK(answered() + refused == 600);
}

TEST_CASE("Prefer: wait tells the outcome of the command it came with, also when it is repeated later") {
  Lagging l;
  auto wait = HttpHeaders{{"Prefer", "wait=5"}};
  auto toggle = [&](const std::string& key) {
    return l.w.ask("PUT", l.numbers_path + l.demo.numbers[0] + "/cnam", R"({"enabled":true})", key,
                   l.demo.key, wait);
  };
  l.refuse_updates(21409, 1);
  auto refused = toggle("c1");
  CHECK(refused.response.status == 409);
  l.settle();
  auto done = toggle("c2");
  CHECK_MESSAGE(done.response.status == 200, done.response.body);
  auto again = toggle("c1");
  CHECK(again.response.status == 409);
  CHECK(again.header("Ringledger-Position") == refused.header("Ringledger-Position"));
  CHECK(again.header("Idempotency-Replayed") == "true");
}

TEST_CASE("Prefer: wait does not tell another command's failure to one that asked nothing") {
  Lagging l;
  auto wait = HttpHeaders{{"Prefer", "wait=5"}};
  l.refuse_updates(21401, 9);
  auto path = l.numbers_path + l.demo.numbers[0];
  auto refused = l.w.ask("PATCH", path, R"({"label":"No"})", "r1", l.demo.key, wait);
  CHECK(refused.response.status == 409);
  auto active = l.w.ask("PUT", path + "/status", R"({"status":"active"})", "a1", l.demo.key, wait);
  CHECK_MESSAGE(active.response.status == 200, active.response.body);
  CHECK(active.response.body.contains("provider"));
}

TEST_CASE("a commit that skips numbers of its account's events stops the node") {
  for (int skipped : {0, 1}) {
    CAPTURE(skipped);
    Lagging l;
    auto& log = l.w.node->partition().log();
    auto last = log.read(log.end() - 1, 1).value().front();
    auto forged = boost::json::parse(last.payload).as_object();
    auto sha = sha256_hex(std::string(forged.at("basis").as_string()) + last.payload);
    forged["basis"] = sha.substr(0, 16);
    forged["seq"] = forged.at("seq").to_number<std::int64_t>() + 1;
    forged["key_hash"] = std::string(40, 'f');
    auto events = static_cast<std::int64_t>(forged.at("events").as_array().size());
    forged["first_sequence"] = forged.at("first_sequence").to_number<std::int64_t>() + events + skipped;
    forged["events"] = boost::json::array();
    log.append({RecordKind::commit, boost::json::serialize(forged), {}}, [](Result<void>) {});
    l.settle();
    CHECK_MESSAGE(l.w.fatal.contains("first_sequence") == (skipped == 1), l.w.fatal);
    CHECK(l.w.fatal.empty() == (skipped == 0));
  }
}

TEST_CASE("If-Match is held to the version, and refused when it cannot be read") {
  Lagging l;
  auto path = l.numbers_path + l.demo.numbers[0];
  auto with = [&](const std::string& tag, const std::string& key) {
    return l.w.ask("PATCH", path, R"({"label":"L"})", key, l.demo.key, {{"If-Match", tag}}).response.status;
  };
  int key = 0;
  for (const auto* tag : {"\"\"", "\"abc\"", "garbage", "1", "\"1\", \"3\"", "W/", "\"1x\"", "\"1"}) {
    CAPTURE(tag);
    CHECK(with(tag, "k" + std::to_string(++key)) == 400);
  }
  CHECK(with("\"7\"", "stale") == 412);
  CHECK(with("\"7.0123456789abcdef\"", "stale2") == 412);
  CHECK(with("*", "any") == 200);
  auto etag = l.w.ask("GET", path, {}, {}, l.demo.key).header("ETag");
  CHECK(with(etag, "fresh") == 200);
  CHECK(with("W/" + etag, "fresh too") == 400);  // the key holds a blank
  CHECK(with("W/" + etag, "fresh-too") == 200);
  auto verify = "/v1/workspaces/" + l.demo.ws[0] + "/connections/" + l.demo.con[0] + "/verify";
  CHECK(l.w.ask("POST", verify, "{}", "v1", l.demo.key, {{"If-Match", "\"7\""}}).response.status == 412);
}

TEST_CASE("accounts are served in turn: one that sends much makes no other wait for all of it") {
  Lagging l;
  auto opened =
      l.w.ask("POST", "/v1/accounts", R"({"name":"Quiet","owner":{"name":"Bo","email":"bo@quiet.example"}})",
              "open-quiet", World::operator_key);
  REQUIRE_MESSAGE(opened.response.status == 201, opened.response.body);
  auto quiet_key = text_at(json_of(opened).at("key").as_object(), "secret");
  l.settle();
  l.w.scheduler.stall("shard", true);
  std::vector<std::shared_ptr<World::Answer>> busy;
  for (int i = 0; i < 100; ++i) {
    busy.push_back(l.w.send("PATCH", l.numbers_path + l.demo.numbers[0],
                            R"({"label":"L)" + std::to_string(i) + R"("})", "b" + std::to_string(i),
                            l.demo.key));
  }
  auto quiet = l.w.send("POST", "/v1/workspaces", R"({"name":"Q"})", "q1", quiet_key);
  l.w.scheduler.stall("shard", false);
  l.settle();
  auto offset_of = [](const World::Answer& a) {
    auto position = a.header("Ringledger-Position");
    return std::stoull(position.substr(position.rfind('.') + 1));
  };
  REQUIRE_MESSAGE(quiet->response.status == 201, quiet->response.body);
  auto before = std::ranges::count_if(busy, [&](const auto& b) { return offset_of(*b) < offset_of(*quiet); });
  CHECK(before <= 2);
}

TEST_CASE("each commit is told once in every stage of its way") {
  Lagging l;
  auto counts = [&] {
    std::map<std::string, int> found;
    auto text = l.w.node->metrics().text();
    for (const std::string stage : {"queue", "decide", "sync", "answer"}) {
      auto name = R"(commit_stage_seconds_count{stage=")" + stage + R"("} )";
      auto at = text.find(name);
      REQUIRE(at != std::string::npos);
      found[stage] = std::stoi(text.substr(at + name.size()));
    }
    return found;
  };
  auto before = counts();
  CHECK(l.rename(l.demo.numbers[0], "One more", "m1").response.status == 200);
  auto after = counts();
  for (const auto& [stage, count] : after) CHECK_MESSAGE(count == before[stage] + 1, stage);
}
