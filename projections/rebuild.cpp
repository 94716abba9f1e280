// Building views anew from the log: to replace them, or to compare them.
#include <algorithm>

#include "projections/runner.hpp"

namespace ringledger {
namespace {

/// The family of the next build of a view: "inventory.v1@3" after "inventory.v1@2".
std::string next_family(const std::string& name, const std::string& family) {
  unsigned long n = 0;
  if (family.size() > name.size() + 1) n = std::strtoul(family.c_str() + name.size() + 1, nullptr, 10);
  return name + "@" + std::to_string(n + 1);
}

/// Pulls a family's keys in order, a bounded chunk at a time.
class FamilyKeys {
 public:
  FamilyKeys(std::shared_ptr<RowSnapshot> snapshot, std::string family)
      : x_snapshot(std::move(snapshot)), x_family(std::move(family)) {
    fill("");
  }
  /// nullptr at the end.
  const Entry* now() const { return x_at < x_chunk.size() ? &x_chunk[x_at] : nullptr; }
  void next() {
    if (++x_at < x_chunk.size()) return;
    if (x_chunk.size() == chunk) fill(x_chunk.back().key + '\0');
  }

 private:
  static constexpr std::size_t chunk = 1000;
  void fill(const std::string& from) {
    std::vector<Entry> entries;
    x_snapshot->scan(x_family, from, std::string(1, '\xFF'), false,
                     [&](std::string_view k, std::string_view v) {
                       if (k.front() != meta_space) entries.push_back({std::string(k), std::string(v)});
                       return entries.size() < chunk;
                     });
    x_chunk = std::move(entries);
    x_at = 0;
  }
  std::shared_ptr<RowSnapshot> x_snapshot;
  std::string x_family;
  std::vector<Entry> x_chunk;
  std::size_t x_at = 0;
};

void compare(FamilyKeys& served, FamilyKeys& rebuilt, std::size_t most, VerifyReport& report) {
  auto differs = [&](const std::string& key, const char* how) {
    if (report.differences.size() < most) {
      report.differences.push_back(std::string(1, key.front()) + " " + to_hex(key.substr(1)) + ": " + how);
    }
  };
  while (served.now() || rebuilt.now()) {
    const auto* s = served.now();
    const auto* r = rebuilt.now();
    ++report.keys;
    if (!r || (s && s->key < r->key)) {
      differs(s->key, "served, but not in the rebuild");
      served.next();
    } else if (!s || r->key < s->key) {
      differs(r->key, "in the rebuild, but not served");
      rebuilt.next();
    } else {
      if (s->value != r->value) differs(s->key, "served with another value than rebuilt");
      served.next();
      rebuilt.next();
    }
  }
}

}  // namespace

Result<void> fold_forward(FamilyFold& fold, RowStore& store, const CommitReader& read, std::uint64_t end,
                          std::stop_token stop, const std::function<void(std::uint64_t)>& progress) {
  while (fold.position() < end) {
    if (stop.stop_requested()) return fail(Code::internal, fold.family() + ": the build was stopped");
    auto batch = read(fold.position());
    if (!batch) return std::unexpected(batch.error());
    if (batch->next <= batch->from) {
      return fail(Code::internal, fold.family() + ": the log ends at " + std::to_string(batch->next) +
                                      ", before offset " + std::to_string(end));
    }
    if (batch->next > end) {
      std::erase_if(batch->commits, [&](const auto& c) { return c.offset >= end; });
      batch->next = end;
    }
    std::vector<RowWrite> writes;
    if (auto collected = fold.collect(store, *batch, writes); !collected) return collected;
    if (auto written = store.write(writes); !written) return written;
    fold.committed();
    if (progress) progress(fold.position());
  }
  return {};
}

Result<std::unique_ptr<FamilyFold>> ViewRunner::build(const Live& live, const CommitReader& read,
                                                      std::stop_token stop,
                                                      const std::function<void(std::uint64_t)>& progress) {
  std::string name(live.view->name());
  auto built = std::make_unique<FamilyFold>(*live.view, next_family(name, live.fold->family()));
  if (auto made = fresh_family(*built, x_store); !made) return std::unexpected(made.error());
  auto end = live.fold->position();
  if (auto done = fold_forward(*built, x_store, read, end, stop, progress); !done) {
    (void)x_store.drop_family(built->family());  // what is left of it goes at the next start
    return std::unexpected(done.error());
  }
  return built;
}

Result<void> ViewRunner::rebuild(std::string_view view, const CommitReader& read, std::stop_token stop,
                                 const std::function<void(std::uint64_t)>& progress) {
  std::lock_guard one(x_rebuilding);
  auto at = std::find_if(x_live.begin(), x_live.end(), [&](auto& l) { return l.view->name() == view; });
  if (at == x_live.end()) return fail(Code::not_found, "no view named " + std::string(view));
  auto built = build(*at, read, stop, progress);
  if (!built) return std::unexpected(built.error());
  std::lock_guard lock(x_folding);
  auto last = fold_forward(**built, x_store, read, at->fold->position(), stop, progress);
  auto taken = last ? take_over(*at, std::move(*built)) : last;
  return taken;
}

/// The new family is made durable, then named, then that is made durable; only then the old one goes.
/// A crash in between leaves one of the two named and whole.
Result<void> ViewRunner::take_over(Live& live, std::unique_ptr<FamilyFold> built) {
  std::string name(live.view->name());
  if (auto flushed = x_store.flush(); !flushed) return flushed;
  if (auto named = x_store.write({{std::string(places_family), name, built->family()}}); !named) return named;
  if (auto flushed = x_store.flush(); !flushed) return flushed;
  auto old = live.fold->family();
  {
    std::unique_lock lock(x_reading);
    live.fold = std::move(built);
    publish_places();
    if (auto dropped = x_store.drop_family(old); !dropped) return dropped;
  }
  for (const auto& hook : x_hooks) hook(name, {});
  return {};
}

Result<VerifyReport> ViewRunner::verify(std::string_view view, RowStore& scratch,
                                        const CommitReader& read) const {
  std::shared_ptr<RowSnapshot> served;
  std::string family;
  const RegisteredView* registered = nullptr;
  VerifyReport report;
  {
    std::shared_lock lock(x_reading);
    const auto* live = find(view);
    if (!live) return fail(Code::not_found, "no view named " + std::string(view));
    served = x_store.snapshot();
    family = live->fold->family();
    registered = live->view.get();
    report.position = ViewReader(served, family).position();
  }
  FamilyFold rebuilt(*registered, std::string(view));
  if (auto made = fresh_family(rebuilt, scratch); !made) return std::unexpected(made.error());
  if (auto done = fold_forward(rebuilt, scratch, read, report.position); !done)
    return std::unexpected(done.error());
  FamilyKeys theirs(served, family);
  FamilyKeys ours(scratch.snapshot(), rebuilt.family());
  compare(theirs, ours, x_options.max_differences, report);
  if (auto dropped = scratch.drop_family(rebuilt.family()); !dropped) return std::unexpected(dropped.error());
  return report;
}

}  // namespace ringledger
