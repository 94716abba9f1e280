#include "projections/view_fold.hpp"

namespace ringledger {
namespace {

/// Entries in key order, without moving them.
std::vector<Entry*> in_key_order(std::vector<Entry>& entries) {
  std::vector<Entry*> out;
  out.reserve(entries.size());
  for (auto& entry : entries) out.push_back(&entry);
  std::sort(out.begin(), out.end(), [](const Entry* a, const Entry* b) { return a->key < b->key; });
  return out;
}

RowWrite write_of(const std::string& family, Entry& entry, std::optional<std::string> value) {
  entry.key.insert(0, 1, index_space);
  return {family, std::move(entry.key), std::move(value)};
}

}  // namespace

std::string parked_key(std::string_view key, std::uint64_t offset, std::size_t index) {
  KeyBuilder out;
  out.byte(parked_space).text(key).u64(offset).u32(static_cast<std::uint32_t>(index));
  return out.done();
}

void diff_entries(const std::string& family, std::vector<Entry> before, std::vector<Entry> after,
                  std::vector<RowWrite>& out) {
  auto old = in_key_order(before);
  auto now = in_key_order(after);
  auto b = old.begin();
  auto a = now.begin();
  while (b != old.end() || a != now.end()) {
    auto order = b == old.end() ? 1 : a == now.end() ? -1 : (*b)->key.compare((*a)->key);
    bool gone = order < 0;
    bool fresh = order > 0;
    if (gone) {
      out.push_back(write_of(family, **b, std::nullopt));
    } else if (fresh || (*b)->value != (*a)->value) {
      out.push_back(write_of(family, **a, std::move((*a)->value)));
    }
    if (!fresh) ++b;
    if (!gone) ++a;
  }
}

void CounterDeltas::add(Counters counters, std::int64_t sign) {
  for (auto& c : counters) {
    auto& delta = x_by_name[std::move(c.name)];
    delta.value += sign * c.value;
    if (!c.marks.empty()) delta.marks = std::move(c.marks);
  }
}

void CounterDeltas::write(const RowStore& store, const std::string& family,
                          std::vector<RowWrite>& out) const {
  for (const auto& [name, delta] : x_by_name) {
    if (delta.value == 0) continue;
    auto key = in_space(counter_space, name);
    auto text = store.get(family, key);
    auto before = text ? KeyReader(*text).i64() : 0, after = before + delta.value;
    auto unless_0 = [&](std::string value) {
      return after != 0 ? std::optional(std::move(value)) : std::nullopt;
    };
    out.push_back({family, std::move(key), unless_0(KeyBuilder().i64(after).done())});
    if (before != 0 && after != 0) continue;
    for (const auto& mark : delta.marks) out.push_back({family, in_space(counter_space, mark), unless_0("")});
  }
}

}  // namespace ringledger
