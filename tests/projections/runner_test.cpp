// The runner: exactly once, parked entities, rebuilds beside the old rows, verification.
#include "projections/runner.hpp"

#include <atomic>
#include <thread>

#include "projections/inventory_query.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace numbers_seen {

struct Row {
  std::string labels;
  RL_FIELDS(Row, labels);
};

/// Writes down every label a number was given; refuses "poison" while it is broken.
struct View {
  static constexpr std::string_view name = "labels.v1";
  using Row = numbers_seen::Row;
  static inline bool broken = true;
  using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                         campaigns::Event, calls::Event, sessions::Event, contacts::Event, messages::Event>;
  static std::vector<std::string> keys(const Fact& fact) {
    return on_event<Others>(fact.event, std::vector<std::string>(), [](const auto& e) {
      return std::vector<std::string>{KeyBuilder().id(e.number).done()};
    });
  }
  static Projected<Row> project(std::optional<Row> row, const Fact& fact, std::string_view) {
    const auto* renamed = std::get_if<numbers::Renamed>(&fact.event);
    auto label = renamed ? renamed->label.value_or("") : std::string("+");
    if (broken && label == "poison") return fail(Code::internal, "poisoned");
    Row next = row.value_or(Row{});
    next.labels += label;
    return next;
  }
  static std::vector<Entry> indexes(const Row& row) { return {{"by labels " + row.labels, ""}}; }
  static Counters counters(const Row& row) {
    return {{"letters", static_cast<std::int64_t>(row.labels.size())}};
  }
};

}  // namespace numbers_seen

namespace {

using namespace test;
using LabelsView = numbers_seen::View;

ViewSet with_labels() {
  auto views = all_views();
  views.add<LabelsView>();
  return views;
}

Event renamed(std::uint64_t n, const std::string& label) { return numbers::Renamed{num(n), ws(), label}; }
std::string labels_of(const World& w, std::uint64_t n) {
  auto row = w.sight().of<LabelsView>().row(KeyBuilder().id(num(n)).view()).value();
  return row ? row->labels : "none";
}

/// The same rows, the entries laid out otherwise.
struct LabelsLaidOutAnew : LabelsView {
  static constexpr std::string_view entry_layout = "anew";
  static std::vector<Entry> indexes(const Row& row) { return {{"anew " + row.labels, ""}}; }
};

/// Refuses writes or flushes on demand; counts flushes.
class MoodyStore final : public RowStore {
 public:
  std::vector<std::string> families() const override { return inner.families(); }
  Result<void> create_family(const std::string& name) override { return inner.create_family(name); }
  Result<void> drop_family(const std::string& name) override { return inner.drop_family(name); }
  std::optional<std::string> get(std::string_view f, std::string_view k) const override {
    return inner.get(f, k);
  }
  Result<void> write(const std::vector<RowWrite>& batch) override {
    if (full) return fail(Code::read_only, "no space");
    return inner.write(batch);
  }
  Result<void> health() const override { return inner.health(); }
  std::shared_ptr<RowSnapshot> snapshot() const override { return inner.snapshot(); }
  Result<void> flush() override {
    ++flushes;
    if (full) return fail(Code::read_only, "no space");
    return inner.flush();
  }
  MemoryRowStore inner;
  bool full = false;
  int flushes = 0;
};

TEST_CASE("a batch is folded once, whoever brings it again") {
  World w(with_labels());
  w.given({imported(1, "+14155550101")}).given({renamed(1, "a")});
  REQUIRE(w.runner->apply(w.log.batch(0, 10)).has_value());
  CHECK(labels_of(w, 1) == "+a");
  CHECK(w.sight().of<LabelsView>().counter("letters") == 2);
}

TEST_CASE("several changes of one row in one batch are one write and one notice") {
  World w(with_labels());
  w.behind({imported(1, "+14155550101")});
  w.behind({renamed(1, "a"), renamed(1, "b")});
  std::vector<std::string> told;
  w.runner->on_rows_written([&](std::string_view view, const std::vector<std::string>& keys) {
    if (view == LabelsView::name) told.insert(told.end(), keys.begin(), keys.end());
  });
  REQUIRE(w.runner->apply(w.log.batch(0, 10)).has_value());
  CHECK(labels_of(w, 1) == "+ab");
  CHECK(told == std::vector<std::string>{KeyBuilder().id(num(1)).done()});
  std::size_t entries = 0;
  w.sight().reader(LabelsView::name).scan_prefix(index_space, "by labels", false, [&](auto, auto) {
    return ++entries > 0;
  });
  CHECK(entries == 1);
}

TEST_CASE("a batch that begins past a view's position is refused, and nothing changes") {
  World w;
  w.given({imported(1, "+14155550101")});
  auto at = w.runner->position();
  w.behind({renamed(1, "a")});
  w.behind({renamed(1, "b")});
  auto later = w.log.batch(w.log.commits().back().offset, 1);
  auto applied = w.runner->apply(later);
  REQUIRE_FALSE(applied.has_value());
  CHECK(applied.error().detail.find("catch up") != std::string::npos);
  CHECK(w.runner->position() == at);
  w.catch_up();
  CHECK(w.runner->position() == w.log.end());
}

TEST_CASE("a batch refused for want of space is applied later, once") {
  MoodyStore store;
  Log log;
  auto runner = ViewRunner::open(store, with_labels(), {.epoch = "e"}).value();
  log.commit({imported(1, "+14155550101"), renamed(1, "poison"), renamed(1, "x")});
  store.full = true;
  for (int i = 0; i < 3; ++i) {
    auto refused = runner->apply(log.batch(0, 1));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::read_only);
    CHECK(runner->position() == 0);
    CHECK(runner->parked_count() == 0);
  }
  store.full = false;
  REQUIRE(runner->apply(log.batch(0, 1)).has_value());
  CHECK(runner->position() == log.end());
  CHECK(runner->parked_count() == 1);
}

TEST_CASE("a flush is forced every so many bytes of log") {
  MoodyStore store;
  Log log;
  auto runner = ViewRunner::open(store, all_views(), {.epoch = "e", .flush_every_bytes = 1000}).value();
  for (std::uint64_t i = 1; i <= 25; ++i) {
    auto from = log.end();
    log.commit({imported(i, "+1415555010" + std::to_string(i))});
    REQUIRE(runner->apply(log.batch(from, 1)).has_value());  // 100 bytes each
  }
  CHECK(store.flushes == 2);
}

TEST_CASE("an entity that cannot be folded is parked, its later facts wait, all others go on") {
  LabelsView::broken = true;
  World w(with_labels());
  w.given({imported(1, "+14155550101")}).given({imported(2, "+14155550102")});
  for (const char* label : {"a", "poison", "b"}) w.behind({renamed(1, label), renamed(2, "x")});
  w.catch_up();
  CHECK(labels_of(w, 1) == "+a");
  CHECK(labels_of(w, 2) == "+xxx");
  CHECK(w.runner->position() == w.log.end());
  auto parked = w.runner->parked(LabelsView::name).value();
  REQUIRE(parked.size() == 1);
  CHECK(parked[0].key == KeyBuilder().id(num(1)).view());
  CHECK(parked[0].reason == "poisoned");
  REQUIRE(parked[0].waiting.size() == 2);
  CHECK(parked[0].waiting[0] == std::pair<std::uint64_t, std::size_t>(w.log.commits()[3].offset, 0));

  SUBCASE("it waits on after a restart") {
    w.open();
    CHECK(w.runner->parked_count() == 1);
    w.behind({renamed(1, "c")});
    w.catch_up();
    CHECK(labels_of(w, 1) == "+a");
    CHECK(w.runner->parked(LabelsView::name).value()[0].waiting.size() == 3);
  }
  SUBCASE("trying again too early changes nothing and says where it stops") {
    auto again = w.runner->retry_parked(LabelsView::name, parked[0].key, w.log.reader());
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().detail.find("offset " + std::to_string(parked[0].waiting[0].first)) !=
          std::string::npos);
    CHECK(labels_of(w, 1) == "+a");
    CHECK(w.runner->parked_count() == 1);
  }
  SUBCASE("once the fault is gone it is folded in order, and the view is its rebuild") {
    LabelsView::broken = false;
    REQUIRE(w.runner->retry_parked(LabelsView::name, parked[0].key, w.log.reader()).has_value());
    CHECK(labels_of(w, 1) == "+apoisonb");
    CHECK(w.runner->parked_count() == 0);
    CHECK(w.runner->parked(LabelsView::name).value().empty());
    CHECK_FALSE(w.runner->retry_parked(LabelsView::name, parked[0].key, w.log.reader()).has_value());
    w.given({renamed(1, "c")});
    CHECK(labels_of(w, 1) == "+apoisonbc");
    w.check_verified();
  }
  LabelsView::broken = true;
}

TEST_CASE("a row whose bytes are damaged parks its entity instead of losing it") {
  World w(with_labels());
  w.given({imported(1, "+14155550101")});
  REQUIRE(w.store->write({{std::string(LabelsView::name), "r" + KeyBuilder().id(num(1)).done(), "\xff"}})
              .has_value());
  w.behind({renamed(1, "a")});
  w.catch_up();
  CHECK(w.runner->parked(LabelsView::name).value().size() == 1);
}

TEST_CASE("facts about what does not exist are parked by every view that needs it") {
  World w;
  w.behind({renamed(9, "ghost")});
  w.catch_up();
  auto parked = w.runner->parked("inventory.v1").value();
  REQUIRE(parked.size() == 1);
  CHECK(parked[0].reason.find("number.renamed.v1") != std::string::npos);
  CHECK(w.runner->parked("no such view").error().code == Code::not_found);
}

TEST_CASE("verify finds a changed row, a missing index entry, a wrong counter, an extra key") {
  World w(with_labels());
  w.given({imported(1, "+14155550101"), renamed(1, "a")});
  w.check_verified();
  const std::string family(LabelsView::name);
  std::vector<RowWrite> damage = {{family, "r" + KeyBuilder().id(num(1)).done(), "\1b"},
                                  {family, "iby labels +a", std::nullopt},
                                  {family, "cletters", KeyBuilder().i64(7).done()},
                                  {family, "izebra", ""}};
  for (std::size_t i = 0; i < damage.size(); ++i) {
    REQUIRE(w.store->write({damage[i]}).has_value());
    MemoryRowStore scratch;
    auto report = w.runner->verify(family, scratch, w.log.reader()).value();
    CHECK(report.differences.size() == i + 1);
    CHECK(report.keys >= 3);
    CHECK(scratch.families().empty());  // it tidies up
  }
}

TEST_CASE("a view whose entries are laid out otherwise is built anew, though its rows are as before") {
  World w(with_labels());
  w.given({imported(1, "+14155550101")}).given({renamed(1, "a")});
  w.runner.reset();
  ViewSet views;
  views.add<LabelsLaidOutAnew>();
  auto runner = ViewRunner::open(*w.store, std::move(views), {.epoch = w.epoch}).value();
  CHECK(runner->position() == 0);
  REQUIRE(runner->catch_up(w.log.reader()).has_value());
  auto seen = runner->sight().reader(LabelsView::name);
  CHECK(seen.get(index_space, "anew +a").has_value());
  CHECK_FALSE(seen.get(index_space, "by labels +a").has_value());
}

TEST_CASE("a rebuild takes over whole, repairs damage, and is told to listeners") {
  World w(with_labels());
  for (std::uint64_t i = 1; i <= 30; ++i) w.given({imported(i, "+1415555" + std::to_string(1000 + i))});
  const std::string family(LabelsView::name);
  REQUIRE(w.store->write({{family, "izebra", ""}}).has_value());
  bool any_may_have_changed = false;
  w.runner->on_rows_written([&](std::string_view view, const std::vector<std::string>& keys) {
    any_may_have_changed = any_may_have_changed || (view == LabelsView::name && keys.empty());
  });
  auto old_sight = w.sight();
  std::vector<std::uint64_t> told;
  REQUIRE(w.runner->rebuild(family, w.log.reader(4), {}, [&](auto at) { told.push_back(at); }).has_value());
  CHECK(any_may_have_changed);
  CHECK(told.size() >= 7);
  CHECK(told.back() == w.log.end());
  w.check_verified();
  CHECK(old_sight.of<LabelsView>().get(index_space, "zebra").has_value());  // who reads, reads on
  w.given({renamed(1, "a")});
  CHECK(labels_of(w, 1) == "+a");
  for (int again = 0; again < 3; ++again) REQUIRE(w.runner->rebuild(family, w.log.reader(4)).has_value());
  w.open();  // finds the family that took over
  CHECK(labels_of(w, 1) == "+a");
  w.given({renamed(1, "b")});
  CHECK(labels_of(w, 1) == "+ab");
  w.check_verified();
}

TEST_CASE("a rebuild stops where the served view stands, though the log goes on: nothing is skipped") {
  World w(with_labels());
  for (std::uint64_t i = 1; i <= 10; ++i) w.given({imported(i, "+1415555" + std::to_string(1000 + i))});
  auto stood_at = w.runner->position();
  for (std::uint64_t i = 1; i <= 5; ++i) w.behind({renamed(i, "later")});
  REQUIRE(w.runner->rebuild(LabelsView::name, w.log.reader(4)).has_value());
  CHECK(w.runner->position(LabelsView::name).value() == stood_at);
  w.catch_up();
  CHECK(labels_of(w, 5) == "+later");
  w.check_verified();
}

TEST_CASE("a crash right after a rebuild leaves one of the two families whole") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    SimRandom random(seed);
    World w;
    for (std::uint64_t i = 1; i <= 10; ++i) w.given({imported(i, "+1415555" + std::to_string(1000 + i))});
    REQUIRE(w.runner->rebuild("inventory.v1", w.log.reader(3)).has_value());
    w.given({renamed(1, "after")});
    w.runner.reset();
    w.store->crash(random);
    w.open();
    w.catch_up();
    w.check_verified();
  }
}

TEST_CASE("a build that was stopped, or that a crash ended, leaves no trace") {
  World w(with_labels());
  for (std::uint64_t i = 1; i <= 30; ++i) w.given({imported(i, "+1415555" + std::to_string(1000 + i))});
  auto families = w.store->families();
  std::stop_source stop;
  auto stopped = w.runner->rebuild(LabelsView::name, w.log.reader(4), stop.get_token(),
                                   [&](auto) { stop.request_stop(); });
  CHECK_FALSE(stopped.has_value());
  CHECK(w.store->families() == families);
  CHECK(labels_of(w, 1) == "+");
  REQUIRE(w.store->create_family("labels.v1@9").has_value());
  w.open();
  CHECK(w.store->families() == families);
}

TEST_CASE("while a view is rebuilt, batches go on and no reader sees half of it") {
  World w(with_labels());
  for (std::uint64_t i = 1; i <= 200; ++i) w.behind({imported(i, "+1415555" + std::to_string(1000 + i))});
  w.catch_up();
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0, seen = 0;
  std::thread reader([&] {
    do {
      auto sight = w.runner->sight();
      wrong += sight.of<LabelsView>().counter("letters") < 200;
      ++seen;
    } while (!done);
  });
  std::thread builder([&, log = w.log] {
    for (int i = 0; i < 3; ++i) wrong += !w.runner->rebuild(LabelsView::name, log.reader(50)).has_value();
    done = true;
  });
  builder.join();
  reader.join();
  CHECK(wrong == 0);
  CHECK(seen > 0);
}

TEST_CASE("views of another log, or of rows of another layout, are built anew") {
  World w;
  w.given({imported(1, "+14155550101")});
  REQUIRE(w.runner->flush().has_value());
  SUBCASE("another epoch") {
    w.epoch = "epoch two";
    w.open();
    CHECK(w.runner->position() == 0);
  }
  SUBCASE("another layout") {
    REQUIRE(w.store->write({{"inventory.v1", "mlayout", "of an older release"}}).has_value());
    w.open();
    CHECK(w.runner->position("inventory.v1").value() == 0);
    CHECK(w.runner->position("campaigns.v3").value() == w.log.end());
  }
  w.catch_up();
  w.check_verified();
}

TEST_CASE("a log that ends before a view's position cannot verify it") {
  World w;
  w.given({imported(1, "+14155550101")});
  Log empty;
  MemoryRowStore scratch;
  auto report = w.runner->verify("inventory.v1", scratch, empty.reader());
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().detail.find("the log ends") != std::string::npos);
}

}  // namespace
}  // namespace ringledger
