// Who the caller is, workspaces, members, keys, connections, campaigns, import candidates.
#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;
using Texts = std::vector<std::string>;

const std::string base = "/v1/workspaces/" + ws(1).to_string();

TEST_CASE("GetMe tells the account, the principal, the workspaces with roles, the capabilities") {
  QueryWorld w;
  auto me = w.get("/v1/me").json();
  CHECK(str(me.at("account").at("name")) == "Acme");
  CHECK(str(me.at("principal")) == mem(1).to_string());
  REQUIRE(me.at("workspaces").as_array().size() == 2);
  CHECK(str(me.at("workspaces").at(0).at("name")) == "antique");
  CHECK(str(me.at("workspaces").at(0).at("role")) == "owner");
  auto third = w.as(3).get("/v1/me").json();
  REQUIRE(third.at("workspaces").as_array().size() == 1);
  CHECK(str(third.at("workspaces").at(0).at("role")) == "member");
  auto capabilities = third.at("capabilities").as_array();
  CHECK(std::find(capabilities.begin(), capabilities.end(), "numbers.read") != capabilities.end());
  CHECK(std::find(capabilities.begin(), capabilities.end(), "numbers.write") == capabilities.end());
}

TEST_CASE("workspaces are listed alphabetically, only those within reach, in pages") {
  QueryWorld w;
  CHECK(each(w.get("/v1/workspaces").json(), "name") == Texts{"antique", "Dental"});
  CHECK(each(w.as(2).get("/v1/workspaces").json(), "name") == Texts{"Dental"});
  auto first = w.as(1).get("/v1/workspaces?limit=1").json();
  CHECK(each(first, "name") == Texts{"antique"});
  CHECK(first.at("total").as_int64() == 2);
  CHECK(each(w.get("/v1/workspaces?limit=1&cursor=" + str(first.at("next_cursor"))).json(), "name") ==
        Texts{"Dental"});
  CHECK(w.get("/v1/workspaces?cursor=00").code() == "validation_failed");
  auto one = w.get(base);
  CHECK(str(one.json().at("time_zone")) == "UTC");
  CHECK(one.header("ETag").starts_with("\"1."));
  CHECK(w.get("/v1/workspaces/" + ws(9).to_string()).status == 404);
}

TEST_CASE("a service key sees its workspaces and itself") {
  QueryWorld w;
  w.given({keys::Created{key(4), "feed", {}, {"numbers.read"}, {ws(2)}, "digest four", {}}});
  w.as(4);
  CHECK(each(w.get("/v1/workspaces").json(), "name") == Texts{"antique"});
  CHECK(each(w.get("/v1/keys").json(), "id") == Texts{key(4).to_string()});
  CHECK(w.get("/v1/me").json().at("workspaces").at(0).at("role").is_null());
  CHECK(w.get("/v1/workspaces/" + ws(2).to_string() + "/campaigns").status == 403);
  CHECK(w.get(base + "/numbers").status == 404);
}

TEST_CASE("keys are listed without secret or digest: the owner sees all, others their own") {
  QueryWorld w;
  auto all = w.get("/v1/keys");
  CHECK(each(all.json(), "id") == Texts{key(1).to_string(), key(2).to_string(), key(3).to_string()});
  CHECK(all.body.find("digest") == std::string::npos);
  CHECK(all.body.find("secret") == std::string::npos);
  CHECK(each(w.get("/v1/keys?member=" + mem(2).to_string()).json(), "id") == Texts{key(2).to_string()});
  CHECK(each(w.as(3).get("/v1/keys").json(), "id") == Texts{key(3).to_string()});
  CHECK(w.as(3).get("/v1/keys?member=" + mem(2).to_string()).status == 404);
}

TEST_CASE("a service key with keys.read sees itself and the service keys that give no more than it has") {
  QueryWorld w;
  w.given({keys::Created{key(4), "auditor", {}, {"keys.read", "numbers.read"}, {ws(1)}, "d", {}},
           keys::Created{key(5), "same", {}, {"numbers.read"}, {ws(1)}, "d", {}},
           keys::Created{key(6), "more", {}, {"numbers.write"}, {ws(1)}, "d", {}},
           keys::Created{key(7), "elsewhere", {}, {"numbers.read"}, {ws(2)}, "d", {}}});
  auto list = w.as(4).get("/v1/keys").json();
  CHECK(each(list, "id") == Texts{key(4).to_string(), key(5).to_string()});
  CHECK(each(list, "version") == Texts{"1", "1"});
  auto first = w.get("/v1/keys?limit=1").json();
  CHECK(each(w.get("/v1/keys?limit=1&cursor=" + str(first.at("next_cursor"))).json(), "id") ==
        Texts{key(5).to_string()});
  CHECK(w.get("/v1/keys?member=" + mem(2).to_string()).json().at("total").as_int64() == 0);
}

TEST_CASE("members with their role here; connections without their secrets") {
  QueryWorld w;
  auto people = w.get(base + "/members").json();
  CHECK(each(people, "role") == Texts{"owner", "manager", "member"});
  CHECK(each(people, "email").at(1) == "max@acme.example");
  auto list = w.get(base + "/connections");
  CHECK(each(list.json(), "auth_token_last4") == Texts{"ilio"});
  CHECK(list.body.find("token of Twilio") == std::string::npos);
  CHECK(w.get(base + "/connections/" + con(1).to_string()).json().at("auth_token_set").as_bool());
  CHECK(w.get(base + "/connections/" + con(2).to_string()).status == 404);
}

TEST_CASE("everybody in a workspace reads its connections; its people's addresses only owners and admins") {
  QueryWorld w;
  w.given({keys::Created{key(4), "feed", {}, {"members.read"}, {ws(1)}, "digest four", {}}});
  for (std::uint64_t k : {2U, 3U}) {
    CHECK(w.as(k).get(base + "/connections").status == 200);
    CHECK(w.get(base + "/connections/" + con(1).to_string()).status == 200);
    CHECK(w.get(base + "/members").status == 403);
  }
  CHECK(w.as(4).get(base + "/members").status == 200);
}

TEST_CASE("campaigns alphabetical, case ignored, archived ones too") {
  QueryWorld w;
  w.given({campaign(1, "beta"), campaign(2, "Alpha"), campaign(3, "gamma")})
      .given({campaigns::Archived{cmp(3), ws()}});
  auto list = w.get(base + "/campaigns").json();
  CHECK(each(list, "name") == Texts{"Alpha", "beta", "gamma"});
  CHECK(each(list, "archived") == Texts{"false", "false", "true"});
  CHECK(str(w.get(base + "/campaigns/" + cmp(1).to_string()).json().at("campaign_type")) == "static");
  CHECK(w.get("/v1/workspaces/" + ws(2).to_string() + "/campaigns/" + cmp(1).to_string()).status == 404);
}

struct Provider : QueryWorld {
  std::string path = base + "/connections/" + con(1).to_string() + "/numbers";
  Provider() {
    for (int i = 5; i > 0; --i) {
      numbers::ProviderNumber n;
      n.sid = "PN" + std::to_string(i);
      n.e164 = E164{"+1415555010" + std::to_string(i)};
      n.settings.friendly_name = i == 1 ? "first" : "";
      n.settings.hooks.voice_url = "https://theirs.example";
      provider.numbers.push_back(n);
    }
    given({imported(1, "+14155550101")}).given({imported(2, "+14155550102", {}, ws(2))});
  }
};

TEST_CASE("IMP-12 candidates tell webhooks and whether they are imported, here or elsewhere") {
  Provider w;
  auto list = w.get(w.path).json();
  CHECK(each(list, "import_status") ==
        Texts{"imported", "imported_elsewhere", "available", "available", "available"});
  CHECK(str(list.at("items").at(0).at("number").at("id")) == num(1).to_string());
  CHECK(list.at("items").at(1).at("number").is_null());
  CHECK(str(list.at("items").at(0).at("label")) == "first");
  CHECK(list.at("items").at(1).at("label").is_null());
  CHECK(str(list.at("items").at(0).at("webhooks").at("voice_url")) == "https://theirs.example");
  CHECK(list.at("items").at(0).at("webhooks").at("sms_url").is_null());
  w.given({numbers::Deleted{num(1), ws(), {}, false, {}}});
  CHECK(each(w.get(w.path).json(), "import_status").at(0) == "available");
}

TEST_CASE("IMP-01 candidates are paged from one listing of a minute, asked again with refresh") {
  Provider w;
  auto first = w.get(w.path + "?limit=2").json();
  auto second = w.get(w.path + "?limit=2&cursor=" + str(first.at("next_cursor"))).json();
  CHECK(each(second, "sid") == Texts{"PN3", "PN4"});
  CHECK(second.at("total").as_int64() == 5);
  CHECK(w.provider_asked == 1);
  w.clock.ms += 59'999;
  w.get(w.path);
  CHECK(w.provider_asked == 1);
  w.get(w.path + "?refresh=true");
  CHECK(w.provider_asked == 2);
  w.clock.ms += 60'000;
  CHECK(each(w.get(w.path + "?page=3&per_page=2").json(), "sid") == Texts{"PN5"});
  CHECK(w.provider_asked == 3);
}

TEST_CASE("a provider's failure is told: 502 when it was silent, 409 when it refused") {
  Provider w;
  w.provider.failure = CarrierFailure{CarrierFailure::Kind::unavailable, {0, "no answer", ""}, 0};
  auto silent = w.get(w.path);
  CHECK(silent.status == 502);
  CHECK(silent.code() == "provider_unavailable");
  w.provider.failure =
      CarrierFailure{CarrierFailure::Kind::invalid_credentials, {20003, "Authenticate", ""}, 0};
  auto refused = w.get(w.path);
  CHECK(refused.status == 409);
  CHECK(refused.code() == "provider_refused");
  CHECK(refused.json().at("provider").at("code").as_int64() == 20003);
  w.provider.failure.reset();
  CHECK(w.get(w.path).status == 200);
  CHECK(w.as(3).get(w.path).status == 403);
  CHECK(w.as(1).get(base + "/connections/" + con(2).to_string() + "/numbers").status == 404);
}

}  // namespace
}  // namespace ringledger
