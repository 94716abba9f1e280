#include "projections/runner.hpp"

#include <algorithm>

namespace ringledger {
FamilyMark ViewRunner::mark(const RegisteredView& view) const {
  return {x_options.epoch, std::string(view.layout())};
}

Result<std::unique_ptr<ViewRunner>> ViewRunner::open(RowStore& store, ViewSet views,
                                                     ViewRunnerOptions options) {
  std::unique_ptr<ViewRunner> runner(new ViewRunner(store, std::move(options)));
  auto families = store.families();
  if (std::find(families.begin(), families.end(), places_family) == families.end()) {
    if (auto made = store.create_family(std::string(places_family)); !made)
      return std::unexpected(made.error());
  }
  for (const auto& view : views.all()) {
    if (auto opened = runner->open_view(view); !opened) return std::unexpected(opened.error());
  }
  if (auto dropped = runner->drop_strays(); !dropped) return std::unexpected(dropped.error());
  runner->publish_places();
  return runner;
}

Result<void> ViewRunner::open_view(const std::shared_ptr<const RegisteredView>& view) {
  std::string name(view->name());
  auto place = x_store.get(places_family, name);
  if (auto healthy = x_store.health(); !healthy) return healthy;
  auto fold = std::make_unique<FamilyFold>(*view, place.value_or(name));
  auto families = x_store.families();
  bool exists = std::find(families.begin(), families.end(), fold->family()) != families.end();
  if (exists) {
    auto loaded = fold->load(x_store, mark(*view));
    if (!loaded) return std::unexpected(loaded.error());
    if (auto healthy = x_store.health(); !healthy) return healthy;
    if (!*loaded) {
      if (auto dropped = x_store.drop_family(fold->family()); !dropped) return dropped;
      exists = false;
    }
  }
  if (!exists) {
    if (auto made = fresh_family(*fold, x_store); !made) return made;
  }
  x_live.push_back({view, std::move(fold)});
  return {};
}

Result<void> ViewRunner::fresh_family(FamilyFold& fold, RowStore& store) const {
  if (auto made = store.create_family(fold.family()); !made) return made;
  return store.write(fold.first_writes(mark(fold.view())));
}

/// Families "<view>@<n>" that nobody points to: builds that a crash ended.
Result<void> ViewRunner::drop_strays() {
  for (const auto& family : x_store.families()) {
    bool used =
        std::any_of(x_live.begin(), x_live.end(), [&](auto& l) { return l.fold->family() == family; });
    bool ours = std::any_of(x_live.begin(), x_live.end(), [&](auto& l) {
      std::string name(l.view->name());
      return family == name || family.starts_with(name + "@");
    });
    if (used || !ours) continue;
    if (auto dropped = x_store.drop_family(family); !dropped) return dropped;
  }
  return {};
}

Result<void> ViewRunner::apply(const CommitBatch& batch) {
  std::lock_guard lock(x_folding);
  if (auto applied = apply_locked(batch); !applied) return applied;
  return flush_when_due(batch.bytes);
}

Result<void> ViewRunner::apply_locked(const CommitBatch& batch) {
  std::vector<RowWrite> writes;
  for (auto& live : x_live) {
    if (auto collected = live.fold->collect(x_store, batch, writes); !collected) return collected;
  }
  if (writes.empty()) return {};
  if (auto written = x_store.write(writes); !written) return written;
  for (auto& live : x_live) tell(live.view->name(), live.fold->committed());
  return {};
}

void ViewRunner::tell(std::string_view view, const std::vector<std::string>& keys) const {
  if (keys.empty()) return;
  for (const auto& hook : x_hooks) hook(view, keys);
}

/// A flush refused for want of space is tried again with the next batch: nothing is lost but time
/// after a crash.
Result<void> ViewRunner::flush_when_due(std::size_t bytes) {
  x_unflushed_bytes += bytes;
  if (x_unflushed_bytes < x_options.flush_every_bytes) return {};
  auto flushed = x_store.flush();
  if (flushed) x_unflushed_bytes = 0;
  if (!flushed && flushed.error().code != Code::read_only) return flushed;
  return {};
}

Result<void> ViewRunner::flush() {
  std::lock_guard lock(x_folding);
  auto flushed = x_store.flush();
  if (flushed) x_unflushed_bytes = 0;
  return flushed;
}

Result<void> ViewRunner::catch_up(const CommitReader& read) {
  std::lock_guard lock(x_folding);
  for (auto from = position();;) {
    auto batch = read(from);
    if (!batch) return std::unexpected(batch.error());
    if (batch->next <= from) break;
    if (auto applied = apply_locked(*batch); !applied) return applied;
    if (auto flushed = flush_when_due(batch->bytes); !flushed) return flushed;
    from = batch->next;
  }
  auto flushed = x_store.flush();
  if (flushed) x_unflushed_bytes = 0;
  if (!flushed && flushed.error().code != Code::read_only) return flushed;
  return {};
}

const ViewRunner::Live* ViewRunner::find(std::string_view view) const {
  auto at = std::find_if(x_live.begin(), x_live.end(), [&](auto& live) { return live.view->name() == view; });
  return at == x_live.end() ? nullptr : &*at;
}

std::uint64_t ViewRunner::position() const {
  std::shared_lock lock(x_reading);
  std::uint64_t lowest = x_live.empty() ? 0 : x_live.front().fold->position();
  for (const auto& live : x_live) lowest = std::min(lowest, live.fold->position());
  return lowest;
}

Result<std::uint64_t> ViewRunner::position(std::string_view view) const {
  std::shared_lock lock(x_reading);
  const auto* live = find(view);
  if (!live) return fail(Code::not_found, "no view named " + std::string(view));
  return live->fold->position();
}

std::vector<std::string> ViewRunner::views() const {
  std::vector<std::string> names;
  for (const auto& live : x_live) names.emplace_back(live.view->name());
  return names;
}

Sight ViewRunner::sight() const {
  std::shared_lock lock(x_reading);
  return {x_store.snapshot(), x_places};
}

void ViewRunner::publish_places() {
  auto places = std::make_shared<Sight::Places>();
  for (const auto& live : x_live) {
    places->emplace(live.view->name(), Sight::Place{live.fold->family(), live.view.get()});
  }
  x_places = std::move(places);
}

}  // namespace ringledger
