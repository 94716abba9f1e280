#include "projections/family_fold.hpp"

namespace ringledger {
namespace {

std::string meta(std::string_view name) { return in_space(meta_space, name); }

}  // namespace

void each_fact(const CommitBatch& batch, std::uint64_t from, const std::function<void(const Fact&)>& visit) {
  for (const auto& [offset, commit] : batch.commits) {
    if (offset < from) continue;
    for (std::size_t i = 0; i < commit->events.size(); ++i) {
      visit(Fact{.event = commit->events[i], .commit = *commit, .offset = offset, .index = i});
    }
  }
}

Result<bool> FamilyFold::load(const RowStore& store, const FamilyMark& mark) {
  x_position = 0;
  x_parked.clear();
  auto position = store.get(x_family, meta("position"));
  if (!position || store.get(x_family, meta("epoch")) != mark.epoch ||
      store.get(x_family, meta("layout")) != mark.layout) {
    return false;
  }
  KeyReader reader(*position);
  x_position = reader.u64();
  if (!reader.ok()) return fail(Code::internal, x_family + ": its position cannot be read");
  store.snapshot()->scan(x_family, std::string(1, parked_space), std::string(1, parked_space + 1), false,
                         [&](std::string_view key, std::string_view) {
                           x_parked.insert(KeyReader(key.substr(1)).text());
                           return true;
                         });
  return true;
}

std::vector<RowWrite> FamilyFold::first_writes(const FamilyMark& mark) const {
  return {{x_family, meta("epoch"), mark.epoch},
          {x_family, meta("layout"), mark.layout},
          {x_family, meta("position"), KeyBuilder().u64(0).done()}};
}

Result<void> FamilyFold::collect(const RowStore& store, const CommitBatch& batch,
                                 std::vector<RowWrite>& out) {
  x_next_position = position();
  x_keys.clear();
  x_newly_parked.clear();
  if (position() >= batch.next) return {};
  if (position() < batch.from) {
    return fail(Code::internal, x_family + " stands at offset " + std::to_string(position()) +
                                    ", but the batch begins at " + std::to_string(batch.from) +
                                    ": catch up first");
  }
  auto fold = x_view->begin(store, x_family, x_parked);
  each_fact(batch, position(), [&](const Fact& fact) { fold->fold(fact); });
  if (x_parked.size() + fold->newly_parked().size() > max_parked_keys) {
    return fail(Code::internal, x_family + ": more than " + std::to_string(max_parked_keys) +
                                    " entities could not be folded; the view stops before offset " +
                                    std::to_string(batch.next));
  }
  fold->finish(out);
  out.push_back({x_family, meta("position"), KeyBuilder().u64(batch.next).done()});
  x_next_position = batch.next;
  x_keys = fold->keys_written();
  x_newly_parked = fold->newly_parked();
  return {};
}

std::vector<std::string> FamilyFold::committed() {
  x_parked.merge(x_newly_parked);
  x_newly_parked.clear();
  x_position.store(x_next_position, std::memory_order_release);
  return std::exchange(x_keys, {});
}

}  // namespace ringledger
