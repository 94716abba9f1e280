// The reconciler's work list.
#include "projections/provider_sync.hpp"

#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

std::vector<NumberId> work(const World& w, ConnectionId connection = con()) {
  std::vector<NumberId> out;
  for (const auto& row : work_list(w.sight().of<ProviderSyncView>(), {acc(), connection}, 100).value()) {
    out.push_back(row.number.id);
  }
  return out;
}
numbers::Number state(const World& w, std::uint64_t n) {
  return work_for(w.sight().of<ProviderSyncView>(), acc(), num(n)).value().value().number;
}
numbers::ProviderSynced synced(std::uint64_t n, std::int64_t revision) {
  return {num(n), ws(), revision, {}, {}};
}

World with_campaign() {
  World w;
  w.given({campaign(1, "Radio"), campaign(2, "TV")});
  for (std::uint64_t i = 1; i <= 3; ++i) w.given({imported(i, "+1415555010" + std::to_string(i))});
  return w;
}

TEST_CASE("IMP-06 an import that keeps the hooks asks nothing of the provider") {
  auto w = with_campaign();
  CHECK(work(w).empty());
  CHECK(work_count(w.sight().of<ProviderSyncView>(), acc()) == 0);
  CHECK(connections_with_work(w.sight().of<ProviderSyncView>(), 10).empty());
}

TEST_CASE("ASG-02 an assignment is work until the provider was brought to its revision") {
  auto w = with_campaign();
  w.given({assigned(2, 1)});
  CHECK(work(w) == std::vector<NumberId>{num(2)});
  CHECK(state(w, 2).wanted.hooks);
  auto revision = state(w, 2).wanted_revision;
  w.given({numbers::Renamed{num(2), ws(), "new"}});  // asked more meanwhile
  w.given({synced(2, revision)});
  CHECK(work(w) == std::vector<NumberId>{num(2)});
  w.given({synced(2, revision + 1)});
  CHECK(work(w).empty());
  CHECK_FALSE(work_for(w.sight().of<ProviderSyncView>(), acc(), num(2)).value().has_value());
}

TEST_CASE("what the provider refused for good is no work until it is wanted anew") {
  auto w = with_campaign();
  w.given({assigned(1, 1)});
  w.given({numbers::ProviderFailed{num(1), ws(), state(w, 1).wanted_revision, false, 21'211, "no"}});
  CHECK(work(w).empty());
  w.given({assigned(1, 2, 1)});
  CHECK(work(w) == std::vector<NumberId>{num(1)});
  w.given({numbers::ProviderFailed{num(1), ws(), state(w, 1).wanted_revision, true, 20'404, "gone"}});
  CHECK(work(w).empty());
}

TEST_CASE("DEL-07 a release is work until it is confirmed or refused; a plain delete is none") {
  auto w = with_campaign();
  w.given({assigned(1, 1), assigned(2, 1)});
  w.given(
      {numbers::Deleted{num(1), ws(), cmp(1), true, {}}, numbers::Deleted{num(2), ws(), cmp(1), false, {}}});
  CHECK(work(w) == std::vector<NumberId>{num(1)});
  CHECK(work_of(state(w, 1)) == SyncWork::release);
  SUBCASE("confirmed") { w.given({numbers::Released{num(1), ws()}}); }
  SUBCASE("refused") { w.given({numbers::ReleaseFailed{num(1), ws(), 20'000, "no"}}); }
  CHECK(work(w).empty());
  w.check_verified();
}

TEST_CASE("work is listed by connection; a transfer takes it to the other one") {
  auto w = with_campaign();
  w.given({assigned(1, 1), assigned(2, 1)});
  w.given({imported(7, "+14155550107")}, acc(2)).given({numbers::CnamToggled{num(7), ws(), true}}, acc(2));
  w.given({numbers::TransferredOut{num(1), ws(), cmp(1), {}},
           transferred_in(imported(1, "+14155550101"), ws(2), con(2))});
  CHECK(work(w) == std::vector<NumberId>{num(2)});
  CHECK(work(w, con(2)) == std::vector<NumberId>{num(1)});
  auto sync = w.sight().of<ProviderSyncView>();
  auto all = connections_with_work(sync, 10);
  CHECK(all == std::vector<SyncPlace>{{acc(), con()}, {acc(), con(2)}, {acc(2), con()}});
  CHECK(connections_with_work(sync, 2).size() == 2);
  CHECK(connections_with_work(sync, 10, all[1]) == std::vector<SyncPlace>{all[2]});
  CHECK(work_count(sync, acc()) == 2);
}

TEST_CASE("work waits in the order in which it came up, and at the end again once its turn is over") {
  auto w = with_campaign();
  w.given({assigned(3, 1)}).given({assigned(1, 1)}).given({assigned(2, 1)});
  CHECK(work(w) == std::vector<NumberId>{num(3), num(1), num(2)});
  auto revision = state(w, 3).wanted_revision;
  w.given({numbers::Renamed{num(3), ws(), "asked more meanwhile"}});
  CHECK(work(w) == std::vector<NumberId>{num(3), num(1), num(2)});
  w.given({synced(3, revision)});
  CHECK(work(w) == std::vector<NumberId>{num(1), num(2), num(3)});
  w.given({synced(1, state(w, 1).wanted_revision)});
  CHECK(work(w) == std::vector<NumberId>{num(2), num(3)});
  w.given({numbers::Renamed{num(1), ws(), "wanted anew"}});
  CHECK(work(w) == std::vector<NumberId>{num(2), num(3), num(1)});
  w.check_verified();
}

TEST_CASE("work names the latest commit that wished for it, with its trace, for as long as it is work") {
  auto w = with_campaign();
  auto wish = [&] {
    return work_for(w.sight().of<ProviderSyncView>(), acc(), num(1)).value().value_or(SyncRow{}).wish;
  };
  auto last = [&] {
    const auto& commit = *w.log.commits().back().commit;
    return Wish{commit.id, commit.trace};
  };
  w.given({assigned(1, 1)});
  auto first = last();
  CHECK(first.trace.starts_with("trace "));
  CHECK(wish() == first);
  w.given({assigned(1, 2, 1)});  // the same hooks: no new wish
  CHECK(wish() == first);
  w.given({numbers::ProviderDelayed{num(1), ws(), state(w, 1).wanted_revision, 5, 20'503, "no"}});
  CHECK(wish() == first);
  w.given({numbers::Renamed{num(1), ws(), "asked more"}});
  auto second = last();
  CHECK(wish() == second);
  w.given({synced(1, 1)});  // of the first wish, while the second waits
  CHECK(wish() == second);
  w.given({synced(1, state(w, 1).wanted_revision)});
  auto row = w.sight().of<ProviderSyncView>().row(KeyBuilder().id(acc()).id(num(1)).done()).value().value();
  CHECK((row.wish == Wish{} && row.since == 0));
  w.given({numbers::Deleted{num(1), ws(), cmp(2), true, {}}});
  CHECK(wish() == last());
  w.check_verified();
}

TEST_CASE("a number that goes to another connection goes to the end of its list") {
  auto w = with_campaign();
  w.given({assigned(1, 1)});
  auto other = imported(9, "+14155550109");
  other.connection = con(2);
  other.wanted.hooks = true;
  w.given({other});
  w.given({numbers::TransferredOut{num(1), ws(), cmp(1), {}},
           transferred_in(imported(1, "+14155550101"), ws(2), con(2))});
  CHECK(work(w, con(2)) == std::vector<NumberId>{num(9), num(1)});
}

TEST_CASE("work is counted by connection; one without any is in no walk") {
  auto w = with_campaign();
  w.given({assigned(1, 1), assigned(2, 1)});
  CHECK(work_count(w.sight().of<ProviderSyncView>(), SyncPlace{acc(), con()}) == 2);
  for (std::uint64_t i = 1; i <= 2; ++i) w.given({synced(i, state(w, i).wanted_revision)});
  auto sync = w.sight().of<ProviderSyncView>();
  CHECK(work_count(sync, SyncPlace{acc(), con()}) == 0);
  CHECK(connections_with_work(sync, 10).empty());
  std::size_t counters = 0;
  sync.scan(counter_space, "", "", false, [&](auto, auto) { return ++counters > 0; });
  CHECK(counters == 0);
}

TEST_CASE("all numbers are walked in pages, also those without work") {
  auto w = with_campaign();
  w.given({imported(7, "+14155550107")}, acc(2)).given({assigned(2, 1)});
  auto sync = w.sight().of<ProviderSyncView>();
  std::vector<std::pair<AccountId, NumberId>> seen;
  std::optional<SyncKey> after;
  for (;;) {
    auto page = numbers_after(sync, after, 3).value();
    for (const auto& row : page) seen.emplace_back(row.account, row.number.id);
    if (page.size() < 3) break;
    after = SyncKey{page.back().account, page.back().number.id};
  }
  CHECK(seen == std::vector<std::pair<AccountId, NumberId>>{
                    {acc(), num(1)}, {acc(), num(2)}, {acc(), num(3)}, {acc(2), num(7)}});
}

TEST_CASE("a long list is taken in pieces") {
  auto w = with_campaign();
  w.given({assigned(1, 1), assigned(2, 1), assigned(3, 1)});
  auto sync = w.sight().of<ProviderSyncView>();
  auto first = work_list(sync, {acc(), con()}, 2).value();
  REQUIRE(first.size() == 2);
  auto rest = work_list(sync, {acc(), con()}, 2, turn_of(first[1])).value();
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].number.id == num(3));
}

TEST_CASE(
    "the public URLs that a connection's numbers name are known until the last one is rewritten or deleted") {
  auto w = with_campaign();
  auto names = [&](std::uint64_t n, const std::string& base) {
    auto e = synced(n, 0);
    e.actual.hooks.voice_url = base + "/twilio/" + con().to_string() + "/voice#rc=3";
    e.actual.hooks.status_callback = base + "/twilio/" + con().to_string() + "/status";
    w.given({e});
  };
  using Texts = std::vector<std::string>;
  auto bases = [&](std::size_t limit = 9) {
    return bases_of_hooks(w.sight().of<ProviderSyncView>(), con(), limit).value();
  };
  CHECK(bases().empty());
  for (std::uint64_t n = 1; n <= 3; ++n) names(n, "https://old.example");
  CHECK(bases() == Texts{"https://old.example"});
  names(1, "https://new.example");
  CHECK(bases() == Texts{"https://new.example", "https://old.example"});
  CHECK(bases(1).size() == 1);
  CHECK(bases_of_hooks(w.sight().of<ProviderSyncView>(), con(2), 9).value().empty());
  names(2, "https://new.example");
  w.given({numbers::Deleted{num(3), ws(), {}, false, {}}});
  CHECK(bases() == Texts{"https://new.example"});
  w.check_verified();
}

}  // namespace
}  // namespace ringledger
