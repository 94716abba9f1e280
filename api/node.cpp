#include "api/node.hpp"

#include <boost/describe/enum_to_string.hpp>

#include "adapters/crypto/hash.hpp"
#include "api/internal_ticket.hpp"
#include "api/logging.hpp"
#include "api/public_url_mark.hpp"
#include "api/query_operation.hpp"
#include "api/random_name.hpp"
#include "api/trace.hpp"
#include "projections/all_views.hpp"
#include "projections/inventory.hpp"

namespace ringledger {
namespace {

/// Asks who says to write at the owner's URL: whoever answers there may be another process by now.
bool is_writer_there(HttpClient& http, const Shard::Seat& seat) {
  constexpr int probe_ms = 1000;
  auto answer = http.call({"GET", seat.owner_url + "/readyz", {}, {}, probe_ms});
  return answer && answer->body.contains("\"role\":\"writer\",\"term\":" + std::to_string(seat.term) + ",");
}

}  // namespace

Node::Node(NodePorts ports, Config config, Urls urls, std::function<void(Error)> on_fatal)
    : x_ports(ports),
      x_config(std::move(config)),
      x_public_url(std::move(urls.from_outside)),
      x_node_url(std::move(urls.from_nodes)),
      x_on_fatal(std::move(on_fatal)),
      x_metrics(std::make_unique<Metrics>()),
      x_gate(std::make_unique<VisibleGate>(*ports.readers)) {}

/// The log goes before the shard: to whom it still owes an answer it tells that there will be none.
Node::~Node() { x_opened_log = {}; }

void Node::fatal(const Error& error) {
  if (x_failed.exchange(true)) return;
  x_ready = false;
  log_error("the node must stop", {{"reason", error.detail}});
  x_on_fatal(error);
}

Result<std::unique_ptr<Node>> Node::open(NodePorts ports, Config config, Urls urls,
                                         std::function<void(Error)> on_fatal) {
  std::unique_ptr<Node> node(new Node(ports, std::move(config), std::move(urls), std::move(on_fatal)));
  for (auto step : {&Node::open_keys, &Node::open_log, &Node::open_rows}) {
    if (auto ok = (node.get()->*step)(); !ok) return std::unexpected(ok.error());
  }
  node->assemble();
  return node;
}

Result<void> Node::open_keys() {
  const auto& folder = x_config.data.dir;
  if (auto ok = x_ports.disk->make_folders(folder + "/keys"); !ok) return ok;
  auto given = x_config.crypto.master_key.reveal();
  if (given && given->empty()) given.reset();
  auto path =
      x_config.crypto.master_key_file.empty() ? folder + "/keys/master.key" : x_config.crypto.master_key_file;
  auto master = load_or_create_master_key(*x_ports.disk, *x_ports.random, path, given);
  if (!master) return std::unexpected(master.error());
  if (!master->note.empty()) log_warn(master->note);
  auto vault = FileKeyVault::open(*x_ports.disk, *x_ports.random, *master, folder + "/keys");
  if (!vault) return std::unexpected(vault.error());
  x_vault = std::move(*vault);
  if (const auto& found = x_vault->opened(); found.cut_bytes > 0) {
    log_warn("a torn end, never used, was cut off the subject keys",
             {{"bytes", found.cut_bytes}, {"kept_in", found.cut_to}});
  }
  x_codec = std::make_unique<json::JsonCommitCodec>(*x_vault);
  return {};
}

Result<void> Node::open_log() {
  auto log =
      open_log_engine({x_ports.disk, x_ports.random, x_vault.get(), x_codec.get(), x_ports.log_executor,
                       x_ports.shard_executor, x_ports.pool, [this](Error error) { fatal(error); }},
                      x_config);
  if (!log) return std::unexpected(log.error());
  x_opened_log = std::move(*log);
  x_log = x_opened_log.log.get();
  return {};
}

Result<void> Node::open_rows() {
  auto book = json::BookRowStore::open(*x_ports.rows, *x_vault, x_log->epoch(), x_log->kept());
  if (!book) return std::unexpected(book.error());
  x_book = std::move(*book);
  ViewRunnerOptions options;
  options.epoch = x_log->epoch();
  auto views = ViewRunner::open(*x_ports.rows, all_views(), std::move(options));
  if (!views) return std::unexpected(views.error());
  x_views = std::move(*views);
  auto current = PublicUrlMark(*x_ports.rows).holds(x_public_url);
  if (!current) return std::unexpected(current.error());
  x_hooks_current = *current;
  x_access = std::make_unique<AccessDirectory>(*x_views);
  x_connections = std::make_unique<ConnectionDirectory>(*x_views, *x_book);
  x_views->on_rows_written([this](std::string_view view, const std::vector<std::string>& keys) {
    if (view != InventoryView::name) return;
    for (const auto& key : keys) x_gate->written(key);
  });
  return {};
}

CommitReader Node::reader() { return commit_reader(*x_log, *x_codec, *x_book); }

void Node::assemble() {
  bool simulated = !x_config.twilio.simulator_url.empty();
  x_carrier = std::make_unique<TwilioCarrier>(
      *x_ports.http, simulated ? x_config.twilio.simulator_url : x_config.twilio.api_url);
  x_gatherer = std::make_unique<CarrierGatherer>(*x_carrier, *x_ports.clock);
  x_sink = std::make_unique<FoldSink>(
      FoldSink::Ports{x_log, x_book.get(), x_views.get(), x_gate.get(), x_metrics.get(), x_ports.clock,
                      x_ports.fold_executor, [this] { observe(); }, [this](Error error) { fatal(error); }});
  ShardLimits limits;
  limits.in_flight = static_cast<std::size_t>(x_config.limits.commands_in_flight);
  limits.in_flight_account = static_cast<std::size_t>(x_config.limits.per_account_in_flight);
  x_shard = std::make_unique<Shard>(
      Shard::Ports{x_log, x_book.get(), x_sink.get(), x_codec.get(), x_ports.clock, x_ports.random, &x_phones,
                   &x_mint, x_gatherer.get(), x_ports.shard_executor, x_ports.pool, x_ports.providers,
                   [this](Error error) { fatal(error); }, [this](const StageTimes& times) { observe(times); },
                   [this](Offset offset, std::string_view why) {
                     x_metrics->void_commit(why);
                     log_warn("a record of the log does not count", {{"offset", offset}, {"reason", why}});
                   },
                   [](std::uint64_t term, const std::string& why) {
                     log_warn("resigned as the writer", {{"term", term}, {"reason", why}});
                   }},
      limits, "node", x_node_url);
  ReconcilerOptions reconciler;
  reconciler.public_base_url = x_public_url;
  x_reconciler = std::make_unique<Reconciler>(
      ReconcilerPorts{[this] { return x_views->sight(); }, *x_carrier,
                      [this](AccountId a, ConnectionId c) { return credentials(a, c); },
                      [this](AccountId a, const numbers::Number& shown) { return with_secrets(a, shown); },
                      [this](AccountId a, RecordProviderOutcome o, const std::string& key, const Wish& wish,
                             std::move_only_function<void(bool)> done) {
                        issue(a, std::move(o), key, wish, std::move(done));
                      },
                      *x_ports.providers, *x_ports.clock, *x_ports.random,
                      [this](std::string_view outcome) { x_metrics->reconciler_call(outcome); },
                      [this] { return x_shard->open(); }},
      std::move(reconciler));
  x_authenticator =
      std::make_unique<Authenticator>(*x_access, *x_ports.clock, x_config.auth.operator_key_sha256);
  const auto& l = x_config.limits;
  RateLimits::Options rates;
  rates.key = {.units_per_second = l.requests_per_second, .burst = l.request_burst};
  rates.account = {.units_per_second = l.account_requests_per_second, .burst = l.account_request_burst};
  rates.address = {.units_per_second = l.address_requests_per_second, .burst = l.address_request_burst};
  x_limits = std::make_unique<RateLimits>(*x_ports.clock, rates);
  x_webhooks = std::make_unique<Webhooks>(Webhooks::Ports{
      x_shard.get(), x_connections.get(), x_views.get(), x_vault.get(), x_limits.get(), x_gate.get(),
      x_metrics.get(), x_ports.clock, x_ports.random, x_ports.readers, x_public_url});
  Edge::Ports edge{x_shard.get(),
                   x_book.get(),
                   x_views.get(),
                   x_vault.get(),
                   x_authenticator.get(),
                   x_limits.get(),
                   x_gate.get(),
                   x_metrics.get(),
                   x_ports.clock,
                   x_ports.random,
                   &x_phones,
                   x_ports.readers,
                   x_ports.providers,
                   [this](std::uint64_t offset) { return commit_at(offset); },
                   x_log->epoch()};
  x_edge = std::make_unique<Edge>(std::move(edge), operations());
}

void Node::observe(const StageTimes& times) {
  auto tell = [this](Metrics::Stage stage, std::int64_t us) {
    x_metrics->stage(stage, static_cast<double>(us) / 1e6);
  };
  tell(Metrics::Stage::queue, times.queue);
  tell(Metrics::Stage::decide, times.decide);
  tell(Metrics::Stage::sync, times.sync);
  tell(Metrics::Stage::answer, times.answer);
}

/// After each fold.
void Node::observe() {
  for (const auto& view : x_views->views()) {
    if (auto at = x_views->position(view)) x_metrics->view_position(view, *at);
  }
  x_metrics->parked(static_cast<std::int64_t>(x_views->parked_count()));
  if (x_reconciler && x_ready) x_reconciler->wake();
}

void Node::start(std::move_only_function<void()> ready) {
  x_ports.fold_executor->post([this, ready = std::move(ready)]() mutable {
    if (auto ok = x_views->catch_up(reader()); !ok) return fatal(ok.error());
    x_gate->shown(x_book->folded());
    watch_the_writer();
    x_shard->start([this, r = std::move(ready)]() mutable {
      log_info("open for writing", {{"term", x_shard->term()}});
      // The claim is on its way to the read models; ready means that they show everything.
      when_shown(x_log->end() - 1, [this, r = std::move(r)]() mutable {
        x_ready = true;
        x_reconciler->start();
        renew_hooks();
        r();
      });
    });
  });
}

/// However long it takes: reactors must not act on read models that are behind.
void Node::when_shown(std::uint64_t offset, std::move_only_function<void()> then) {
  constexpr std::int64_t look_again_ms = 10'000;
  x_gate->when_shown(offset, look_again_ms, [this, offset, t = std::move(then)](bool shown) mutable {
    if (shown) return t();
    when_shown(offset, std::move(t));
  });
}

void Node::watch_the_writer() {
  if (!x_log->shared()) return;
  x_watch = std::make_unique<WriterWatch>(
      WriterWatch::Ports{x_ports.shard_executor, x_ports.providers, x_ports.clock, x_ports.random,
                         [this] { return x_shard->seat(); },
                         [this](const Shard::Seat& seat) { return is_writer_there(*x_ports.http, seat); },
                         [this] { x_shard->contend(); }, [](const std::string& what) { log_error(what); }});
  x_watch->start();
}

void Node::stop(std::move_only_function<void()> stopped) {
  x_ready = false;
  if (x_renewal) x_renewal->stop();
  auto flush = [this, s = std::move(stopped)]() mutable {
    x_ports.fold_executor->post([this, s = std::move(s)]() mutable {
      if (auto ok = x_views->flush(); !ok) log_warn("flush", {{"reason", ok.error().detail}});
      s();
    });
  };
  x_reconciler->stop([this, f = std::move(flush)]() mutable { x_shard->stop(std::move(f)); });
}

Result<void> Node::close() {
  if (!x_log) return {};
  auto ok = x_opened_log.close();
  auto keys = x_vault->close();
  return ok ? keys : ok;
}

Node::Readiness Node::readiness() const {
  Readiness r;
  r.ready = x_ready && x_shard->open();
  r.seat = x_shard->seat();
  if (!r.ready)
    r.reason = x_failed ? "the log failed" : x_ready ? "not open for writing" : "read models are catching up";
  return r;
}

std::optional<CarrierCredentials> Node::credentials(AccountId account, ConnectionId connection) {
  auto row = x_book->get(book_key(account, row_kind<connections::Connection>, raw_name(connection.raw)));
  if (!row) log_error("credentials cannot be read", {{"reason", row.error().detail}});
  if (!row || !*row) return std::nullopt;
  const auto& c = std::get<connections::Connection>(**row);
  if (!c.auth_token.reveal()) return std::nullopt;
  return CarrierCredentials{c.account_sid, *c.auth_token.reveal()};
}

/// The book's number, which holds the secrets; the read models may be a commit behind it.
std::optional<numbers::Number> Node::with_secrets(AccountId account, const numbers::Number& shown) {
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
void Node::issue(AccountId account, C command, const std::string& natural_key, const Wish& cause,
                 std::move_only_function<void(bool)> done) {
  auto ticket =
      natural_ticket(*x_vault, *x_ports.random, account, {"system"}, std::move(command), natural_key);
  if (cause != Wish{}) ticket->cause = cause.commit.to_string();
  ticket->trace = continued(cause.trace, *x_ports.random);
  ticket->answer = [this, d = std::move(done)](CommandAnswer a) mutable {
    constexpr std::int64_t shown_within_ms = 5'000;
    if (a.refused) return d(false);
    x_gate->when_shown(a.offset, shown_within_ms, std::move(d));
  };
  x_shard->submit(std::move(ticket));
}

/// What of a walk that a crash or a stop ended is left, the next start's finds.
void Node::renew_hooks() {
  if (x_hooks_current) return;
  HookRenewalPorts ports{
      [this] { return x_views->sight(); },
      [this](AccountId a, RenewOutdatedHooks c, const std::string& key,
             std::move_only_function<void(bool)> done) { issue(a, std::move(c), key, {}, std::move(done)); },
      *x_ports.providers};
  x_renewal = std::make_shared<HookRenewal>(std::move(ports), x_public_url, random_name(*x_ports.random));
  x_renewal->start([this](std::uint64_t renewed) {
    log_info("hooks name the public URL", {{"url", x_public_url}, {"renewed", renewed}});
    if (auto ok = PublicUrlMark(*x_ports.rows).set(x_public_url); !ok)
      log_warn("the public URL's mark", {{"reason", ok.error().detail}});
  });
}

}  // namespace ringledger
