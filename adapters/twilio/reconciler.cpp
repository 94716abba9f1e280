// Whose turn it is; reconciler_try.cpp has what is done with a turn.
#include "adapters/twilio/reconciler.hpp"

#include <algorithm>

#include "adapters/twilio/reconciler_core.hpp"

namespace ringledger {
namespace {

constexpr std::size_t places_per_walk = 256;
constexpr std::size_t idle_lines_kept = 1'024;

}  // namespace

Reconciler::Reconciler(ReconcilerPorts ports, ReconcilerOptions options)
    : x_core(std::make_shared<Core>(std::move(ports), std::move(options))) {}
Reconciler::~Reconciler() { x_core->stop({}); }
void Reconciler::start() { x_core->start(); }
void Reconciler::wake() { x_core->wake(); }
void Reconciler::stop(std::move_only_function<void()> done) { x_core->stop(std::move(done)); }

void Reconciler::Core::start() {
  {
    std::lock_guard lock(x_mutex);
    x_started = true;
  }
  tick();
}

void Reconciler::Core::tick() {
  walk_soon();
  if (stopping()) return;
  x_ports.pool.post_after(x_options.self_wake_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->tick();
  });
}

void Reconciler::Core::wake() {
  bool idle = false;
  {
    std::lock_guard lock(x_mutex);
    if (!x_started || x_stopping) return;
    idle = x_pump == Pump::idle;
  }
  if (!idle || !connections_with_work(x_ports.sight().of<ProviderSyncView>(), 1).empty()) walk_soon();
}

void Reconciler::Core::walk_soon() {
  std::lock_guard lock(x_mutex);
  if (!x_started || x_stopping) return;
  x_laps_left = 2;  // from the middle to the end, and once from the beginning
  if (x_pump == Pump::idle)
    post_pump();
  else if (x_pump == Pump::running)
    x_pump_again = true;
}

void Reconciler::Core::wake_after(std::int64_t delay_ms) {
  x_ports.pool.post_after(delay_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->wake();
  });
}

void Reconciler::Core::post_pump() {
  x_pump = Pump::posted;
  x_ports.pool.post([self = shared_from_this()] { self->pump(); });
}

void Reconciler::Core::pump() {
  bool full = false;
  {
    std::lock_guard lock(x_mutex);
    x_pump = Pump::running;
    x_pump_again = false;
    full = x_in_flight >= x_options.max_in_flight_overall;  // whoever ends wakes
  }
  bool act = may_act();
  if (!full && act) lap_walk();
  {
    std::lock_guard lock(x_mutex);
    x_pump = Pump::idle;
    if (!act) x_laps_left = 0;  // looked at again with the next wake
    bool more = x_laps_left > 0 && x_in_flight < x_options.max_in_flight_overall;
    if (!x_stopping && (more || x_pump_again)) post_pump();
  }
  maybe_stopped();
}

/// Serves the next connections in turn, as many as one walk may look at.
void Reconciler::Core::lap_walk() {
  std::optional<SyncPlace> after;
  Busy busy;  // before the sight: whoever leaves in between wakes
  {
    std::lock_guard lock(x_mutex);
    after = x_after;
    busy = x_busy;
  }
  auto sight = x_ports.sight();
  auto rows = sight.of<ProviderSyncView>();
  auto places = connections_with_work(rows, places_per_walk, after);
  for (const auto& place : places) {
    if (!serve(rows, place, busy)) return;
  }
  if (places.size() < places_per_walk) lap_done(!after);
}

/// The end of the list. `whole`: this walk began at its beginning. A connection without work, in this lap
/// or in flight, is well again.
void Reconciler::Core::lap_done(bool whole) {
  std::lock_guard lock(x_mutex);
  x_after.reset();
  x_laps_left = whole ? 0 : x_laps_left - 1;
  auto idle = [&](const Line& line) { return line.in_flight == 0 && line.seen < x_lap; };
  if (x_lines.size() > idle_lines_kept) std::erase_if(x_lines, [&](const auto& e) { return idle(e.second); });
  for (auto& [place, line] : x_lines) {
    if (idle(line)) line = Line{.cursor = line.cursor};
  }
  ++x_lap;
}

std::size_t Reconciler::Core::room(const Line& line) const {
  auto most = line.failures > 0 ? std::size_t{1} : x_options.max_in_flight;  // probe a provider that failed
  auto here = most - std::min(most, line.in_flight);
  return std::min(here, x_options.max_in_flight_overall - x_in_flight);
}

/// Starts what there is room for. False: there is no room for anybody.
bool Reconciler::Core::serve(const Rows<ProviderSyncView>& rows, const SyncPlace& place, const Busy& busy) {
  std::size_t count = 0;
  std::optional<SyncTurn> cursor;
  {
    std::lock_guard lock(x_mutex);
    if (x_stopping || x_in_flight >= x_options.max_in_flight_overall) return false;
    x_after = place;
    auto& line = x_lines[place];
    line.seen = x_lap;
    if (x_ports.clock.monotonic_ms() < line.not_before) return true;
    count = room(line);
    cursor = line.cursor;
  }
  if (count == 0) return true;
  auto list = candidates(rows, place, count, cursor, busy);
  if (list) {
    launch(place, *list, count);
    return true;
  }
  x_ports.metric("unreadable");
  std::lock_guard lock(x_mutex);
  auto& line = x_lines[place];
  wake_after(pause(line, line.round, 0));
  return true;
}

/// Numbers with work behind the cursor, then those before it, so that `count` are not busy if there are so
/// many; some may be told twice. Before the cursor is looked at only when more than the busy ones wait
/// there, as after a failure: it is mostly tombstones.
Result<std::vector<SyncRow>> Reconciler::Core::candidates(const Rows<ProviderSyncView>& rows,
                                                          const SyncPlace& place, std::size_t count,
                                                          std::optional<SyncTurn> cursor, const Busy& busy) {
  auto most = count + busy.size();
  auto list = work_list(rows, place, most, cursor);
  if (!list || list->size() == most || !cursor) return list;
  auto behind = [&](NumberId id) {
    return std::ranges::any_of(*list, [&](const auto& row) { return row.number.id == id; });
  };
  auto known = list->size();
  for (const auto& [number, connection] : busy) {
    if (number.first == place.account && connection == place.connection && !behind(number.second)) ++known;
  }
  if (known >= work_count(rows, place)) return list;
  auto first = work_list(rows, place, most);
  if (!first) return first;
  std::ranges::move(*first, std::back_inserter(*list));
  return list;
}

void Reconciler::Core::launch(const SyncPlace& place, const std::vector<SyncRow>& list, std::size_t count) {
  std::lock_guard lock(x_mutex);
  auto& line = x_lines[place];
  bool passed = false;  // a busy one, which may have to be tried again
  for (const auto& row : list) {
    if (count == 0 || x_stopping) return;
    bool free = x_busy.try_emplace({place.account, row.number.id}, place.connection).second;
    passed = passed || !free;
    if (!free) continue;
    --count;
    ++line.in_flight;
    ++x_in_flight;
    if (!passed) line.cursor = turn_of(row);
    Job job{place, row.number.id, line.round};
    x_ports.pool.post([self = shared_from_this(), job] { self->run(job); });
  }
}

bool Reconciler::Core::stopping() const {
  std::lock_guard lock(x_mutex);
  return x_stopping;
}

void Reconciler::Core::stop(std::move_only_function<void()> done) {
  {
    std::lock_guard lock(x_mutex);
    x_stopping = true;
    if (done) x_stopped = std::move(done);
  }
  maybe_stopped();
}

void Reconciler::Core::maybe_stopped() {
  std::move_only_function<void()> stopped;
  {
    std::lock_guard lock(x_mutex);
    if (!x_stopping || x_in_flight > 0 || x_pump != Pump::idle) return;
    stopped = std::exchange(x_stopped, nullptr);
  }
  if (stopped) stopped();
}

}  // namespace ringledger
