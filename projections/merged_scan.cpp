#include "projections/merged_scan.hpp"

#include <algorithm>
#include <deque>

#include "projections/keys.hpp"
#include "projections/view.hpp"

namespace ringledger {
namespace {

constexpr std::size_t first_chunk = 4, largest_chunk = 256;  // entries read ahead of one index

/// One index, read ahead in growing chunks.
class Stretch {
 public:
  Stretch(const ViewReader& view, const std::string& index, const ScanBounds& bounds, bool descending)
      : x_view(view), x_name(index.size()), x_descending(descending) {
    x_from = index + bounds.from;
    x_to = bounds.to ? index + *bounds.to : after_prefix(index);
    fill();
  }
  struct Place {
    std::string order, value;
  };
  [[nodiscard]] const Place* front() const { return x_ahead.empty() ? nullptr : &x_ahead.front(); }
  void pop() {
    x_ahead.pop_front();
    if (x_ahead.empty()) fill();
  }

 private:
  void fill() {
    if (x_ended || (!x_to.empty() && x_from >= x_to)) return;
    x_view.scan(index_space, x_from, x_to, x_descending, [&](std::string_view key, std::string_view value) {
      x_ahead.push_back({std::string(key.substr(x_name)), std::string(value)});
      if (x_ahead.size() < x_chunk) return true;
      x_descending ? x_to = key : x_from = std::string(key) + '\0';
      return false;
    });
    x_ended = x_ahead.size() < x_chunk;
    x_chunk = std::min(2 * x_chunk, largest_chunk);
  }

  const ViewReader& x_view;
  std::size_t x_name, x_chunk = first_chunk;
  bool x_descending, x_ended = false;
  std::string x_from, x_to;
  std::deque<Place> x_ahead;
};

void scan_one(const ViewReader& view, const std::string& index, const ScanBounds& bounds, bool descending,
              const MergedVisit& visit) {
  auto from = index + bounds.from, to = bounds.to ? index + *bounds.to : after_prefix(index);
  view.scan(
      index_space, from, std::max(from, to), descending,
      [&](std::string_view key, std::string_view value) { return visit(key.substr(index.size()), value); });
}

}  // namespace

void merged_scan(const ViewReader& view, const std::vector<std::string>& indexes, const ScanBounds& bounds,
                 bool descending, const MergedVisit& visit) {
  if (indexes.size() == 1) return scan_one(view, indexes.front(), bounds, descending, visit);
  std::deque<Stretch> stretches;
  std::vector<Stretch*> heads;  // a heap, whose first is the next
  auto later = [descending](const Stretch* a, const Stretch* b) {
    return descending ? a->front()->order < b->front()->order : a->front()->order > b->front()->order;
  };
  for (const auto& index : indexes) {
    auto& stretch = stretches.emplace_back(view, index, bounds, descending);
    if (stretch.front()) heads.push_back(&stretch);
  }
  std::ranges::make_heap(heads, later);
  std::string last;
  while (!heads.empty()) {
    std::ranges::pop_heap(heads, later);
    auto* next = heads.back();
    bool again = next->front()->order == last;
    if (!again) last = next->front()->order;
    if (!again && !visit(last, next->front()->value)) return;
    next->pop();
    if (next->front())
      std::ranges::push_heap(heads, later);
    else
      heads.pop_back();
  }
}

}  // namespace ringledger
