// Several indexes of one view read as one, in the order that their keys have behind each index's name.
#pragma once

#include <functional>

#include "projections/sight.hpp"

namespace ringledger {

/// Of the order: [from, to); without `to` to the end.
struct ScanBounds {
  std::string from{};
  std::optional<std::string> to{};
};
using MergedVisit = std::function<bool(std::string_view order, std::string_view value)>;

/// Visits each place in the order once, also when several indexes have an entry there, until `visit` is
/// false.
void merged_scan(const ViewReader& view, const std::vector<std::string>& indexes, const ScanBounds& bounds,
                 bool descending, const MergedVisit& visit);

}  // namespace ringledger
