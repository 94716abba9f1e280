// `erasures.v1`: every data subject that was erased. A start destroys their keys again, should the key store
// be an older copy. Entries: account ‖ subject.
#pragma once

#include <functional>

#include "projections/sight.hpp"

namespace ringledger {

struct ErasuresView {
  static constexpr std::string_view name = "erasures.v1";
  static std::vector<Entry> entries(const Fact& fact);
};

/// Those of all accounts, until `visit` answers false.
void each_erased(const ViewReader& erasures, const std::function<bool(std::string subject)>& visit);
/// That an event erases; of most none.
std::vector<std::string> subjects_erased_by(const Event& event);

}  // namespace ringledger
