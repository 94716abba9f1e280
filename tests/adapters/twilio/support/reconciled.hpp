// A reconciler in virtual time: a small ledger whose commits fold into the real work list, a provider
// that answers from a script, and the outcomes recorded by the real decision.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../../../support/samples.hpp"
#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/simulation/sim_clock.hpp"
#include "adapters/twilio/hooks.hpp"
#include "adapters/twilio/reconciler.hpp"
#include "projections/connections.hpp"
#include "projections/runner.hpp"

namespace ringledger::testing {

inline const std::string public_url = "https://ring.example";

inline void set_to(numbers::ProviderSettings& settings, const ProviderUpdate& update) {
  settings.hooks = numbers::unmasked(settings.hooks);
  each_setting(update, settings, [](std::string_view, const auto& wanted, auto& field) {
    if (wanted) field = *wanted;
  });
  settings.hooks = numbers::masked(settings.hooks);
}

inline CarrierFailure failing(CarrierFailure::Kind kind, int code = 0, int retry_after_s = 0) {
  ProviderError error{.code = code, .message = "no", .more_info = {}};
  return {.kind = kind, .error = std::move(error), .retry_after_s = retry_after_s};
}

/// Every number the tests name exists; calls take `latency_ms` of virtual time, during which others run.
class ScriptedCarrier final : public Carrier {
 public:
  struct Call {
    std::string account, sid;
    std::optional<ProviderUpdate> update;  ///< nullopt: a release
    std::int64_t at_ms = 0;
  };
  explicit ScriptedCarrier(SimScheduler& scheduler) : x_scheduler(scheduler) {}

  std::map<std::string, numbers::ProviderSettings> numbers;  ///< by sid, as the provider has them
  std::vector<Call> calls;
  std::function<std::optional<CarrierFailure>(const Call&)> refuse;  ///< before the work is done
  std::function<std::optional<CarrierFailure>(const Call&)> lose;    ///< after it
  std::function<void(numbers::ProviderSettings&)> meddle;            ///< after an update, before its answer
  std::int64_t latency_ms = 0;
  std::size_t most_at_once = 0;
  bool twice_at_once = false;  ///< two calls for one number

  CarrierResult<Written> update_number(const CarrierCredentials& who, const std::string& sid,
                                       const ProviderUpdate& update) override {
    Call call{who.account_sid, sid, update, x_scheduler.now_ms()};
    if (auto failure = begin(call)) return std::unexpected(*failure);
    set_to(numbers[sid], update);
    if (meddle) meddle(numbers[sid]);
    if (auto failure = lose ? lose(call) : std::nullopt) return std::unexpected(*failure);
    return Written{numbers[sid], request_id()};
  }
  CarrierResult<Receipt> release_number(const CarrierCredentials& who, const std::string& sid) override {
    Call call{who.account_sid, sid, std::nullopt, x_scheduler.now_ms()};
    if (auto failure = begin(call)) return std::unexpected(*failure);
    numbers.erase(sid);
    if (auto failure = lose ? lose(call) : std::nullopt) return std::unexpected(*failure);
    return Receipt{request_id()};
  }
  CarrierResult<Account> verify(const CarrierCredentials&) override { return Account{}; }
  CarrierResult<std::vector<numbers::ProviderNumber>> list_numbers(const CarrierCredentials&) override {
    return std::vector<numbers::ProviderNumber>();
  }
  CarrierResult<std::optional<numbers::ProviderNumber>> find_number(const CarrierCredentials&,
                                                                    const E164&) override {
    return std::optional<numbers::ProviderNumber>();
  }
  CarrierResult<numbers::ProviderNumber> fetch_number(const CarrierCredentials&,
                                                      const std::string&) override {
    return std::unexpected(failing(CarrierFailure::Kind::gone));
  }
  CarrierResult<CallReport> fetch_call(const CarrierCredentials&, const std::string&) override {
    return std::unexpected(failing(CarrierFailure::Kind::gone));
  }
  CarrierResult<ReportPage<CallReport>> list_calls(const CarrierCredentials&, Timestamp,
                                                   const std::string&) override {
    return ReportPage<CallReport>{};
  }
  CarrierResult<ReportPage<MessageReport>> list_messages(const CarrierCredentials&, Timestamp,
                                                         const std::string&) override {
    return ReportPage<MessageReport>{};
  }

 private:
  std::string request_id() const { return "RQ" + std::to_string(calls.size()); }
  std::optional<CarrierFailure> begin(const Call& call) {
    calls.push_back(call);
    twice_at_once = twice_at_once || !x_open.insert(call.sid).second;
    most_at_once = std::max(most_at_once, x_open.size());
    if (latency_ms > 0) {
      auto until = x_scheduler.now_ms() + latency_ms;
      x_scheduler.executor("network").post_after(latency_ms, [] {});
      x_scheduler.run_until([&] { return x_scheduler.now_ms() >= until; }, 100'000);
    }
    x_open.erase(call.sid);
    return refuse ? refuse(call) : std::nullopt;
  }
  SimScheduler& x_scheduler;
  std::set<std::string> x_open;
};

/// Commits events; records outcomes as the shard would: a natural key counts once.
class Ledger {
 public:
  explicit Ledger(SimScheduler& scheduler) : x_scheduler(scheduler) {
    ViewSet views;
    views.add<ProviderSyncView>();
    views.add<ConnectionsView>();
    auto opened = ViewRunner::open(x_store, std::move(views), {.epoch = "test"});
    REQUIRE(opened);
    x_runner = std::move(*opened);
    commit(acme());
  }
  /// The wish that this commit is, should it be one.
  Wish commit(std::vector<Event> events) {
    Commit c;
    c.account = account;
    c.id = id<CommitId>(1'000 + x_offset);
    c.trace = "trace " + std::to_string(x_offset);
    c.log_time = Timestamp{1'000 + x_scheduler.now_ms()};
    c.key_hash = std::to_string(x_offset);
    c.events = std::move(events);
    auto b = book();
    auto changes = fold_into_book(c, x_offset, b);
    REQUIRE(changes);
    for (auto& change : *changes) x_rows[change.key] = change.row;
    Wish wish{c.id, c.trace};
    auto from = x_offset++;
    REQUIRE(x_runner->apply({from, x_offset, 0, {{from, std::make_shared<Commit>(std::move(c))}}}));
    if (on_commit) on_commit();
    return wish;
  }
  void record(AccountId of, RecordProviderOutcome outcome, const std::string& key, Wish wish,
              std::move_only_function<void(bool)> done) {
    auto& shard = x_scheduler.executor("shard");
    wishes.push_back(std::move(wish));
    shard.post([this, of, o = std::move(outcome), key, d = std::move(done)]() mutable {
      bool outcome = !o.health && !o.delayed;
      (outcome ? recorded : told).push_back(key);
      if (outcome) replaced.push_back(o.replaced);
      if (outcome && lost_records > 0) {
        --lost_records;
        return d(false);
      }
      if (keys.insert(key).second) {
        REQUIRE(of == account);
        auto b = book();
        Context context;
        context.principal = {"system"};
        context.account = of;
        auto decided = decide(o, b, context);
        REQUIRE(decided);
        outcomes.insert(outcomes.end(), decided->events.begin(), decided->events.end());
        if (!decided->events.empty()) commit(decided->events);
      }
      d(true);
    });
  }
  /// Decides a reactor's command and commits what comes of it.
  void decided(const auto& command) {
    auto b = book();
    Context context;
    context.principal = {"system"};
    context.account = account;
    auto accepted = decide(command, b, context);
    REQUIRE(accepted);
    if (!accepted->events.empty()) commit(accepted->events);
  }
  [[nodiscard]] Sight sight() const { return x_runner->sight(); }
  [[nodiscard]] numbers::Number number(NumberId id) {
    auto b = book();
    const auto* found = b.find<numbers::Number>(id);
    REQUIRE(found);
    return *found;
  }
  [[nodiscard]] std::uint64_t work() const { return work_count(sight().of<ProviderSyncView>(), account); }

  [[nodiscard]] ConnectionRow connection(ConnectionId id = dental_twilio) const {
    auto row = find_connection(sight().of<ConnectionsView>(), dental, id);
    REQUIRE(row);
    REQUIRE(*row);
    return **row;
  }

  std::function<void()> on_commit;
  std::vector<Event> outcomes;                      ///< what recording came to
  int lost_records = 0;                             ///< so many commits fail from now on
  std::set<std::string> keys;                       ///< that count
  std::vector<std::string> recorded;                ///< every time an outcome was to be recorded
  std::vector<Wish> wishes;                         ///< that outcomes, health and delays came of
  std::vector<std::string> told;                    ///< the same for health and delays
  std::vector<numbers::ProviderSettings> replaced;  ///< by it

 private:
  Book book() {
    return {account, [this](const std::string& key) -> std::optional<BookRowPtr> { return x_rows[key]; }};
  }
  SimScheduler& x_scheduler;
  MemoryRowStore x_store;
  std::unique_ptr<ViewRunner> x_runner;
  std::map<std::string, BookRowPtr> x_rows;
  std::uint64_t x_offset = 0;
};

/// All of it joined; `numbers` imported with `keep`.
struct Reconciled {
  explicit Reconciled(std::uint64_t seed = 1, unsigned count = 1) : scheduler(seed) {
    ledger.on_commit = [this] {
      if (reconciler) reconciler->wake();
    };
    for (unsigned i = 0; i < count; ++i) add(i);
  }
  ~Reconciled() { restart_without(); }
  Reconciled(const Reconciled&) = delete;
  Reconciled& operator=(const Reconciled&) = delete;

  static NumberId nth(unsigned i) { return id<NumberId>(31 + i); }
  void add(unsigned i) {
    auto e = imported(nth(i), i);
    carrier.numbers[e.sid] = e.actual;
    ledger.commit({e});
  }
  void assign(unsigned i, CampaignId to = spring) { ledger.commit({assigned(nth(i), to)}); }
  Wish rename(unsigned i, std::optional<std::string> label) {
    return ledger.commit({numbers::Renamed{nth(i), dental, std::move(label)}});
  }
  void toggle_cnam(unsigned i, bool on) { ledger.commit({numbers::CnamToggled{nth(i), dental, on}}); }

  template <class E>
  [[nodiscard]] std::vector<E> told() const {
    std::vector<E> out;
    for (const auto& event : ledger.outcomes)
      if (const auto* e = std::get_if<E>(&event)) out.push_back(*e);
    return out;
  }

  /// To the other workspace, whose connection has other hooks.
  void transfer(unsigned i) {
    auto n = number(i);
    numbers::TransferredIn in;
    in.number = n.id;
    in.workspace = vision;
    in.connection = vision_twilio;
    in.e164 = n.e164;
    in.sid = n.sid;
    in.capabilities = n.capabilities;
    in.origin = n.origin;
    in.wanted.hooks = true;
    in.actual = carrier.numbers.at(n.sid);
    ledger.commit({numbers::TransferredOut{n.id, dental, n.campaign, {}}, in});
  }

  void start() {
    reconciler = std::make_unique<Reconciler>(
        ReconcilerPorts{.sight = [this] { return ledger.sight(); },
                        .carrier = wrapped ? *wrapped : carrier,
                        .credentials = [this](AccountId, ConnectionId c) { return credentials(c); },
                        .with_secrets = [this](AccountId, const numbers::Number& n) { return secrets(n); },
                        .record =
                            [this](AccountId a, RecordProviderOutcome o, const std::string& key, Wish wish,
                                   std::move_only_function<void(bool)> done) {
                              ledger.record(a, std::move(o), key, std::move(wish), std::move(done));
                            },
                        .pool = scheduler.executor("pool", false),
                        .clock = clock,
                        .random = random,
                        .metric = [this](std::string_view what) { ++counted[std::string(what)]; },
                        .seated = [this] { return seated; }},
        options);
    reconciler->start();
  }
  /// The process dies: nothing of the reconciler's memory is left.
  void restart_without() {
    scheduler.drop_all("pool");
    reconciler.reset();
  }
  /// In `ms` of virtual time, also while calls are out (a call runs the others until it has its answer).
  void later(std::int64_t ms, std::function<void()> what) {
    scheduler.executor("test").post_after(ms, [task = std::move(what)] { task(); });
  }
  void run_for(std::int64_t ms) { REQUIRE(scheduler.run_for(ms, 1'000'000)); }
  /// And a millisecond more, in which the reconciler hears that its records are visible.
  bool run_until_idle(std::uint64_t steps = 200'000) {
    return scheduler.run_until([this] { return ledger.work() == 0; }, steps) && scheduler.run_for(1, steps);
  }
  [[nodiscard]] numbers::Number number(unsigned i = 0) { return ledger.number(nth(i)); }
  [[nodiscard]] const numbers::ProviderSettings& at_provider(unsigned i = 0) const {
    return carrier.numbers.at(pn(i));
  }

  SimScheduler scheduler;
  SimClock clock{scheduler};
  SimRandom random{1};
  ScriptedCarrier carrier{scheduler};
  Carrier* wrapped = nullptr;  ///< asked instead of `carrier`
  Ledger ledger{scheduler};
  ReconcilerOptions options{.public_base_url = public_url};
  std::map<std::string, int> counted;
  bool seated = true;
  std::function<std::optional<CarrierCredentials>(ConnectionId)> credentials = [](ConnectionId) {
    return CarrierCredentials{ac_sid, "token"};
  };
  std::function<std::optional<numbers::Number>(const numbers::Number&)> secrets =
      [this](const numbers::Number& n) { return std::optional(ledger.number(n.id)); };
  std::unique_ptr<Reconciler> reconciler;
};

}  // namespace ringledger::testing
