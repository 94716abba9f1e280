// History and the feed of events: what is told, to whom, in pages and streams.
#include <boost/json/parse.hpp>
#include <set>

#include "tests/api/support/query_world.hpp"

namespace ringledger {
namespace {

using namespace test;
using Texts = std::vector<std::string>;

const std::string base = "/v1/workspaces/" + ws(1).to_string();

std::vector<boost::json::value> lines_of(const std::string& text) {
  std::vector<boost::json::value> out;
  for (std::size_t from = 0; from < text.size();) {
    auto end = text.find('\n', from);
    out.push_back(boost::json::parse(std::string_view(text).substr(from, end - from)));
    from = end + 1;
  }
  return out;
}

std::string drain(const Answered& a) {
  std::string all;
  for (bool more = true; more;) {
    std::string chunk;
    more = a.stream(chunk);
    all += chunk;
  }
  return all;
}

QueryWorld story() {
  QueryWorld w;
  w.given({campaign(1, "Radio")})
      .given({imported(1, "+14155550101")})
      .given({assigned(1, 1), imported(2, "+14155550102")});
  return w;
}

TEST_CASE("an event is told as CloudEvents, with its place in the log and in the account") {
  auto w = story();
  auto event = w.get("/v1/events?type=number.assigned.v1").json().at("items").at(0);
  const auto& commit = *w.world.log.commits().back().commit;
  CHECK(str(event.at("specversion")) == "1.0");
  CHECK(str(event.at("id")) == commit.id.to_string() + "/0");
  CHECK(str(event.at("source")) == "/accounts/" + acc().to_string());
  CHECK(str(event.at("subject")) == "numbers/" + num(1).to_string());
  CHECK(str(event.at("time")) == to_rfc3339(commit.log_time));
  CHECK(str(event.at("position")) == w.position(w.last_offset()));
  CHECK(event.at("sequence").to_number<std::uint64_t>() == commit.first_sequence);
  CHECK(str(event.at("workspace")) == ws(1).to_string());
  CHECK(str(event.at("commandid")) == commit.id.to_string());
  CHECK(event.at("causation").is_null());
  CHECK(str(event.at("data").at("campaign")) == cmp(1).to_string());
  CHECK(event.at("data").at("from_campaign").is_null());
  CHECK(event.as_object().size() == 16);
}

TEST_CASE("personal fields are told, null once erased; secrets and key digests are not there at all") {
  QueryWorld w;
  w.given({members::Added{mem(8), false, {}, {}}});
  auto all = w.get("/v1/events?limit=500");
  CHECK(all.body.find("olga@acme.example") != std::string::npos);
  CHECK(all.body.find("token of Twilio") == std::string::npos);
  CHECK(all.body.find("digest") == std::string::npos);
  auto added = w.get("/v1/events?type=connection.added.v1").json().at("items").at(0).at("data");
  CHECK_FALSE(added.as_object().contains("auth_token"));
  auto erased = w.get("/v1/events?type=member.added.v1").json().at("items").as_array().back();
  CHECK(erased.at("data").at("email").is_null());
}

TEST_CASE("pages of the feed hold every event once, in order; the total is exact") {
  auto w = story();
  Texts seen;
  std::string cursor;
  for (int pages = 0; pages < 50; ++pages) {
    auto page = w.get("/v1/events?limit=3" + cursor).json();
    CHECK(page.at("total_exact").as_bool());
    for (auto& p : each(page, "id")) seen.push_back(p);
    if (page.at("next_cursor").is_null()) {
      CHECK(page.at("total").to_number<std::size_t>() == seen.size());
      break;
    }
    cursor = "&cursor=" + str(page.at("next_cursor"));
  }
  CHECK(std::set(seen.begin(), seen.end()).size() == seen.size());
  CHECK(seen == each(w.get("/v1/events?limit=500").json(), "id"));
  auto all = w.get("/v1/events?limit=500").json();
  CHECK(str(all.at("items").as_array().front().at("type")) == "account.created.v1");
}

TEST_CASE("the feed has pages by number too; past the end they are empty") {
  auto w = story();
  auto all = each(w.get("/v1/events?limit=500").json(), "id");
  Texts seen;
  for (int page = 1; page <= 50; ++page) {
    auto some = each(w.get("/v1/events?per_page=4&page=" + std::to_string(page)).json(), "id");
    if (some.empty()) break;
    seen.insert(seen.end(), some.begin(), some.end());
  }
  CHECK(seen == all);
  auto second = w.get("/v1/events?per_page=2&page=2").json();
  auto third = w.get("/v1/events?limit=2&cursor=" + str(second.at("next_cursor"))).json();
  CHECK(each(third, "id") == Texts{all.at(4), all.at(5)});
  for (auto accept : {"application/x-ndjson", "text/event-stream"})
    CHECK(w.get("/v1/events?page=1", {{"Accept", accept}}).code() == "validation_failed");
}

TEST_CASE("a representation is chosen by its weight in Accept") {
  auto w = story();
  auto type = [&](const char* accept) {
    return w.get("/v1/events", {{"Accept", accept}}).header("Content-Type");
  };
  CHECK(type("text/event-stream;q=0.2, application/json") == "application/json");
  CHECK(type("application/json;q=0.2, application/x-ndjson;q=0.3") == "application/x-ndjson");
  CHECK(w.get("/v1/events", {{"Accept", "application/json;q=0"}}).status == 406);
}

TEST_CASE("each filter of the feed, alone and together") {
  auto w = story();
  auto types = [&](const std::string& q) { return each(w.get("/v1/events?" + q).json(), "type"); };
  CHECK(types("number=" + num(1).to_string()) == Texts{"number.imported.v1", "number.assigned.v1"});
  CHECK(types("number=%2B14155550102") == Texts{"number.imported.v1"});
  CHECK(types("number=" + num(77).to_string()).empty());
  CHECK(types("type=number.assigned.v1&type=campaign.created.v1") ==
        Texts{"campaign.created.v1", "number.assigned.v1"});
  CHECK(types("workspace=" + ws(2).to_string()) == Texts{"workspace.created.v1", "connection.added.v1"});
  CHECK(types("workspace=" + ws(1).to_string() + "&type=workspace.created.v1").size() == 1);
  auto last = w.position(w.last_offset());
  CHECK(types("from=" + last) == Texts{"number.assigned.v1", "number.imported.v1"});
  CHECK(types("to=" + w.position(0)) == Texts{"account.created.v1", "member.added.v1", "key.created.v1"});
  CHECK(types("from=" + last + "&to=" + last).size() == 2);
  auto counted = w.get("/v1/events?type=number.imported.v1&limit=1").json();
  CHECK(counted.at("total").as_int64() == 2);
  CHECK(w.get("/v1/events?number=" + num(1).to_string() + "&limit=1").json().at("total").as_int64() == 2);
}

TEST_CASE("faults of the feed's parameters are named; another log's positions are gone") {
  auto w = story();
  for (const std::string& q :
       Texts{"from=x", "to=1", "wait=31", "wait=-1", "limit=0", "page=0", "cursor=00", "colour=1", "type=zzz",
             "type=", "page=20001&per_page=1", "limit=1&page=1"}) {
    auto a = w.get("/v1/events?" + q);
    CHECK_MESSAGE(a.code() == "validation_failed", q);
    CHECK_MESSAGE(a.body.find("\"pointer\":\"/" + q.substr(0, q.find('='))) != std::string::npos, a.body);
  }
  CHECK(w.get("/v1/events?from=other.0.1").status == 410);
  CHECK(w.get("/v1/events", {{"Accept", "image/png"}}).status == 406);
  CHECK(w.get("/v1/events", {{"Accept", "text/event-stream"}, {"Last-Event-ID", "ep.0.1"}}).code() ==
        "validation_failed");
}

TEST_CASE("members see the events of their workspaces, the owner everything, other accounts nothing") {
  auto w = story();
  w.given({imported(6, "+16505550100", {}, ws(2))});
  auto mine = w.as(3).get("/v1/events?limit=500").json();
  for (const auto& place : each(mine, "workspace")) CHECK(place == ws(1).to_string());
  CHECK(mine.at("items").as_array().size() > 5);
  CHECK(w.get("/v1/events?number=" + num(6).to_string()).json().at("items").as_array().empty());
  CHECK(w.get("/v1/events?workspace=" + ws(2).to_string()).status == 404);
  CHECK(w.get("/v1/events?workspace=" + ws(9).to_string()).status == 404);
  auto others = w.as(9).get("/v1/events?limit=500").json();
  CHECK(others.at("items").as_array().size() == 4);
  w.given({keys::Created{key(5), "blind", {}, {"numbers.read"}, {}, "d", {}},
           keys::Created{key(6), "feed", {}, {"events.read"}, {ws(2)}, "d", {}},
           keys::Created{key(7), "all", {}, {"events.read"}, {}, "d", {}}});
  CHECK(w.as(5).get("/v1/events").status == 403);
  CHECK(w.as(6).get("/v1/events").json().at("items").as_array().size() == 3);
  auto whole = w.as(7).get("/v1/events?limit=500").json();
  CHECK(str(whole.at("items").at(0).at("type")) == "account.created.v1");
}

TEST_CASE("a commit with more events of one workspace than are read at a time is told whole") {
  QueryWorld w;
  std::vector<Event> many;
  for (std::uint64_t i = 0; i < 700; ++i)
    many.push_back(imported(1000 + i, "+1415" + std::to_string(5'550'000 + i)));
  w.given(many);
  auto text = drain(w.as(2).get("/v1/events?type=number.imported.v1", {{"Accept", "application/x-ndjson"}}));
  CHECK(lines_of(text).size() == 700);
}

TEST_CASE("a stream of lines goes to the end that stood when it was asked") {
  auto w = story();
  auto a = w.get("/v1/events?workspace=" + ws(1).to_string(), {{"Accept", "application/x-ndjson"}});
  CHECK(a.header("Content-Type") == "application/x-ndjson");
  w.given({imported(3, "+14155550103")});
  auto lines = lines_of(drain(a));
  CHECK(str(lines.back().at("subject")) == "numbers/" + num(2).to_string());
  CHECK(lines.size() ==
        w.get("/v1/events?limit=500&workspace=" + ws(1).to_string()).json().at("items").as_array().size() -
            1);
}

TEST_CASE(
    "a live stream tells each event with its id, comments while nothing comes, and resumes right after") {
  auto w = story();
  auto last = w.position(w.last_offset());
  HttpHeaders live{{"Accept", "text/event-stream"}, {"Last-Event-ID", last + "/0"}};
  auto a = w.get("/v1/events", live);
  std::string chunk;
  CHECK(a.stream(chunk));
  CHECK(chunk.starts_with("id: " + last + "/1\nevent: number.imported.v1\ndata: {"));
  CHECK(chunk.ends_with("}\n\n"));
  CHECK(chunk.find("id: ", 4) == std::string::npos);
  auto next = [&] {
    chunk.clear();
    return a.stream(chunk);
  };
  CHECK(next());
  CHECK(chunk.empty());
  w.clock.ms += 15'000;
  CHECK(next());
  CHECK(chunk.starts_with(": "));
  w.given({imported(3, "+14155550103")});
  CHECK(next());
  CHECK(chunk.starts_with("id: " + w.position(w.last_offset()) + "/0\n"));
  w.identified = false;
  w.clock.ms += 1'000;
  CHECK_FALSE(next());
  CHECK(chunk.empty());
}

TEST_CASE("with wait an empty page is held until there is an event, or the time is over") {
  auto w = story();
  auto after = w.get("/v1/events?limit=500&wait=0").json();
  auto path = "/v1/events?wait=5&cursor=" + str(after.at("next_cursor"));
  auto held = w.get(path);
  REQUIRE(held.stream);
  std::string chunk;
  CHECK(held.stream(chunk));
  CHECK(chunk.empty());
  w.given({imported(3, "+14155550103")});
  CHECK_FALSE(held.stream(chunk));
  auto page = boost::json::parse(chunk);
  CHECK(each(page, "type") == Texts{"number.imported.v1"});
  auto idle = w.get("/v1/events?wait=5&cursor=" + str(page.at("next_cursor")));
  chunk.clear();
  CHECK(idle.stream(chunk));
  w.clock.ms += 5'000;
  CHECK_FALSE(idle.stream(chunk));
  CHECK(boost::json::parse(chunk).at("items").as_array().empty());
}

TEST_CASE("DEL-04 the history of a number: newest first, E.164 too, with pages, also after its deletion") {
  auto w = story();
  auto path = base + "/numbers/" + num(1).to_string() + "/history";
  auto all = w.get(path).json();
  CHECK(each(all, "type") == Texts{"number.assigned.v1", "number.imported.v1"});
  CHECK(all.at("total").as_int64() == 2);
  CHECK(each(w.get(base + "/numbers/14155550101/history").json(), "type").size() == 2);
  auto first = w.get(path + "?limit=1").json();
  auto second = w.get(path + "?limit=1&cursor=" + str(first.at("next_cursor"))).json();
  CHECK(each(second, "type") == Texts{"number.imported.v1"});
  w.given({numbers::Deleted{num(1), ws(), cmp(1), false, {}}});
  CHECK(each(w.get(path).json(), "type").front() == "number.deleted.v1");
}

TEST_CASE("XFR-07 after a transfer the destination sees the history from then on, the source its own") {
  auto w = story();
  auto in = transferred_in(imported(1, "+14155550101"), ws(2), con(2));
  w.given({numbers::TransferredOut{num(1), ws(1), cmp(1), {}}, in});
  w.given({numbers::Renamed{num(1), ws(2), "ours now"}});
  auto there = "/v1/workspaces/" + ws(2).to_string() + "/numbers/" + num(1).to_string();
  CHECK(each(w.get(there + "/history").json(), "type") ==
        Texts{"number.renamed.v1", "number.transferred_in.v1"});
  auto here = base + "/numbers/" + num(1).to_string();
  CHECK(each(w.get(here + "/history").json(), "type") ==
        Texts{"number.transferred_out.v1", "number.assigned.v1", "number.imported.v1"});
  CHECK(w.get(here).status == 404);
  CHECK(w.get(there).status == 200);
}

TEST_CASE("event types are listed; each has a schema that asks for what its events say") {
  auto w = story();
  auto types = each(w.get("/v1/event-types?limit=500").json(), "type");
  CHECK(types.size() == std::variant_size_v<Event::Variant>);
  CHECK(std::is_sorted(types.begin(), types.end()));
  for (const auto& type : types) {
    auto schema = w.get("/v1/event-types/" + type).json();
    CHECK(str(schema.at("$schema")) == "https://json-schema.org/draft/2020-12/schema");
    CHECK(str(schema.at("title")) == type);
  }
  for (const auto& event : w.get("/v1/events?limit=500").json().at("items").as_array()) {
    auto schema = w.get("/v1/event-types/" + str(event.at("type"))).json();
    for (const auto& name : schema.at("required").as_array())
      CHECK(event.at("data").as_object().contains(str(name)));
    CHECK(schema.at("properties").as_object().size() == event.at("data").as_object().size());
  }
  CHECK(w.get("/v1/event-types/number.eaten.v1").status == 404);
  auto first = w.get("/v1/event-types?limit=3").json();
  CHECK(each(first, "type") == Texts(types.begin(), types.begin() + 3));
  CHECK(first.at("total").as_int64() == std::ssize(types));
  CHECK(each(w.get("/v1/event-types?limit=2&cursor=" + str(first.at("next_cursor"))).json(), "type") ==
        Texts(types.begin() + 3, types.begin() + 5));
  CHECK(each(w.get("/v1/event-types?per_page=3&page=2").json(), "type").front() == types.at(3));
  CHECK(w.get("/v1/event-types?limit=0").code() == "validation_failed");
}

TEST_CASE(
    "while the read models cannot be read, queries answer 500: never 404, an empty list or an early end") {
  auto w = story();
  auto lines = w.get("/v1/events", {{"Accept", "application/x-ndjson"}});
  CHECK(w.get(base + "/numbers/" + num(77).to_string()).status == 404);
  w.fail_reads();
  for (const auto& path : {base + "/numbers", base + "/numbers/" + num(1).to_string(), base + "/campaigns",
                           std::string("/v1/workspaces"), std::string("/v1/events")}) {
    CAPTURE(path);
    CHECK(w.get(path).status == 500);
  }
  std::string chunk;
  CHECK_THROWS(lines.stream(chunk));
}

}  // namespace
}  // namespace ringledger
