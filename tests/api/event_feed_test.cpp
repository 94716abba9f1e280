// Reading the feed against a plain walk over the log: every event once, whatever the filter and the slices.
#include "api/event_feed.hpp"

#include <random>

#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;
using Places = std::vector<EventPlace>;

CommitAt commits_of(const World& w) {
  return [&w](std::uint64_t offset) -> Result<std::shared_ptr<const Commit>> {
    for (const auto& c : w.log.commits()) {
      if (c.offset == offset) return c.commit;
    }
    return fail(Code::internal, "no commit there");
  };
}

Places read_all(const World& w, const EventFilter& f, std::size_t limit, std::size_t most_commits) {
  auto sight = w.sight();
  Places seen;
  EventPlace at{};
  for (int slices = 0; slices < 10'000; ++slices) {
    auto slice = read_feed(sight.of<HistoryView>(), commits_of(w), f, at, limit, most_commits);
    REQUIRE(slice.has_value());
    CHECK(slice->events.size() <= limit);
    for (const auto& e : slice->events) seen.push_back(e.place);
    if (slice->at_end) return seen;
    REQUIRE(at <= slice->next);
    at = slice->next;
  }
  FAIL("the feed has no end");
  return seen;
}

template <class T>
bool among(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

Places walked(const World& w, const EventFilter& f) {
  Places out;
  for (const auto& [offset, commit] : w.log.commits()) {
    if (commit->account != f.account || offset < f.from || offset > f.to) continue;
    for (std::size_t i = 0; i < commit->events.size(); ++i) {
      const auto& event = commit->events[i];
      auto workspace = workspace_of(event);
      bool placed = f.whole_account || (workspace && among(f.workspaces, *workspace));
      bool typed = f.types.empty() || among(f.types, std::string(type_of(event)));
      bool numbered = f.numbers.empty();
      for (auto n : f.numbers) numbered = numbered || subject_of(event) == "numbers/" + n.to_string();
      if (placed && typed && numbered) out.push_back({offset, i});
    }
  }
  return out;
}

std::vector<Event> many(std::uint64_t from, std::uint64_t count, WorkspaceId workspace) {
  std::vector<Event> events;
  for (auto i = from; i < from + count; ++i) {
    events.push_back(imported(i, "+1415" + std::to_string(5'000'000 + i), {}, workspace));
  }
  return events;
}

TEST_CASE(
    "a commit with more events of a workspace than are read at a time is told whole, wherever it stands") {
  World w;
  w.given(many(0, 600, ws(1))).given(many(1'000, 10, ws(2)));
  w.given(many(2'000, 200, ws(1))).given(many(3'000, 700, ws(1))).given(many(4'000, 3, ws(1)));
  EventFilter one{.account = acc(), .workspaces = {ws(1)}};
  EventFilter both{.account = acc(), .workspaces = {ws(2), ws(1)}};
  for (std::size_t limit : {1'000'000U, 256U, 100U}) {
    CHECK(read_all(w, one, limit, 1'000).size() == 1'503);
    CHECK(read_all(w, both, limit, 1'000) == walked(w, both));
  }
  CHECK(count_feed(w.sight().of<HistoryView>(), commits_of(w), one)->total == 1'503);
}

TEST_CASE("the feed is what a walk over the log finds, for any filter, slice and effort") {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto below = [&](std::uint64_t n) { return static_cast<std::uint64_t>(random()) % n; };
    World w;
    w.given({campaign(1, "c")});
    std::uint64_t made = 0;
    for (auto commits = 5 + below(60); commits > 0; --commits) {
      std::vector<Event> events;
      for (auto n = 1 + below(4); n > 0; --n) {
        if (made == 0 || below(2) == 0) {
          ++made;
          events.push_back(many(made, 1, ws(1 + below(3))).front());
        } else {
          auto number = 1 + below(made);
          events.push_back(numbers::Renamed{num(number), ws(1 + below(3)), "x"});
        }
      }
      w.given(std::move(events));
    }
    for (int round = 0; round < 10; ++round) {
      EventFilter f{.account = acc(), .whole_account = below(3) == 0};
      for (std::uint64_t i = 1; i <= 3; ++i) {
        if (!f.whole_account && below(2) == 0) f.workspaces.push_back(ws(i));
        if (below(4) == 0) f.numbers.push_back(num(1 + below(made)));
      }
      if (below(2) == 0) f.types.emplace_back("number.renamed.v1");
      if (below(2) == 0) f.from = below(w.log.end());
      if (below(2) == 0) f.to = below(w.log.end());
      auto expected = walked(w, f);
      CHECK(read_all(w, f, 1 + below(5), 1 + below(5)) == expected);
      auto total = count_feed(w.sight().of<HistoryView>(), commits_of(w), f);
      REQUIRE(total.has_value());
      CHECK(total->exact);
      CHECK(total->total == expected.size());
    }
  }
}

TEST_CASE("an index entry without its commit is an error, not a gap") {
  World w;
  w.given({campaign(1, "c")});
  CommitAt broken = [](std::uint64_t) {
    return Result<std::shared_ptr<const Commit>>(fail(Code::internal, "damaged"));
  };
  EventFilter f{.account = acc(), .whole_account = true};
  CHECK_FALSE(read_feed(w.sight().of<HistoryView>(), broken, f, {}, 10, 10).has_value());
}

}  // namespace
}  // namespace ringledger
