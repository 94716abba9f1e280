// Where in the log an entity's events are, and an account's.
#include "projections/history.hpp"

#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

std::vector<std::string> types(const Page<HistoryPoint>& page) {
  std::vector<std::string> out;
  for (const auto& p : page.items) out.push_back(p.type);
  return out;
}

World told() {
  World w;
  w.given({campaign(1, "Radio")}).given({imported(1, "+14155550101")}).given({imported(2, "+14155550102")});
  w.given({assigned(1, 1)});
  w.given({numbers::TransferredOut{num(1), ws(), cmp(1), {}},
           transferred_in(imported(1, "+14155550101"), ws(2), con(2))});
  return w;
}

Page<HistoryPoint> ask(const World& w, HistoryQuery q) {
  if (q.account.empty()) q.account = acc();
  auto page = history_of(w.sight().of<HistoryView>(), q);
  REQUIRE(page.has_value());
  return std::move(*page);
}

TEST_CASE("a number's history is every event that names it, newest first, with its place") {
  auto w = told();
  auto page = ask(w, {.entity = num(1).to_string()});
  CHECK(types(page) == std::vector<std::string>{"number.transferred_in.v1", "number.transferred_out.v1",
                                                "number.assigned.v1", "number.imported.v1"});
  CHECK(page.total == 4);
  CHECK(page.items[0].offset == w.log.commits()[4].offset);
  CHECK(page.items[0].index == 1);
  CHECK(page.items[1].workspace == ws());
}

TEST_CASE("after a transfer each workspace sees only its own part of a number's history") {
  auto w = told();
  CHECK(types(ask(w, {.entity = num(1).to_string(), .workspaces = {ws(2)}})) ==
        std::vector<std::string>{"number.transferred_in.v1"});
  auto source = ask(w, {.entity = num(1).to_string(), .workspaces = {ws(1)}});
  CHECK(source.items.size() == 3);
  CHECK(source.total == 3);
}

TEST_CASE("events of no workspace are shown to those who may see the account only") {
  World w;
  w.given({members::Added{mem(), true, {}, {}}, members::RoleGranted{mem(), ws(), members::Role::agent}});
  auto entity = mem().to_string();
  CHECK(ask(w, {.entity = entity}).items.size() == 2);
  CHECK(types(ask(w, {.entity = entity, .workspaces = {ws()}})) ==
        std::vector<std::string>{"member.role_granted.v1"});
  CHECK(ask(w, {.entity = entity, .workspaces = {ws()}, .unplaced = true}).items.size() == 2);
}

TEST_CASE("who may not read calls sees nothing of who called or wrote in a number's history") {
  auto w = told();
  calls::Received call;
  call.call = id_of<CallId>(1, 9);
  call.workspace = ws();
  call.number = num(1);
  messages::Received message;
  message.message = id_of<MessageId>(1, 12);
  message.workspace = ws();
  message.number = num(1);
  auto before = ask(w, {.entity = num(1).to_string()});
  w.given({call, message});
  CHECK(ask(w, {.entity = num(1).to_string()}).total == before.total + 2);
  auto without = ask(w, {.entity = num(1).to_string(), .people = false});
  CHECK(without.total == before.total);
  CHECK(types(without) == types(before));
}

TEST_CASE("history is paged by cursor and never tells another account's") {
  auto w = told();
  HistoryQuery q{.entity = num(1).to_string(), .page = {.limit = 3}};
  auto first = ask(w, q);
  REQUIRE(first.next_cursor.has_value());
  q.page.cursor = *first.next_cursor;
  auto second = ask(w, q);
  CHECK(types(second) == std::vector<std::string>{"number.imported.v1"});
  CHECK_FALSE(second.next_cursor.has_value());
  CHECK(ask(w, {.account = acc(2), .entity = num(1).to_string()}).items.empty());
  CHECK(ask(w, {.entity = cmp(1).to_string()}).items.size() == 3);
}

TEST_CASE("an account's feed lists its commits by offset with their sequences, without a gap") {
  auto w = told();
  auto feed = feed_of(w.sight().of<HistoryView>(), acc(), 0, UINT64_MAX, 100);
  REQUIRE(feed.size() == 5);
  std::uint64_t sequence = 1;
  for (std::size_t i = 0; i < feed.size(); ++i) {
    CHECK(feed[i].offset == w.log.commits()[i].offset);
    CHECK(feed[i].first_sequence == sequence);
    sequence += feed[i].count;
  }
  auto some = feed_of(w.sight().of<HistoryView>(), acc(), feed[1].offset, feed[3].offset, 100);
  CHECK(some == std::vector<FeedPoint>{feed[1], feed[2], feed[3]});
  CHECK(feed_of(w.sight().of<HistoryView>(), acc(), 0, UINT64_MAX, 2).size() == 2);
  CHECK(feed_count(w.sight().of<HistoryView>(), acc(), 0, UINT64_MAX) == 6);
  CHECK(feed_count(w.sight().of<HistoryView>(), acc(), feed[1].offset, feed[3].offset) == 3);
  CHECK(feed_count(w.sight().of<HistoryView>(), acc(2), 0, UINT64_MAX) == 0);
  CHECK(feed_of(w.sight().of<HistoryView>(), acc(2), 0, UINT64_MAX, 100).empty());
}

TEST_CASE("the feed of one entity goes forward between two offsets") {
  auto w = told();
  auto history = w.sight().of<HistoryView>();
  auto all = feed_of_entity(history, acc(), num(1).to_string(), 0, UINT64_MAX, 100);
  REQUIRE(all.size() == 4);
  CHECK(all[0].type == "number.imported.v1");
  CHECK(feed_of_entity(history, acc(), num(1).to_string(), all[1].offset, all[1].offset, 100) ==
        std::vector<HistoryPoint>{all[1]});
  CHECK(feed_of_entity(history, acc(), ws(2).to_string(), 0, UINT64_MAX, 100).size() == 1);
}

}  // namespace
}  // namespace ringledger
