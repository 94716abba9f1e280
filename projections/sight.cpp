#include "projections/sight.hpp"

#include <limits>

namespace ringledger {

std::optional<std::string> ViewReader::get(char space, std::string_view key) const {
  return x_snapshot->get(x_family, in_space(space, key));
}

void ViewReader::scan(char space, std::string_view from, std::string_view to, bool reversed,
                      const Visit& visit) const {
  auto end = to.empty() ? std::string(1, static_cast<char>(space + 1)) : in_space(space, to);
  x_snapshot->scan(x_family, in_space(space, from), end, reversed,
                   [&](std::string_view key, std::string_view value) { return visit(key.substr(1), value); });
}

void ViewReader::scan_prefix(char space, std::string_view prefix, bool reversed, const Visit& visit) const {
  scan(space, prefix, after_prefix(prefix), reversed, visit);
}

std::int64_t ViewReader::counter(std::string_view name) const {
  auto text = get(counter_space, name);
  return text ? KeyReader(*text).i64() : 0;
}

std::uint64_t ViewReader::position() const {
  auto text = get(meta_space, "position");
  return text ? KeyReader(*text).u64() : 0;
}

std::uint64_t Sight::position() const {
  auto lowest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [name, place] : *x_places) {
    lowest = std::min(lowest, ViewReader(x_snapshot, place.family).position());
  }
  return x_places->empty() ? 0 : lowest;
}

}  // namespace ringledger
