#include "projections/view_fold.hpp"

namespace ringledger {

std::string parked_key(std::string_view key, std::uint64_t offset, std::size_t index) {
  KeyBuilder out;
  out.byte(parked_space).text(key).u64(offset).u32(static_cast<std::uint32_t>(index));
  return out.done();
}

void diff_entries(const std::string& family, std::vector<Entry>& before, std::vector<Entry>& after,
                  std::vector<RowWrite>& out) {
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  auto b = before.begin();
  auto a = after.begin();
  while (b != before.end() || a != after.end()) {
    bool gone = a == after.end() || (b != before.end() && b->key < a->key);
    bool fresh = b == before.end() || (a != after.end() && a->key < b->key);
    if (gone) {
      out.push_back({family, in_space(index_space, b->key), std::nullopt});
    } else if (fresh || b->value != a->value) {
      out.push_back({family, in_space(index_space, a->key), a->value});
    }
    if (!fresh) ++b;
    if (!gone) ++a;
  }
}

void add_counters(const RowStore& store, const std::string& family,
                  const std::map<std::string, std::int64_t>& deltas, std::vector<RowWrite>& out) {
  for (const auto& [name, delta] : deltas) {
    if (delta == 0) continue;
    auto key = in_space(counter_space, name);
    auto text = store.get(family, key);
    auto value = (text ? KeyReader(*text).i64() : 0) + delta;
    std::optional<std::string> next;
    if (value != 0) next = KeyBuilder().i64(value).done();
    out.push_back({family, std::move(key), std::move(next)});
  }
}

}  // namespace ringledger
