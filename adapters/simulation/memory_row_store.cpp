#include "adapters/simulation/memory_row_store.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace ringledger {
namespace {
constexpr std::size_t max_unflushed_batches = 4096;
}

class MemoryRowStore::Snapshot final : public RowSnapshot {
 public:
  Snapshot(const std::map<std::string, Family, std::less<>>& families, std::shared_ptr<std::mutex> mutex,
           std::shared_ptr<std::atomic<bool>> unreadable)
      : mutex_(std::move(mutex)), unreadable_(std::move(unreadable)) {
    for (const auto& [name, family] : families) rows_.emplace(name, family.rows);
  }
  /// Under the lock, so that a writer who finds itself the only owner comes after every read here.
  ~Snapshot() override {
    std::lock_guard lock(*mutex_);
    rows_.clear();
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  [[nodiscard]] std::optional<std::string> get(std::string_view family, std::string_view key) const override {
    const auto* rows = find(family);
    if (rows == nullptr) return std::nullopt;
    auto row = rows->find(key);
    return row == rows->end() ? std::nullopt : std::optional(row->second);
  }

  void scan(std::string_view family, std::string_view from, std::string_view to, bool reversed,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    const auto* rows = find(family);
    if (rows == nullptr || from >= to) return;
    auto range = std::ranges::subrange(rows->lower_bound(from), rows->lower_bound(to));
    if (reversed) {
      for (const auto& [key, value] : range | std::views::reverse) {
        if (!visit(key, value)) return;
      }
    } else {
      for (const auto& [key, value] : range) {
        if (!visit(key, value)) return;
      }
    }
  }

  [[nodiscard]] Result<void> health() const override { return health_of(*unreadable_); }

 private:
  [[nodiscard]] const Rows* find(std::string_view family) const {
    if (*unreadable_) return nullptr;
    auto found = rows_.find(family);
    return found == rows_.end() ? nullptr : found->second.get();
  }

  std::shared_ptr<std::mutex> mutex_;
  std::shared_ptr<std::atomic<bool>> unreadable_;
  std::map<std::string, std::shared_ptr<const Rows>, std::less<>> rows_;
};

std::vector<std::string> MemoryRowStore::families() const {
  std::lock_guard lock(*mutex_);
  std::vector<std::string> names;
  for (const auto& [name, family] : families_) names.push_back(name);
  return names;
}

Result<void> MemoryRowStore::create_family(const std::string& name) {
  std::lock_guard lock(*mutex_);
  families_.try_emplace(name);
  return {};
}

Result<void> MemoryRowStore::drop_family(const std::string& name) {
  std::lock_guard lock(*mutex_);
  families_.erase(name);
  return {};
}

std::optional<std::string> MemoryRowStore::get(std::string_view family, std::string_view key) const {
  std::lock_guard lock(*mutex_);
  auto found = families_.find(family);
  if (found == families_.end() || *unreadable_) return std::nullopt;
  auto row = found->second.rows->find(key);
  return row == found->second.rows->end() ? std::nullopt : std::optional(row->second);
}

Result<void> MemoryRowStore::health_of(bool unreadable) {
  if (!unreadable) return {};
  return fail(Code::internal, "the rows cannot be read any more");
}

/// The rows of a family, copied first when a snapshot looks at them.
MemoryRowStore::Rows& MemoryRowStore::writable(Family& family) {
  if (family.rows.use_count() > 1) family.rows = std::make_shared<Rows>(*family.rows);
  return *family.rows;
}

/// Makes the change and answers what was there before.
std::optional<std::string> MemoryRowStore::exchange(Rows& rows, const Change& change) {
  const auto& [key, value] = change;
  auto row = rows.find(key);
  std::optional<std::string> before;
  if (row != rows.end()) before = std::move(row->second);
  if (value && row != rows.end()) row->second = *value;
  if (value && row == rows.end()) rows.emplace(key, *value);
  if (!value && row != rows.end()) rows.erase(row);
  return before;
}

Result<void> MemoryRowStore::write(const std::vector<RowWrite>& batch) {
  if (auto healthy = health(); !healthy) return healthy;
  std::lock_guard lock(*mutex_);
  for (const auto& w : batch) {
    if (!families_.contains(w.family)) return fail(Code::internal, "no row family " + w.family);
  }
  std::map<std::string_view, Undo> undo;
  for (const auto& w : batch) {
    auto& rows = writable(families_.find(w.family)->second);
    undo[w.family].emplace_back(w.key, exchange(rows, {w.key, w.value}));
  }
  for (auto& [name, changes] : undo) {
    auto& family = families_.find(name)->second;
    family.undo.push_back(std::move(changes));
    if (family.undo.size() > max_unflushed_batches) family.undo.pop_front();
  }
  return {};
}

std::shared_ptr<RowSnapshot> MemoryRowStore::snapshot() const {
  std::lock_guard lock(*mutex_);
  return std::make_shared<Snapshot>(families_, mutex_, unreadable_);
}

Result<void> MemoryRowStore::flush() {
  if (auto healthy = health(); !healthy) return healthy;
  std::lock_guard lock(*mutex_);
  for (auto& [name, family] : families_) family.undo.clear();
  return {};
}

void MemoryRowStore::crash(SimRandom& random) {
  std::lock_guard lock(*mutex_);
  for (auto& [name, family] : families_) {
    auto lost = random.below(family.undo.size() + 1);
    for (; lost > 0; --lost) {
      auto& rows = writable(family);
      for (const auto& change : family.undo.back() | std::views::reverse) exchange(rows, change);
      family.undo.pop_back();
    }
    family.undo.clear();
  }
}

}  // namespace ringledger
