#include "adapters/twilio/call_reconciler.hpp"

#include <algorithm>
#include <utility>

#include "projections/inventory_query.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t first_pause_ms = 10'000;
// Twilio's list may show an end a little later than it happened.
constexpr std::int64_t list_lag_ms = 60'000;

CallReport gone(const LiveCall& live) {
  CallReport report;
  report.provider_sid = live.provider_sid;
  report.status = "failed";
  return report;
}

}  // namespace

void CallReconciler::start() {
  x_ports.pool.post([self = shared_from_this()] { self->tick(); });
}

void CallReconciler::tick() {
  look();
  if (x_stopping) return;
  x_ports.pool.post_after(x_options.self_wake_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->tick();
  });
}

void CallReconciler::look() {
  if (x_looking.exchange(true)) return;
  may_act() ? look_around() : forget();
  x_looking = false;
}

void CallReconciler::look_around() {
  x_requests_left = x_options.requests_per_look;
  auto sight = x_ports.sight();
  meet_connections(sight);
  ask_about_live_calls(sight);
  std::vector<std::pair<std::int64_t, Place>> turns;  // who has waited longest comes first
  for (const auto& [place, line] : x_lines) turns.emplace_back(line.due_ms, place);
  std::ranges::sort(turns);
  for (const auto& [due_ms, place] : turns) go_on(place, x_lines.at(place), sight);
}

/// Whoever writes next begins anew, and so does this node when it writes again.
void CallReconciler::forget() {
  std::lock_guard lock(x_mutex);
  x_asked.clear();
  x_lines.clear();
}

void CallReconciler::meet_connections(const Sight& sight) {
  const auto now_ms = x_ports.clock.monotonic_ms();
  const Timestamp since{x_ports.clock.now().ms - x_options.look_back_ms};
  auto ok = each_connection(sight.of<ConnectionsView>(), [&](const ConnectionRow& row) {
    using enum connections::State;
    bool refused = row.state == invalid_credentials || row.state == suspended;
    std::lock_guard lock(x_mutex);
    auto [at, fresh] = x_lines.try_emplace({row.account, row.account_sid});
    auto& line = at->second;
    if (fresh) {
      line.since = since;
      line.due_ms = now_ms + std::min(x_options.first_list_ms, x_options.list_every_ms);
    }
    if (fresh || !refused) line.connection = row.id;
  });
  if (!ok) x_ports.metric("unreadable");
}

void CallReconciler::ask_about_live_calls(const Sight& sight) {
  for (const auto& live : overdue(sight)) {
    if (x_requests_left == 0 || !may_act()) return;
    ask(live);
  }
}

/// Also forgets when calls were asked about that have ended.
std::vector<LiveCall> CallReconciler::overdue(const Sight& sight) {
  const auto now_ms = x_ports.clock.monotonic_ms();
  const auto wall_ms = x_ports.clock.now().ms;
  std::vector<LiveCall> due;
  std::map<CallId, Asked> living;
  auto ok = each_live_call(sight.of<CallsView>(), [&](const LiveCall& live) {
    auto at = x_asked.find(live.call);
    auto left_ms = std::clamp<std::int64_t>(live.started_at.ms + x_options.ask_after_ms - wall_ms, 0,
                                            x_options.ask_after_ms);
    auto asked = at == x_asked.end() ? Asked{now_ms + left_ms, x_options.ask_after_ms} : at->second;
    if (asked.due_ms <= now_ms && due.size() < x_requests_left) due.push_back(live);
    living.emplace(live.call, asked);
    return true;
  });
  if (!ok) x_ports.metric("unreadable");
  x_asked = std::move(living);
  return due;
}

void CallReconciler::ask(const LiveCall& live) {
  const auto now_ms = x_ports.clock.monotonic_ms();
  const Place place{live.account, live.account_sid};
  auto line = x_lines.find(place);
  if (line == x_lines.end() || now_ms < line->second.paused_until_ms) return;
  auto& asked = x_asked[live.call];
  asked.due_ms = now_ms + asked.wait_ms;
  asked.wait_ms = std::min(2 * asked.wait_ms, x_options.ask_at_least_ms);
  auto credentials = x_ports.credentials(live.account, line->second.connection);
  if (!credentials) return x_ports.metric("no_credentials");
  --x_requests_left;
  auto answer = x_ports.carrier.fetch_call(*credentials, live.provider_sid);
  bool no_more = !answer && answer.error().kind == CarrierFailure::Kind::gone;
  if (!answer && !no_more) return failed(line->second, answer.error());
  line->second.failures = 0;
  x_ports.metric("call_asked");
  if (answer && !calls::is_final(answer->status)) return;
  auto report = no_more ? gone(live) : std::move(*answer);
  report.provider_sid = live.provider_sid;
  x_ports.record(live.account, live.account_sid, {live.connection, std::move(report)}, [](bool) {});
}

/// One page, or some of the commands it asks for.
void CallReconciler::go_on(const Place& place, Line& line, const Sight& sight) {
  const auto now_ms = x_ports.clock.monotonic_ms();
  bool waits = false, idle = false;
  {
    std::lock_guard lock(x_mutex);
    waits = line.issued > 0;
    idle = line.found.empty();
  }
  if (waits || !may_act()) return;
  bool due = line.pages > 0 || line.due_ms <= now_ms;
  if (idle && due && now_ms >= line.paused_until_ms && x_requests_left > 0) read_page(place, line, sight);
  issue(place, line);
}

void CallReconciler::read_page(const Place& place, Line& line, const Sight& sight) {
  auto credentials = x_ports.credentials(place.first, line.connection);
  if (!credentials) return x_ports.metric("no_credentials");
  if (line.pages == 0) line.began = x_ports.clock.now();
  --x_requests_left;
  auto page = x_ports.carrier.list_calls(*credentials, line.since, line.page);
  if (!page) return failed(line, page.error());
  line.failures = 0;
  x_ports.metric("calls_listed");
  std::erase_if(page->calls, [&](const auto& report) { return !is_news(place, report, sight); });
  {
    std::lock_guard lock(x_mutex);
    line.found = std::move(page->calls);
  }
  line.page = std::move(page->next);
  bool cut = ++line.pages == x_options.pages_per_list && !line.page.empty();
  if (cut) x_ports.metric("calls_cut");
  if (cut || line.page.empty()) list_read(line);
}

/// What ended just now is told by its callback, or found by the next list.
void CallReconciler::list_read(Line& line) {
  line.since = Timestamp{line.began.ms - x_options.ask_after_ms - list_lag_ms};
  line.page.clear();
  line.pages = 0;
  line.due_ms = x_ports.clock.monotonic_ms() + x_options.list_every_ms;
}

/// What would change nothing is not made a command: each is a commit.
bool CallReconciler::is_news(const Place& place, const CallReport& report, const Sight& sight) const {
  const auto now = x_ports.clock.now();
  bool late = !report.told_at || report.told_at->ms + x_options.ask_after_ms <= now.ms;
  if (!late || !calls::is_final(report.status) || !report.started_at) return false;
  if (auto call = x_ports.known(place.first, place.second, report.provider_sid))
    return !calls::is_final(call->status);
  auto ours = E164::parse(report.to);
  if (!ours) return false;
  auto row = find_in_account(sight.of<InventoryView>(), place.first, *ours);
  return row && *row && asked_us((*row)->number, *report.started_at);
}

void CallReconciler::issue(const Place& place, Line& line) {
  std::vector<CallReport> some;
  {
    std::lock_guard lock(x_mutex);
    while (!line.found.empty() && some.size() < x_options.commands_at_once) {
      some.push_back(std::move(line.found.back()));
      line.found.pop_back();
    }
    line.issued = some.size();
  }
  for (auto& report : some) {
    auto done = [weak = weak_from_this(), place, report](bool committed) {
      if (auto self = weak.lock()) self->issued(place, report, committed);
    };
    x_ports.record(place.first, place.second, {line.connection, std::move(report)}, std::move(done));
  }
}

/// The last one of them fetches the next; after a refusal that waits for its time.
void CallReconciler::issued(const Place& place, CallReport report, bool committed) {
  bool next = false;
  {
    std::lock_guard lock(x_mutex);
    auto at = x_lines.find(place);
    if (at == x_lines.end()) return;
    auto& line = at->second;
    if (line.issued > 0) --line.issued;
    if (!committed) line.found.push_back(std::move(report));
    next = committed && line.issued == 0;
  }
  if (!next || x_stopping) return;
  x_ports.pool.post([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->look();
  });
}

void CallReconciler::failed(Line& line, const CarrierFailure& failure) {
  x_ports.metric("unavailable");
  auto pause_ms = std::min(first_pause_ms << std::min(line.failures++, 20), x_options.longest_pause_ms);
  line.paused_until_ms =
      x_ports.clock.monotonic_ms() + std::max<std::int64_t>(pause_ms, failure.retry_after_s * 1000LL);
}

}  // namespace ringledger
