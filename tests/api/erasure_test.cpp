// The erasure of a person at the whole server: nothing of them is found anywhere, and what is left adds up.
#include <doctest/doctest.h>

#include "api/visit_cleanup.hpp"
#include "support/sim_checks.hpp"
#include "support/website.hpp"

using namespace ringledger;
using namespace ringledger::sim;

namespace {

const std::string phone_digits = "2125550100", said = "my secret wish", named = "Ann Person",
                  visitor = "visitor-of-ann", page_key = "session-of-ann", landing = "ann-came-by-this",
                  noted = "afraid of needles", tagged = "tag-of-ann", noted_of_call = "needs a new crown";

/// A caller of a website tracker's number: a visit, calls, a message, names, notes.
struct Person : Website {
  std::string contact, session;

  /// `earlier_visits`: of the same visitor, each over before the next began, and nobody called.
  explicit Person(int earlier_visits = 0) {
    constexpr std::int64_t over_ms = 3'600'000;
    for (int i = 0; i < earlier_visits; ++i) {
      visit(page_key + std::to_string(i));
      REQUIRE(w.scheduler.run_for(over_ms, 10'000'000));
    }
    session = visit();
    REQUIRE(post("voice", form("CA1")).response.status == 200);
    REQUIRE(post("sms", message("SM1", said)).response.status == 200);
    contact = text_at(listed("/contacts")[0].as_object(), "id");
    must("PUT", path("/name"), R"({"name":")" + named + R"(","source":"human"})");
    const std::string worth = R"({"deal_value":{"amount":"900","currency":"USD"},"lead_status":"qualified",)";
    must("PATCH", path(), worth + R"("notes":")" + noted + R"(","tags":[")" + tagged + R"("]})");
    must("PATCH", call_path(), worth + R"("notes":")" + noted_of_call + R"("})");
  }
  std::string visit(const std::string& key = page_key) {
    return starts(R"({"session_key":")" + key + R"(","visitor":")" + visitor +
                  R"(","landing_url":"https://shop.example/)" + landing + R"("})");
  }
  [[nodiscard]] std::string path(const std::string& what = "") const {
    return "/v1/workspaces/" + demo.ws[0] + "/contacts/" + contact + what;
  }
  std::string call_path() {
    return "/v1/workspaces/" + demo.ws[0] + "/calls/" + text_at(listed()[0].as_object(), "id");
  }
  void erase() { must("POST", path("/erase"), ""); }
  std::string exported() {
    auto a = w.ask("GET", path("/export"), {}, {}, demo.key);
    REQUIRE(a.response.status == 200);
    std::string text;
    for (std::string chunk; a.response.stream;) {
      chunk.clear();
      bool more = a.response.stream(chunk);
      text += chunk;
      if (!more) break;
    }
    return text;
  }
  void ends(const std::string& sid) {
    auto done = form(sid, "completed");
    done.emplace_back("CallDuration", "12");
    REQUIRE(post("status", done).response.status == 200);
  }
};

const std::vector<std::string> everything{phone_digits, said,  named,  visitor,      page_key,
                                          landing,      noted, tagged, noted_of_call};

std::string first_of(const std::vector<std::string>& all) { return all.empty() ? "" : all.front(); }

}  // namespace

TEST_CASE("before an erasure the person stands in rows and answers, never in log or keys; after it nowhere") {
  Person p;
  p.settle();
  auto before = p.found(everything);
  for (const auto& part : everything) {
    CAPTURE(part);
    CHECK(std::ranges::any_of(before, [&](const auto& f) { return f.starts_with(part); }));
    CHECK(p.events().find(part) != std::string::npos);
  }
  for (const auto& f : before) CHECK_MESSAGE(f.find("in seg") == std::string::npos, f);
  p.erase();
  p.settle();
  CHECK_MESSAGE(p.found(everything).empty(), first_of(p.found(everything)));
  for (const auto& part : everything) CHECK(p.events().find(part) == std::string::npos);
}

TEST_CASE("LOG-01 LOG-04 a contact's notes stand with it, a call's with the call, and neither in the other") {
  Person p;
  auto contact = p.listed("/contacts")[0].as_object();
  CHECK(text_at(contact, "notes") == noted);
  CHECK(std::string_view(contact.at("tags").as_array().at(0).as_string()) == tagged);
  CHECK(contact.at("lead_status") == "qualified");
  auto call = p.listed()[0].as_object();
  CHECK(text_at(call, "notes") == noted_of_call);
  CHECK(call.at("tags").is_null());
  CHECK(text_at(call.at("deal_value").as_object(), "amount") == "900.0000");
  CHECK(call.at("version") == 1);
  auto answer =
      p.must("PATCH", p.call_path(), R"({"notes":"something else","tags":["other"]})").response.body;
  CHECK(answer.find("something") == std::string::npos);  // it is kept for the repeat, for days
  CHECK(answer.find(R"("version":2)") != std::string::npos);
  CHECK(text_at(p.listed("/contacts")[0].as_object(), "notes") == noted);
  auto wrong = p.w.ask("PATCH", p.path(), R"({"deal_value":{"amount":"1","currency":"ZZZ"},"tags":["a",""]})",
                       "wrong", p.demo.key);
  CHECK(wrong.response.status == 400);
  for (const char* pointer : {R"("/deal_value/currency")", R"("/tags/1")"})
    CHECK(wrong.response.body.find(pointer) != std::string::npos);
}

TEST_CASE(
    "after an erasure calls and messages stay, without who it was; counts stay; no list shows the contact") {
  Person p;
  p.erase();
  auto call = p.listed()[0].as_object();
  CHECK(call.at("from").is_null());
  CHECK(call.at("caller_name").is_null());
  CHECK(call.at("notes").is_null());
  CHECK(call.at("lead_status") == "qualified");
  CHECK(text_at(call.at("contact").as_object(), "id") == p.contact);
  CHECK(text_at(call.at("attribution").as_object(), "session") == p.session);
  auto message = p.listed("/messages")[0].as_object();
  CHECK(message.at("from").is_null());
  CHECK(message.at("body").is_null());
  CHECK(p.listed("/contacts").empty());
  auto c = p.got("/contacts/" + p.contact);
  CHECK(c.at("erased") == true);
  CHECK(c.at("phone").is_null());
  CHECK(c.at("name").is_null());
  CHECK(c.at("notes").is_null());
  CHECK(c.at("tags").is_null());
  CHECK(text_at(c.at("deal_value").as_object(), "amount") == "900.0000");
  CHECK(c.at("calls") == 1);
  CHECK(c.at("messages") == 1);
  CHECK(p.listed("/calls?from=%2B1" + phone_digits).empty());
}

TEST_CASE("an erasure is what a fresh fold of the log shows, also when the process dies at any step of it") {
  for (int steps = 0; steps < 40; steps += 4) {
    CAPTURE(steps);
    Person p;
    auto cut = p.w.send("POST", p.path("/erase"), "", "erase", p.demo.key);
    int done = 0;
    p.w.scheduler.run_until([&] { return ++done > steps || cut->there; }, 1'000'000);
    p.w.kill();
    REQUIRE(p.w.start());
    REQUIRE(p.w.ask("POST", p.path("/erase"), "", "erase", p.demo.key).response.status == 200);
    p.settle();
    CHECK_MESSAGE(p.found(everything).empty(), first_of(p.found(everything)));
    check_views(p.w);
    check_book(p.w);
    if (cut->there) break;
  }
}

TEST_CASE("an erasure takes all visits of the visitor, and leaves what a fresh fold of the log shows") {
  Person p(2);
  auto visits = [&] { return p.got("/campaigns/" + p.demo.campaign[1] + "/pool").at("sessions"); };
  auto before = visits();
  p.erase();
  p.settle();
  CHECK_MESSAGE(p.found(everything).empty(), first_of(p.found(everything)));
  CHECK(visits() == before);
  check_views(p.w);
  check_book(p.w);
}

TEST_CASE("an older copy of the key store forgets again at the next start what the log says is erased") {
  Person p;
  auto keys = read_file(p.w.disk, "/data/keys/subjects").value();
  p.erase();
  p.settle();
  p.w.kill();
  REQUIRE(replace_file(p.w.disk, "/data/keys/subjects", keys));
  REQUIRE(p.w.start());
  p.settle();
  for (const auto& part : everything) CHECK(p.events().find(part) == std::string::npos);
  CHECK_MESSAGE(p.found(everything).empty(), first_of(p.found(everything)));
}

TEST_CASE("who calls again after an erasure is another contact, and what ends of the old call says nothing") {
  Person p;
  p.erase();
  p.ends("CA1");
  p.settle();
  CHECK_MESSAGE(p.found({phone_digits}).empty(), first_of(p.found({phone_digits})));
  CHECK(p.listed()[0].at("duration_s") == 12);
  REQUIRE(p.post("voice", p.form("CA2")).response.status == 200);
  auto contacts = p.listed("/contacts");
  REQUIRE(contacts.size() == 1);
  CHECK(text_at(contacts[0].as_object(), "id") != p.contact);
  CHECK(p.visit() != p.session);
  p.settle();
  check_views(p.w);
  check_book(p.w);
}

TEST_CASE("an export holds all that is known of a person, and after the erasure nothing of it") {
  Person p;
  auto text = p.exported();
  for (const auto& part : everything) CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  auto json = boost::json::parse(text).as_object();
  CHECK(text_at(json.at("contact").as_object(), "name") == named);
  std::vector<std::string> types;
  for (const auto& e : json.at("events").as_array()) types.push_back(text_at(e.as_object(), "type"));
  CHECK(types == std::vector<std::string>{"session.started.v1", "session.number_leased.v1",
                                          "contact.created.v1", "call.received.v1", "call.attributed.v1",
                                          "message.received.v1", "contact.named.v1", "contact.updated.v1",
                                          "call.updated.v1"});
  p.erase();
  text = p.exported();
  for (const auto& part : everything) CHECK(text.find(part) == std::string::npos);
}

TEST_CASE("an export has the visits, too, that a call was owed to before it was decided again") {
  Person p;
  p.ends("CA1");
  REQUIRE(p.w.scheduler.run_for(3'600'000, 10'000'000));  // the visit is over
  auto second = p.starts(R"({"session_key":"another page","visitor":"browser-of-her-office"})");
  REQUIRE(second != p.session);
  REQUIRE(p.post("voice", p.form("CA2")).response.status == 200);
  p.ends("CA2");
  auto newest = [&] { return p.listed()[0].as_object(); };
  auto owed = [&] { return text_at(newest().at("attribution").as_object(), "session"); };
  REQUIRE(text_at(newest(), "provider_sid") == "CA2");
  CHECK(owed() == second);
  p.must("POST", "/v1/workspaces/" + p.demo.ws[0] + "/calls/" + text_at(newest(), "id") + "/attribution",
         R"({"model":"first_touch"})");
  CHECK(owed() == p.session);
  auto text = p.exported();
  for (const auto* part : {"browser-of-her-office", "another page"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  for (const auto& part : everything) CHECK_MESSAGE(text.find(part) != std::string::npos, part);
}

TEST_CASE("an export needs the rights that reading the same one by one needs") {
  Person p;
  auto asked_with = [&](const std::string& name, const std::string& capabilities) {
    auto made = p.must("POST", "/v1/keys",
                       R"({"name":")" + name + R"(","capabilities":[)" + capabilities +
                           R"(],"workspaces":[")" + p.demo.ws[0] + R"("]})");
    return p.w.ask("GET", p.path("/export"), {}, {}, text_at(json_of(made), "secret")).response;
  };
  auto refused = asked_with("contacts alone", R"("contacts.read")");
  CHECK(refused.status == 403);
  CHECK(refused.body.find("events.read") != std::string::npos);
  CHECK(asked_with("events alone", R"("events.read")").status == 403);
  CHECK(asked_with("both", R"("contacts.read","events.read")").status == 200);
}

TEST_CASE("a person of another workspace or account can neither be erased, named nor exported") {
  Person p;
  auto other = "/v1/workspaces/" + p.demo.ws[1] + "/contacts/" + p.contact;
  CHECK(p.w.ask("POST", other + "/erase", "", "x1", p.demo.key).response.status == 404);
  CHECK(
      p.w.ask("PUT", other + "/name", R"({"name":"X","source":"human"})", "x2", p.demo.key).response.status ==
      404);
  CHECK(p.w.ask("GET", other + "/export", {}, {}, p.demo.key).response.status == 404);
  CHECK(p.w.ask("GET", other, {}, {}, p.demo.key).response.status == 404);
}

TEST_CASE(
    "POOL-05 a visit that no call was owed to is forgotten 30 days after its end: nothing of who came is "
    "found "
    "anywhere, and what it added up to stays") {
  Website s;
  auto visit_of = [&](const std::string& who) {
    auto body = R"({"session_key":"page-of-)" + who + R"(","visitor":"browser-of-)" + who +
                R"(","landing_url":"https://shop.example/)" + who +
                R"(-came","click_ids":{"gclid":"click-of-)" + who + R"("}})";
    auto session = s.starts(body);
    s.settle();
    return session;
  };
  auto all_of = [](const std::string& who) {
    return std::vector<std::string>{"page-of-" + who, "browser-of-" + who, who + "-came", "click-of-" + who};
  };
  auto over = [&](const std::string& session) {
    REQUIRE(s.page("/" + session + "/end", "").response.status == 200);
    REQUIRE(s.w.scheduler.run_for(2000'000, 10'000'000));
  };
  over(visit_of("ann"));
  auto bob = visit_of("bob");
  REQUIRE(s.post("voice", s.form("CA1")).response.status == 200);
  over(bob);
  for (const auto* who : {"ann", "bob"}) CHECK_FALSE(s.found(all_of(who)).empty());
  auto lives_on = [&](std::int64_t days) {
    s.w.kill();
    s.w.clock.jump_wall(days * 24 * 3600 * 1000);
    REQUIRE(s.w.start());
    REQUIRE(s.w.scheduler.run_for(VisitCleanup::first_look_ms + 60'000, 10'000'000));
    s.settle();
  };
  lives_on(29);
  CHECK_FALSE(s.found(all_of("ann")).empty());
  visit_of("carl");
  lives_on(2);
  CHECK_MESSAGE(s.found(all_of("ann")).empty(), first_of(s.found(all_of("ann"))));
  for (const auto& part : all_of("ann")) CHECK(s.events().find(part) == std::string::npos);
  for (const auto* who : {"bob", "carl"}) {
    CHECK_FALSE(s.found(all_of(who)).empty());
    CHECK(s.events().find("click-of-" + std::string(who)) != std::string::npos);
  }
  CHECK(s.pool().at("sessions") == 3);
  CHECK(text_at(s.listed()[0].as_object().at("attribution").as_object(), "session") == bob);
  check_views(s.w);
  check_book(s.w);
}

TEST_CASE("POOL-05 what is to be forgotten is also found while the server goes on, once a day") {
  Website s;
  auto session = s.starts(R"({"session_key":"a","visitor":"browser-of-ann"})");
  REQUIRE(s.page("/" + session + "/end", "").response.status == 200);
  s.w.kill();
  s.w.clock.jump_wall(29LL * 24 * 3600 * 1000);
  REQUIRE(s.w.start());
  REQUIRE(s.w.scheduler.run_for(20LL * 3600 * 1000, 10'000'000));  // a look, too early
  CHECK_FALSE(s.found({"browser-of-ann"}).empty());
  REQUIRE(s.w.scheduler.run_for(30LL * 3600 * 1000, 10'000'000));
  CHECK(s.found({"browser-of-ann"}).empty());
}
