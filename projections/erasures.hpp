// `erasures.v1`: every data subject that was erased. A start destroys their keys again, should the key store
// be an older copy. Entries: account ‖ subject.
#pragma once

#include "projections/sight.hpp"

namespace ringledger {

struct ErasuresView {
  static constexpr std::string_view name = "erasures.v1";
  static std::vector<Entry> entries(const Fact& fact);
};

/// Of all accounts.
std::vector<std::string> erased_subjects(const ViewReader& erasures);
/// That an event erases; of most none.
std::vector<std::string> subjects_erased_by(const Event& event);

}  // namespace ringledger
