// A provider's list that is read again and again: what is issued of it, when it goes on, where it begins.
#include "adapters/twilio/list_reader.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "support/simulated.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

using Page = ReportPage<MessageReport>;
using Sids = std::vector<std::string>;

MessageReport message(const std::string& sid) {
  MessageReport m;
  m.provider_sid = sid;
  return m;
}
Page page(const Sids& sids, const std::string& next = "") {
  Page out{{}, next};
  for (const auto& sid : sids) out.reports.push_back(message(sid));
  return out;
}

/// A list of one place whose pages are scripted; what is issued is answered by the test.
struct Reading {
  struct Question {
    Timestamp since;
    std::string page;
  };
  StoppedClock clock;
  const Timestamp begin = clock.at;
  const ProviderPlace place{AccountId{}, "AC1"};
  std::vector<Question> asked;
  std::deque<std::optional<Page>> answers;  ///< an empty page when there are none
  std::string known;
  Sids issued;
  int cuts = 0;
  ListReader<MessageReport> list;

  explicit Reading(ListReaderOptions options = {}) : list(ports(), options) { list.meet(place); }
  ListReaderPorts<MessageReport> ports() {
    return {[this](const ProviderPlace&, Timestamp since, const std::string& which) {
              asked.push_back({since, which});
              if (answers.empty()) return std::optional(Page{});
              auto answer = std::move(answers.front());
              answers.pop_front();
              return answer;
            },
            [this](const ProviderPlace&, const MessageReport& m, const Sight&) {
              return m.provider_sid != known;
            },
            [this](const ProviderPlace&, const MessageReport& m) { issued.push_back(m.provider_sid); },
            [this] { ++cuts; }, clock};
  }
  void look(std::int64_t after_ms = 0) {
    clock.at.ms += after_ms;
    list.go_on(place, Sight(nullptr, nullptr));
  }
  bool answered(const std::string& sid, bool committed = true) {
    return list.issued(place, message(sid), committed);
  }
};

}  // namespace

TEST_CASE("of a list the oldest news is issued first, a few at a time, and then the next page is asked for") {
  Reading r({.commands_at_once = 2});
  r.known = "SM3";
  r.answers = {page({"SM5", "SM4", "SM3", "SM2"}, "second"), page({"SM1"})};
  r.look(29'999);
  CHECK(r.asked.empty());
  r.look(1);
  REQUIRE(r.asked.size() == 1);
  CHECK(r.asked[0].since == Timestamp{r.begin.ms - 86'400'000});
  CHECK(r.asked[0].page.empty());
  CHECK(r.issued == Sids{"SM2", "SM4"});
  r.look();
  CHECK_FALSE(r.answered("SM2"));
  r.look();
  CHECK(r.issued.size() == 2);  // one is not answered yet
  CHECK(r.answered("SM4"));
  r.look();
  CHECK(r.issued.back() == "SM5");
  CHECK(r.asked.size() == 1);
  CHECK(r.answered("SM5"));
  r.look();
  REQUIRE(r.asked.size() == 2);
  CHECK(r.asked[1].since == r.asked[0].since);
  CHECK(r.asked[1].page == "second");
  CHECK(r.issued.back() == "SM1");
}

TEST_CASE("what was refused is issued again, when its turn comes") {
  Reading r;
  r.answers = {page({"SM1"})};
  r.look(30'000);
  CHECK_FALSE(r.answered("SM1", false));
  r.look();
  CHECK(r.issued == Sids{"SM1", "SM1"});
  CHECK(r.answered("SM1"));
  r.look();
  CHECK(r.issued.size() == 2);
}

TEST_CASE("a list is read again after its time, from where the one before could not look yet") {
  Reading r({.every_ms = 100'000, .late_after_ms = 40'000});
  r.look(30'000);
  const auto began = r.clock.at;
  r.look(99'999);
  CHECK(r.asked.size() == 1);
  r.look(1);
  REQUIRE(r.asked.size() == 2);
  CHECK(r.asked[1].since == Timestamp{began.ms - 40'000 - 60'000});
  CHECK(r.list.turns()[0].first == r.clock.at.ms + 100'000);
}

TEST_CASE("a page that cannot be had is asked for again, and nothing is left out meanwhile") {
  Reading r;
  r.answers = {std::nullopt, page({"SM3"}, "second"), std::nullopt, page({"SM2"})};
  r.look(30'000);
  CHECK(r.issued.empty());
  r.look(10'000);
  const auto began = r.clock.at;
  CHECK(r.asked[1].since == r.asked[0].since);
  CHECK(r.answered("SM3"));
  r.look(10'000);
  r.look(10'000);
  REQUIRE(r.asked.size() == 4);
  CHECK(r.asked[3].page == "second");
  CHECK(r.issued == Sids{"SM3", "SM2"});
  CHECK(r.answered("SM2"));
  r.look(300'000);
  REQUIRE(r.asked.size() == 5);
  CHECK(r.asked[4].since == Timestamp{began.ms - 360'000});
  CHECK(r.asked[4].page.empty());
}

TEST_CASE("a list that is too long is cut, and that is told") {
  Reading r({.pages = 2});
  r.answers = {page({}, "second"), page({}, "third"), page({})};
  r.look(30'000);
  r.look();
  CHECK(r.cuts == 1);
  r.look();
  CHECK(r.asked.size() == 2);
  r.look(300'000);
  REQUIRE(r.asked.size() == 3);
  CHECK(r.asked[2].page.empty());
  CHECK(r.cuts == 1);
}

TEST_CASE("a list that was forgotten begins anew, and late answers about it change nothing") {
  Reading r;
  r.answers = {page({"SM1"})};
  r.look(30'000);
  r.list.forget();
  CHECK(r.list.turns().empty());
  CHECK_FALSE(r.answered("SM1"));
  r.clock.at.ms += 1'000'000;
  r.list.meet(r.place);
  r.look(30'000);
  REQUIRE(r.asked.size() == 2);
  CHECK(r.asked[1].since == Timestamp{r.clock.at.ms - 30'000 - 86'400'000});
}
