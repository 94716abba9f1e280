// Whose turn it is; reconciler_try.cpp has what is done with a turn.
#include "adapters/twilio/reconciler.hpp"

#include <algorithm>

#include "adapters/twilio/reconciler_core.hpp"

namespace ringledger {
namespace {

constexpr std::size_t places_per_walk = 256;

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
  wake();
  if (stopping()) return;
  x_ports.pool.post_after(x_options.self_wake_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->tick();
  });
}

void Reconciler::Core::wake() {
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
  if (!full && !stopping()) lap_walk();
  {
    std::lock_guard lock(x_mutex);
    x_pump = Pump::idle;
    bool more = x_laps_left > 0 && x_in_flight < x_options.max_in_flight_overall;
    if (!x_stopping && (more || x_pump_again)) post_pump();
  }
  maybe_stopped();
}

/// Serves the next connections in turn, as many as one walk may look at.
void Reconciler::Core::lap_walk() {
  auto sight = x_ports.sight();
  auto rows = sight.of<ProviderSyncView>();
  std::optional<SyncPlace> after;
  {
    std::lock_guard lock(x_mutex);
    after = x_after;
  }
  auto places = connections_with_work(rows, places_per_walk, after);
  for (const auto& place : places) {
    if (!serve(rows, place)) return;
  }
  if (places.size() < places_per_walk) lap_done(!after);
}

/// The end of the list. `whole`: this walk began at its beginning.
void Reconciler::Core::lap_done(bool whole) {
  std::lock_guard lock(x_mutex);
  x_after.reset();
  x_laps_left = whole ? 0 : x_laps_left - 1;
  std::erase_if(x_lines, [&](const auto& entry) {
    const auto& line = entry.second;
    return line.in_flight == 0 && line.seen < x_lap;  // no work in this lap, nor in flight
  });
  ++x_lap;
}

std::size_t Reconciler::Core::room(const Line& line) const {
  auto most = line.failures > 0 ? std::size_t{1} : x_options.max_in_flight;  // probe a provider that failed
  auto here = most - std::min(most, line.in_flight);
  return std::min(here, x_options.max_in_flight_overall - x_in_flight);
}

/// Starts what there is room for. False: there is no room for anybody.
bool Reconciler::Core::serve(const Rows<ProviderSyncView>& rows, const SyncPlace& place) {
  std::size_t count = 0, busy = 0;
  NumberId cursor;
  {
    std::lock_guard lock(x_mutex);
    if (x_stopping || x_in_flight >= x_options.max_in_flight_overall) return false;
    x_after = place;
    auto& line = x_lines[place];
    line.seen = x_lap;
    if (x_ports.clock.monotonic_ms() < line.not_before) return true;
    count = room(line);
    busy = x_in_flight;
    cursor = line.cursor;
  }
  if (count == 0) return true;
  auto list = candidates(rows, place, count + busy, cursor);
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

/// Numbers with work behind the cursor, then those before it; some may be told twice.
Result<std::vector<SyncRow>> Reconciler::Core::candidates(const Rows<ProviderSyncView>& rows,
                                                          const SyncPlace& place, std::size_t count,
                                                          NumberId cursor) const {
  auto list = work_list(rows, place, count, cursor);
  if (!list || list->size() == count || cursor.empty()) return list;
  auto first = work_list(rows, place, count, {});
  if (!first) return first;
  std::ranges::move(*first, std::back_inserter(*list));
  return list;
}

void Reconciler::Core::launch(const SyncPlace& place, const std::vector<SyncRow>& list, std::size_t count) {
  std::lock_guard lock(x_mutex);
  auto& line = x_lines[place];
  for (const auto& row : list) {
    if (count == 0 || x_stopping) return;
    if (!x_busy.emplace(place.account, row.number.id).second) continue;
    --count;
    ++line.in_flight;
    ++x_in_flight;
    line.cursor = row.number.id;
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
