#include "api/partition.hpp"

#include <boost/describe/enum_to_string.hpp>

#include "adapters/twilio/hook_renewal.hpp"
#include "adapters/twilio/missed_webhooks.hpp"
#include "adapters/twilio/reconciler.hpp"
#include "api/all_operations.hpp"
#include "api/internal_ticket.hpp"
#include "api/logging.hpp"
#include "api/peers.hpp"
#include "api/public_url_mark.hpp"
#include "api/random_name.hpp"
#include "api/trace.hpp"
#include "projections/all_views.hpp"
#include "projections/erasures.hpp"
#include "projections/inventory.hpp"

namespace ringledger {
namespace {

/// Asks who says to write at the owner's URL: whoever answers there may be another process by now. A writer
/// that is not open yet, or whose log does not take what it sends, is given the time of a silent one.
WriterWatch::Reach reach(HttpClient& http, std::uint32_t partition, const Shard::Seat& seat) {
  using Reach = WriterWatch::Reach;
  auto told = ask_node(http, seat.owner_url);
  if (!told) return Reach::silent;
  if (told->stopping.value_or(false)) return Reach::leaves;
  const auto* there = state_of(told->partitions, partition);
  if (!there || there->role != "writer" || there->term != seat.term) return Reach::denies;
  return there->writes ? Reach::writes : Reach::silent;
}

}  // namespace

Partition::Partition(NodeParts& parts, PartitionPorts ports, std::uint32_t index)
    : x_parts(parts),
      x_ports(ports),
      x_machine(parts.ports),
      x_index(index),
      x_figures(parts.metrics.partition(index)),
      x_gate(std::make_unique<VisibleGate>(*parts.ports.readers)) {}

/// The log goes before the shard: to whom it still owes an answer it tells that there will be none.
Partition::~Partition() { x_opened_log = {}; }

Result<std::unique_ptr<Partition>> Partition::open(NodeParts& parts, PartitionPorts ports,
                                                   std::uint32_t index) {
  std::unique_ptr<Partition> partition(new Partition(parts, ports, index));
  if (auto ok = partition->open_log(); !ok) return std::unexpected(ok.error());
  if (auto ok = partition->open_rows(); !ok) return std::unexpected(ok.error());
  partition->assemble();
  return partition;
}

Result<void> Partition::open_log() {
  auto log = open_log_engine(
      {x_machine.disk, x_machine.random, x_parts.vault, x_parts.codec.get(), x_ports.log_executor,
       x_ports.shard_executor, x_machine.probes, [this](Error error) { fatal(error); }},
      x_parts.config, x_index, x_parts.partitions);
  if (!log) return std::unexpected(log.error());
  x_opened_log = std::move(*log);
  x_log = x_opened_log.log.get();
  x_log_name = x_log->epoch() + "." + std::to_string(x_index);
  return {};
}

Result<void> Partition::open_rows() {
  auto book = json::BookRowStore::open(*x_ports.rows, *x_parts.vault, x_log->epoch(), x_log->kept());
  if (!book) return std::unexpected(book.error());
  x_book = std::move(*book);
  ViewRunnerOptions options;
  options.epoch = x_log->epoch();
  auto views = ViewRunner::open(*x_ports.rows, all_views(), std::move(options));
  if (!views) return std::unexpected(views.error());
  x_views = std::move(*views);
  auto current = PublicUrlMark(*x_ports.rows).holds(x_parts.urls.from_outside);
  if (!current) return std::unexpected(current.error());
  x_hooks_current = *current;
  x_access = std::make_unique<AccessDirectory>(*x_views);
  x_connections = std::make_unique<ConnectionDirectory>(*x_views, connection_source(*x_views, *x_book));
  x_trackers = std::make_unique<TrackerDirectory>(*x_views, tracker_source(*x_views));
  x_views->on_rows_written([this](std::string_view view, const std::vector<std::string>& keys) {
    if (view != InventoryView::name) return;
    for (const auto& key : keys) x_gate->written(key);
  });
  return {};
}

CommitReader Partition::reader() { return commit_reader(*x_log, *x_parts.codec, *x_book); }

void Partition::assemble() {
  x_scrub = std::make_shared<RowScrub>(*x_ports.rows, *x_machine.providers, *x_machine.clock, [this] {
    std::size_t count = 0;
    each_erased(x_views->sight().of<ErasuresView>(), [&](const std::string&) { return ++count > 0; });
    return count;
  });
  x_sink = std::make_unique<FoldSink>(
      FoldSink::Ports{x_log, x_book.get(), x_views.get(), x_parts.vault, x_gate.get(), &x_parts.metrics,
                      &x_figures, x_machine.clock, x_ports.fold_executor, [this] { observe(); },
                      [this] { x_scrub->wake(); }, [this](Error error) { fatal(error); }});
  assemble_shard();
  assemble_reconciler();
  assemble_missed_webhooks();
  assemble_edge();
}

void Partition::assemble_shard() {
  ShardLimits limits;
  limits.in_flight = static_cast<std::size_t>(x_parts.config.limits.commands_in_flight);
  limits.in_flight_account = static_cast<std::size_t>(x_parts.config.limits.per_account_in_flight);
  constexpr std::size_t least_rows = 20'000;  // several partitions share the memory of one
  limits.cached_rows =
      std::max(limits.cached_rows / x_parts.config.cluster.hosted(x_parts.partitions), least_rows);
  Shard::Ports ports;
  ports.log = x_log;
  ports.book = x_book.get();
  ports.sink = x_sink.get();
  ports.codec = x_parts.prompt_codec.get();
  ports.clock = x_machine.clock;
  ports.random = x_machine.random;
  ports.phones = &x_parts.phones;
  ports.mint = x_parts.mint.get();
  ports.gatherer = x_parts.gatherer.get();
  ports.executor = x_ports.shard_executor;
  ports.pool = x_machine.pool;
  ports.providers = x_machine.providers;
  ports.on_fatal = [this](Error error) { fatal(error); };
  ports.staged = [this](const StageTimes& times) { observe(times); };
  ports.void_record = [this](Offset offset, std::string_view why) {
    x_parts.metrics.void_commit(why);
    log_warn("a record of the log does not count",
             {{"partition", x_index}, {"offset", offset}, {"reason", why}});
  };
  ports.resigned = [this](std::uint64_t term, ResignCause cause, const std::string& why) {
    x_figures.resigned(boost::describe::enum_to_string(cause, ""));
    log_warn("resigned as the writer", {{"partition", x_index}, {"term", term}, {"reason", why}});
  };
  // Behind the folds that are queued: perhaps no commit follows that would wake them.
  ports.opened = [this] { x_ports.fold_executor->post([this] { wake_reactors(); }); };
  x_shard = std::make_unique<Shard>(std::move(ports), limits, "node", x_parts.urls.from_nodes);
}

void Partition::assemble_reconciler() {
  ReconcilerOptions options;
  options.public_base_url = x_parts.urls.from_outside;
  x_reconciler = std::make_unique<Reconciler>(
      ReconcilerPorts{[this] { return x_views->sight(); }, *x_parts.carrier,
                      [this](AccountId a, ConnectionId c) { return credentials(a, c); },
                      [this](AccountId a, const numbers::Number& shown) { return with_secrets(a, shown); },
                      [this](AccountId a, RecordProviderOutcome o, const std::string& key, const Wish& wish,
                             std::move_only_function<void(bool)> done) {
                        issue(a, std::move(o), key, wish, std::move(done));
                      },
                      *x_machine.providers, *x_machine.clock, *x_machine.random,
                      [this](std::string_view outcome) { x_parts.metrics.reconciler_call(outcome); },
                      [this] { return x_shard->open(); }},
      std::move(options));
}

void Partition::assemble_edge() {
  if (x_log->shared() && x_machine.peers) {
    x_forwarding = std::make_unique<Forwarding>(Forwarding::Ports{
        x_machine.peers, [this] { return x_shard->seat(); }, x_machine.clock, x_machine.readers,
        x_parts.urls.from_nodes, x_parts.config.cluster.keep_seconds * 1000});
  }
  x_authenticator =
      std::make_unique<Authenticator>(*x_access, *x_machine.clock, x_parts.config.auth.operator_key_sha256);
  x_webhooks = std::make_unique<Webhooks>(
      Webhooks::Ports{x_shard.get(), x_connections.get(), x_views.get(), x_parts.vault, x_parts.limits.get(),
                      x_gate.get(), &x_parts.metrics, x_machine.clock, x_machine.random, x_machine.webhooks,
                      &x_parts.phones, x_parts.urls.from_outside, x_forwarding.get()});
  assemble_visitors();
  Edge::Ports edge{x_shard.get(),
                   x_book.get(),
                   x_views.get(),
                   x_parts.vault,
                   x_authenticator.get(),
                   x_parts.limits.get(),
                   x_gate.get(),
                   &x_parts.metrics,
                   x_machine.clock,
                   x_machine.random,
                   &x_parts.phones,
                   x_machine.readers,
                   x_machine.providers,
                   [this](std::uint64_t offset) { return commit_at(offset); },
                   x_log_name,
                   [this] { return x_gate->next() >= x_shard->end_at_start(); },
                   x_forwarding.get(),
                   x_parts.partitions,
                   x_parts.gate_of};
  x_edge = std::make_unique<Edge>(std::move(edge), operations());
}

void Partition::observe(const StageTimes& times) {
  auto tell = [this](Metrics::Stage stage, std::int64_t us) {
    x_parts.metrics.stage(stage, static_cast<double>(us) / 1e6);
  };
  tell(Metrics::Stage::queue, times.queue);
  tell(Metrics::Stage::decide, times.decide);
  tell(Metrics::Stage::sync, times.sync);
  tell(Metrics::Stage::answer, times.answer);
}

/// After each fold.
void Partition::observe() {
  for (const auto& view : x_views->views()) {
    if (auto at = x_views->position(view)) x_figures.view_position(view, *at);
  }
  x_figures.parked(static_cast<std::int64_t>(x_views->parked_count()));
  wake_reactors();
}

/// What this node does on its own, as long as it writes.
void Partition::wake_reactors() {
  if (!x_ready) return;
  x_reconciler->wake();
  x_sessions->wake();
  x_cleanup->wake();
  renew_hooks();
}

void Partition::start(std::move_only_function<void()> ready) {
  x_ports.fold_executor->post([this, ready = std::move(ready)]() mutable {
    if (auto ok = x_views->catch_up(reader()); !ok) return fatal(ok.error());
    if (auto ok = destroy_erased(); !ok) return fatal(ok.error());
    x_gate->shown(x_book->folded());
    auto how = x_log->shared() ? Shard::Start::follow : Shard::Start::claim;
    x_shard->start(how, [this, r = std::move(ready)]() mutable {
      // The last records are on their way to the read models; ready means that they show everything.
      when_shown(x_log->end() - 1, [this, r = std::move(r)]() mutable {
        x_ready = true;
        watch_the_writer();
        x_reconciler->start();
        x_missed->start();
        // The last fold may have been before: nothing else wakes them until the next commit.
        x_ports.fold_executor->post([this] { wake_reactors(); });
        r();
      });
    });
  });
}

/// Again: an older copy of the key store has keys that the log says are gone.
Result<void> Partition::destroy_erased() {
  constexpr std::size_t at_once = 10'000;
  auto sight = x_views->sight();
  Result<void> ok;
  bool any = false;
  std::vector<std::string> some;
  auto destroy = [&] {
    ok = x_parts.vault->destroy_all(std::exchange(some, {}));
    return ok.has_value();
  };
  each_erased(sight.of<ErasuresView>(), [&](std::string subject) {
    any = true;
    some.push_back(std::move(subject));
    return some.size() < at_once || destroy();
  });
  if (auto healthy = sight.health(); !healthy) return healthy;
  if (any) x_scrub->wake();  // what a stop or a crash left on the disk
  if (ok && !some.empty()) destroy();
  return ok;
}

/// However long it takes: reactors must not act on read models that are behind.
void Partition::when_shown(std::uint64_t offset, std::move_only_function<void()> then) {
  constexpr std::int64_t look_again_ms = 10'000;
  x_gate->when_shown(offset, look_again_ms, [this, offset, t = std::move(then)](bool shown) mutable {
    if (shown) return t();
    when_shown(offset, std::move(t));
  });
}

void Partition::watch_the_writer() {
  if (!x_log->shared()) return;
  x_watch = std::make_unique<WriterWatch>(WriterWatch::Ports{
      x_ports.shard_executor, x_machine.probes, x_machine.clock, x_machine.random, x_parts.urls.from_nodes,
      [this] { return x_shard->seat(); },
      [this](const Shard::Seat& seat) { return reach(*x_machine.http, x_index, seat); },
      [this] { return x_parts.hint(x_index); },
      [this] { return !x_parts.stepping_down && x_parts.may_claim(); }, [this] { x_shard->contend(); },
      [this] { x_shard->hand_over(); }, [](const std::string& what) { log_error(what); }});
  x_watch->start();
}

void Partition::stop(std::move_only_function<void()> stopped) {
  x_ready = false;
  if (x_renewal) x_renewal->stop();
  x_scrub->stop();
  x_missed->stop();
  x_sessions->stop();
  x_cleanup->stop();
  auto flush = [this, s = std::move(stopped)]() mutable {
    x_ports.fold_executor->post([this, s = std::move(s)]() mutable {
      if (auto ok = x_views->flush(); !ok) log_warn("flush", {{"reason", ok.error().detail}});
      s();
    });
  };
  x_reconciler->stop([this, f = std::move(flush)]() mutable { x_shard->stop(std::move(f)); });
}

Result<void> Partition::close() { return x_log ? x_opened_log.close() : Result<void>{}; }

void Partition::tell_figures() const {
  auto state = readiness();
  x_figures.log_end_offset(state.end);
  x_figures.lag(state.end - std::min(state.end, state.shown));
  x_figures.seat(state.seat.term, state.seat.mine);
  x_figures.claims(x_shard->stats().claims);
}

Partition::Readiness Partition::readiness() const {
  Readiness r;
  r.seat = x_shard->seat();
  r.writes = r.seat.mine && x_shard->open() && !x_shard->stalled();
  r.end = x_log->end();
  r.shown = x_gate->next();
  bool follows = x_log->shared() && !r.seat.mine && !r.seat.owner_url.empty();
  r.ready = x_ready && !x_parts.failed && (x_shard->open() || follows);
  if (!r.ready)
    r.reason = x_parts.failed ? "the log failed"
               : x_ready      ? "not open for writing"
                              : "read models are catching up";
  return r;
}

std::optional<CarrierCredentials> Partition::credentials(AccountId account, ConnectionId connection) {
  auto row = x_book->get(book_key(account, row_kind<connections::Connection>, raw_name(connection.raw)));
  if (!row) log_error("credentials cannot be read", {{"reason", row.error().detail}});
  if (!row || !*row) return std::nullopt;
  const auto& c = std::get<connections::Connection>(**row);
  if (!c.auth_token.reveal()) return std::nullopt;
  return CarrierCredentials{c.account_sid, *c.auth_token.reveal()};
}

/// The book's number, which holds the secrets; the read models may be a commit behind it.
std::optional<numbers::Number> Partition::with_secrets(AccountId account, const numbers::Number& shown) {
  auto row = x_book->get(book_key(account, row_kind<numbers::Number>, raw_name(shown.id.raw)));
  if (!row) log_error("a number's hooks cannot be read", {{"reason", row.error().detail}});
  if (!row || !*row) return std::nullopt;
  const auto& n = std::get<numbers::Number>(**row);
  bool same = n.wanted_revision == shown.wanted_revision && n.synced_revision == shown.synced_revision &&
              n.version == shown.version;
  bool erased = is_withheld(n.actual.hooks) || (n.wanted.restore && is_withheld(*n.wanted.restore));
  return same && !erased ? std::optional(n) : std::nullopt;
}

/// An internal command: no key of a client, but a natural one, so that a repeat is single too. `cause`: the
/// wish it came of, if any.
template <class C>
void Partition::issue(AccountId account, C command, const std::string& natural_key, const Wish& cause,
                      std::move_only_function<void(bool)> done) {
  auto ticket =
      natural_ticket(*x_parts.vault, *x_machine.random, account, {"system"}, std::move(command), natural_key);
  if (cause != Wish{}) ticket->cause = cause.commit.to_string();
  ticket->trace = continued(cause.trace, *x_machine.random);
  ticket->answer = [this, d = std::move(done)](CommandAnswer a) mutable {
    constexpr std::int64_t shown_within_ms = 5'000;
    if (a.refused) return d(false);
    x_gate->when_shown(a.offset, shown_within_ms, std::move(d));
  };
  x_shard->submit(std::move(ticket));
}

/// What of a walk that a crash or a stop ended is left, the next start's finds.
void Partition::renew_hooks() {
  if (x_hooks_current || x_renewal || !x_shard->open()) return;
  HookRenewalPorts ports{
      [this] { return x_views->sight(); },
      [this](AccountId a, RenewOutdatedHooks c, const std::string& key,
             std::move_only_function<void(bool)> done) { issue(a, std::move(c), key, {}, std::move(done)); },
      *x_machine.providers};
  x_renewal = std::make_shared<HookRenewal>(std::move(ports), x_parts.urls.from_outside,
                                            random_name(*x_machine.random));
  x_renewal->start([this](std::uint64_t renewed) {
    log_info("hooks name the public URL", {{"url", x_parts.urls.from_outside}, {"renewed", renewed}});
    if (auto ok = PublicUrlMark(*x_ports.rows).set(x_parts.urls.from_outside); !ok)
      log_warn("the public URL's mark", {{"reason", ok.error().detail}});
  });
}

}  // namespace ringledger
