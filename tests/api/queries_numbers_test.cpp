// Lists, details and the summary of numbers: filters, sorts, pages, rights, isolation.
#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;
using Texts = std::vector<std::string>;

const std::string base = "/v1/workspaces/" + ws(1).to_string();
const std::string numbers_path = base + "/numbers";

std::string e164(std::uint64_t n) { return "+1415555010" + std::to_string(n); }

/// Numbers 1…5 in workspace 1: 1 and 2 in campaign 1 (static), 3 in campaign 2 (tracker), 4 without label,
/// 5 British and inactive; 6 in workspace 2.
QueryWorld inventory() {
  QueryWorld w;
  w.given({campaign(1, "Radio"), campaign(2, "site", campaigns::Type::website_tracker)});
  auto n1 = imported(1, e164(1), "front desk");
  n1.monthly_cost = Money{11'500, "USD"};
  w.given({n1}).given({imported(2, e164(2), "Back Office")}).given({imported(3, e164(3), "chat")});
  auto n4 = imported(4, e164(4));
  n4.number_type = numbers::NumberType::toll_free;
  n4.origin = numbers::Origin::byot;
  n4.capabilities = {.voice = true, .mms = true};
  auto n5 = imported(5, "+447700900123", "London");
  n5.area_code = "";
  n5.number_type = numbers::NumberType::mobile;
  w.given({n4}).given({n5}).given({imported(6, "+16505550100", "other", ws(2))});
  w.given({assigned(1, 1), assigned(2, 1), assigned(3, 2)});
  w.given({numbers::Deactivated{num(5), ws()}, numbers::CnamToggled{num(1), ws(), true}});
  return w;
}

/// A number whose voice URL held a password, put back after it was deactivated.
QueryWorld with_password() {
  QueryWorld w;
  auto e = imported(1, e164(1));
  e.actual.hooks.voice_url = "https://user:secret@theirs.example/voice";
  e.actual.hooks = numbers::masked(e.actual.hooks);
  w.given({e, numbers::Deactivated{num(1), ws()}}).given({numbers::Activated{num(1), ws()}});
  return w;
}

Texts ids(std::initializer_list<std::uint64_t> ns) {
  Texts out;
  for (auto n : ns) out.push_back(num(n).to_string());
  return out;
}

Texts listed(QueryWorld& w, const std::string& query) {
  auto a = w.get(numbers_path + "?" + query);
  REQUIRE_MESSAGE(a.status == 200, query, a.body);
  auto list = a.json();
  CHECK(list.at("total").to_number<std::size_t>() == list.at("items").as_array().size());
  CHECK(list.at("total_exact").as_bool());
  CHECK(list.at("next_cursor").is_null());
  return each(list, "id");
}

TEST_CASE("NUM-03 NUM-04 NUM-12 NUM-13 every filter of the list keeps the numbers it names and no others") {
  auto w = inventory();
  CHECK(listed(w, "") == ids({1, 2, 3, 4, 5}));
  CHECK(listed(w, "assignment=assigned") == ids({1, 2, 3}));
  CHECK(listed(w, "assignment=unassigned") == ids({4, 5}));
  CHECK(listed(w, "assignment=assigned&assignment=unassigned") == ids({1, 2, 3, 4, 5}));
  CHECK(listed(w, "campaign=" + cmp(1).to_string()) == ids({1, 2}));
  CHECK(listed(w, "campaign=" + cmp(1).to_string() + "," + cmp(2).to_string()) == ids({1, 2, 3}));
  CHECK(listed(w, "campaign_type=static") == ids({1, 2}));
  CHECK(listed(w, "campaign_type=website_tracker") == ids({3}));
  CHECK(listed(w, "status=inactive") == ids({5}));
  CHECK(listed(w, "capability=mms") == ids({4}));
  CHECK(listed(w, "capability=sms") == ids({1, 2, 3, 5}));
  CHECK(listed(w, "number_type=mobile&number_type=toll_free") == ids({4, 5}));
  CHECK(listed(w, "country=GB") == ids({5}));
  CHECK(listed(w, "area_code=415") == ids({1, 2, 3, 4}));
  CHECK(listed(w, "routing=campaign") == ids({1, 2, 3}));
  CHECK(listed(w, "routing=inactive") == ids({5}));
  CHECK(listed(w, "provider_state=pending") == ids({1, 2, 3, 5}));
  CHECK(listed(w, "cnam=turning_on") == ids({1}));
  CHECK(listed(w, "origin=byot") == ids({4}));
  CHECK(listed(w, "assignment=assigned&campaign_type=static&search=back") == ids({2}));
}

TEST_CASE("NUM-14 search finds digits with punctuation ignored, and labels without case") {
  auto w = inventory();
  CHECK(listed(w, "search=(415)%20555-0102") == ids({2}));
  CHECK(listed(w, "search=OFFICE") == ids({2}));
  CHECK(listed(w, "search=44%207700") == ids({5}));
  CHECK(listed(w, "search=nothing%20like%20it").empty());
}

TEST_CASE("NUM-01 every sort, both ways, of this workspace alone; numbers without a label come last") {
  auto w = inventory();
  CHECK(listed(w, "sort=e164") == ids({1, 2, 3, 4, 5}));
  CHECK(listed(w, "sort=-e164") == ids({5, 4, 3, 2, 1}));
  CHECK(listed(w, "sort=label") == ids({2, 3, 1, 5, 4}));
  CHECK(listed(w, "sort=-imported_at") == ids({5, 4, 3, 2, 1}));
  CHECK(listed(w, "sort=imported_at") == ids({1, 2, 3, 4, 5}));
  CHECK(listed(w, "sort=-last_call_at").size() == 5);
}

TEST_CASE("NUM-15 a cursor shows each row that stays exactly once while others come and go") {
  auto w = inventory();
  auto first = w.get(numbers_path + "?limit=2&sort=label").json();
  CHECK(each(first, "id") == ids({2, 3}));
  CHECK(first.at("total").as_int64() == 5);
  auto cursor = str(first.at("next_cursor"));
  w.given({numbers::Deleted{num(3), ws(), cmp(2), false, {}}, imported(7, e164(7), "aardvark")});
  auto second = w.get(numbers_path + "?limit=2&sort=label&cursor=" + cursor).json();
  CHECK(each(second, "id") == ids({1, 5}));
  auto third = w.get(numbers_path + "?limit=2&sort=label&cursor=" + str(second.at("next_cursor"))).json();
  CHECK(each(third, "id") == ids({4}));
  CHECK(third.at("next_cursor").is_null());
  CHECK(each(w.get(numbers_path + "?page=2&per_page=2").json(), "id") == ids({4, 7}));
}

TEST_CASE("unknown parameters, wrong values, bad cursors and limits are 400 and named") {
  auto w = inventory();
  auto cursor = str(w.get(numbers_path + "?limit=2&sort=label").json().at("next_cursor"));
  for (const std::string& q : Texts{"colour=red",
                                    "status=broken",
                                    "campaign=cmp_1",
                                    "sort=colour",
                                    "limit=0",
                                    "limit=501",
                                    "limit=x",
                                    "page=0",
                                    "per_page=501",
                                    "page=300&per_page=50",
                                    "cursor=zz",
                                    "cursor=" + cursor,
                                    "page=2&cursor=" + cursor,
                                    "page=1&cursor=" + cursor,
                                    "country=us",
                                    "country=ZZ",
                                    "assignment=",
                                    "country=US,",
                                    "area_code=a",
                                    "search=" + std::string(101, 'a'),
                                    "limit=1&limit=2",
                                    "workspace=" + ws(2).to_string(),
                                    "as_of=2026-01-01T00:00:00Z"}) {
    auto a = w.get(numbers_path + "?" + q);
    CHECK_MESSAGE(a.status == 400, q);
    CHECK_MESSAGE(a.code() == "validation_failed", q);
    auto name = q.substr(0, q.find('='));
    CHECK_MESSAGE(a.body.find("\"pointer\":\"/" + name) != std::string::npos, q, a.body);
  }
}

TEST_CASE("NUM-02 NUM-06 NUM-22 a row holds every member of the contract") {
  auto w = inventory();
  w.clock.wall.ms = w.world.log.now().ms + 3 * 86'400'000LL;
  auto row = w.get(numbers_path + "/" + num(1).to_string()).json();
  for (auto m :
       {"id",           "e164",   "display",    "label",        "country",   "area_code",    "number_type",
        "capabilities", "origin", "connection", "assignment",   "campaign",  "forward_to",   "status",
        "routing",      "cnam",   "provider",   "last_call_at", "idle_days", "monthly_cost", "imported_at",
        "version",      "can",    "warnings",   "webhooks"}) {
    CHECK_MESSAGE(row.as_object().contains(m), m);
  }
  CHECK(str(row.at("display")) == "(415)");
  CHECK(str(row.at("connection").at("name")) == "Main Twilio");
  CHECK(str(row.at("campaign").at("campaign_type")) == "static");
  CHECK(row.at("idle_days").as_int64() == 3);
  CHECK(str(row.at("monthly_cost").at("amount")) == "1.1500");
  CHECK(str(row.at("cnam").at("state")) == "turning_on");
  CHECK(str(row.at("webhooks").at("status_callback")) ==
        "https://rl.example/twilio/" + con().to_string() + "/status");
  CHECK(row.at("provider").at("wanted").at("voice_caller_id_lookup").as_bool());
  CHECK(str(row.at("provider").at("wanted").at("voice_method")) == "POST");
  for (auto side : {"wanted", "actual"})
    CHECK_MESSAGE(row.at("provider").at(side).at("voice_application_sid").is_null(), side);
  auto list = w.get(numbers_path).json();
  CHECK(list.at("items").at(3).at("label").is_null());
  CHECK(list.at("items").at(3).at("campaign").is_null());
}

TEST_CASE("NUM-23 XFR-01 what may be done follows from rights and state") {
  auto w = inventory();
  auto can = [&](std::uint64_t who, std::uint64_t n, std::string_view what) {
    return w.as(who).get(numbers_path + "/" + num(n).to_string()).json().at("can").at(what).as_bool();
  };
  CHECK(can(1, 1, "assign"));
  CHECK(can(1, 1, "unassign"));
  CHECK_FALSE(can(1, 4, "unassign"));
  CHECK_FALSE(can(1, 5, "assign"));
  CHECK(can(1, 1, "transfer"));
  CHECK_FALSE(can(2, 1, "transfer"));
  CHECK(can(2, 1, "rename"));
  CHECK_FALSE(can(3, 1, "rename"));
  CHECK_FALSE(can(3, 1, "release"));
  CHECK_FALSE(can(1, 4, "release"));
  CHECK_FALSE(can(1, 4, "cnam"));
  QueryWorld single;
  single.given({imported(8, "+16505550188", {}, ws(9))}, acc(2));
  auto path = "/v1/workspaces/" + ws(9).to_string() + "/numbers/" + num(8).to_string();
  CHECK_FALSE(single.as(9).get(path).json().at("can").at("transfer").as_bool());
}

TEST_CASE("a number is found by its id and by its E.164, with and without the plus") {
  auto w = inventory();
  for (auto name : {num(2).to_string(), std::string("+14155550102"), std::string("%2B14155550102"),
                    std::string("14155550102")}) {
    auto a = w.get(numbers_path + "/" + name);
    REQUIRE(a.status == 200);
    CHECK(str(a.json().at("id")) == num(2).to_string());
  }
}

TEST_CASE("NUM-20 what is not yours answers byte for byte as what does not exist") {
  auto w = inventory();
  w.given({imported(8, "+16505550188", {}, ws(9))}, acc(2));
  auto nowhere = w.get(numbers_path + "/" + num(77).to_string());
  REQUIRE(nowhere.status == 404);
  auto same = [&](const std::string& path) {
    auto a = w.get(path);
    CHECK(a.status == 404);
    CHECK(a.body == nowhere.body);
  };
  same(numbers_path + "/" + num(6).to_string());  // of another workspace
  same(numbers_path + "/" + num(8).to_string());  // of another account
  same(numbers_path + "/+16505550188");
  same(numbers_path + "/+16505550100");
  same(numbers_path + "/nonsense");
  same(numbers_path + "/" + num(6).to_string() + "/history");
  same(numbers_path + "/" + num(8).to_string() + "/history");
  same("/v1/workspaces/" + ws(9).to_string() + "/numbers");
  same("/v1/workspaces/" + ws(9).to_string() + "/numbers/" + num(8).to_string());
  same("/v1/workspaces/" + ws(77).to_string() + "/numbers");
  w.as(3);
  same("/v1/workspaces/" + ws(2).to_string() + "/numbers");
}

TEST_CASE("a detail has an ETag of version and content, and is not sent again while it stands") {
  auto w = inventory();
  auto path = numbers_path + "/" + num(1).to_string();
  auto a = w.get(path);
  auto etag = a.header("ETag");
  CHECK(etag.starts_with("\"" + std::to_string(a.json().at("version").as_int64()) + "."));
  CHECK(etag.size() == a.json().at("version").as_int64() / 10 + 20);
  auto again = w.get(path, {{"If-None-Match", "\"0.x\", W/" + etag}});
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(again.header("ETag") == etag);
  CHECK(w.get(path, {{"If-None-Match", "*"}}).status == 304);
  w.given({numbers::Renamed{num(1), ws(), "new"}});
  CHECK(w.get(path, {{"If-None-Match", etag}}).status == 200);
}

TEST_CASE("NUM-05 the summary adds up") {
  auto w = inventory();
  auto s = w.get(numbers_path + "/summary").json();
  CHECK(s.at("total").as_int64() == 5);
  CHECK(s.at("assigned").as_int64() == 3);
  CHECK(s.at("unassigned").as_int64() == 2);
  CHECK(s.at("active_campaigns").as_int64() == 2);
  CHECK(s.at("inactive").as_int64() == 1);
  CHECK(s.at("by_type").at("local").as_int64() == 3);
  CHECK(s.at("by_country").at("GB").as_int64() == 1);
  CHECK(str(s.at("monthly_cost").at("amount")) == "1.1500");
}

TEST_CASE("ASG-04 the standing warnings of the workspace, filtered by code, severity and campaign") {
  auto w = inventory();
  auto all = w.get(base + "/warnings").json();
  CHECK(each(all, "code") == Texts{"moving_between_campaigns", "moving_between_campaigns",
                                   "moving_between_campaigns", "campaign_left_empty"});
  CHECK(each(w.get(base + "/warnings?severity=critical").json(), "code").size() == 2);
  CHECK(each(w.get(base + "/warnings?code=campaign_left_empty").json(), "code").size() == 1);
  auto of2 = w.get(base + "/warnings?campaign=" + cmp(2).to_string()).json();
  CHECK(of2.at("total").as_int64() == 2);
  CHECK(str(of2.at("items").at(0).at("number").at("e164")) == e164(3));
  auto detail = w.get(numbers_path + "/" + num(3).to_string()).json();
  CHECK(detail.at("warnings").as_array().size() == 2);
}

TEST_CASE("credentials in the URLs of hooks are masked in every answer") {
  auto w = with_password();
  auto number = w.get(numbers_path + "/" + num(1).to_string());
  CHECK(str(number.json().at("provider").at("wanted").at("voice_url")) == "https://***@theirs.example/voice");
  for (const auto& answer : {number, w.get(numbers_path), w.get("/v1/events")}) {
    CHECK(answer.status == 200);
    CHECK(answer.body.find("theirs.example") != std::string::npos);
    CHECK(answer.body.find("secret@") == std::string::npos);
  }
}

}  // namespace
}  // namespace ringledger
