#include "commands/decision.hpp"

#include <algorithm>

namespace ringledger {

const numbers::ProviderNumber* ProviderFacts::by_e164(const E164& e164) const {
  auto at = std::find_if(numbers.begin(), numbers.end(), [&](const auto& n) { return n.e164 == e164; });
  return at == numbers.end() ? nullptr : &*at;
}

const numbers::ProviderNumber* ProviderFacts::by_sid(const std::string& sid) const {
  auto at = std::find_if(numbers.begin(), numbers.end(), [&](const auto& n) { return n.sid == sid; });
  return at == numbers.end() ? nullptr : &*at;
}

const ProviderFacts* Context::about(ConnectionId connection) const {
  if (!facts) return nullptr;
  auto at =
      std::find_if(facts->begin(), facts->end(), [&](const auto& f) { return f.connection == connection; });
  return at == facts->end() ? nullptr : &*at;
}

bool is_remembered(Code code) {
  switch (code) {
    case Code::already_imported:
    case Code::number_not_in_provider_account:
    case Code::provider_account_mismatch:
    case Code::provider_refused:
    case Code::warnings_not_acknowledged:
    case Code::warnings_changed:
    case Code::overwrite_not_acknowledged:
    case Code::confirmation_required:
    case Code::not_releasable:
    case Code::number_inactive:
    case Code::capability_missing:
    case Code::campaign_archived:
    case Code::campaign_not_empty:
    case Code::same_workspace:
    case Code::name_taken:
    case Code::last_owner:
    case Code::nothing_to_undo:
    case Code::not_undoable:
    case Code::undo_conflict:
    case Code::version_mismatch:
      return true;
    default:
      return false;
  }
}

Refusal refusal_of(std::vector<Error> faults) {
  Refusal r;
  r.code = faults.front().code;
  for (const auto& f : faults) {
    if (f.code == Code::unknown_field) r.code = f.code;  // a misspelt member explains the missing one
  }
  r.detail = faults.front().pointer + " " + faults.front().detail;
  if (faults.size() > 1) r.detail += " (and " + std::to_string(faults.size() - 1) + " more)";
  r.errors = std::move(faults);
  return r;
}

}  // namespace ringledger
