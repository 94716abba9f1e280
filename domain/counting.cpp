#include "domain/counting.hpp"

namespace ringledger {

bool Ownership::take(const Claim& claim) {
  if (epoch.empty() || claim.term <= term) return false;
  term = claim.term;
  owner = claim.node;
  owner_url = claim.url;
  seq = 0;
  return true;
}

std::optional<VoidReason> Ownership::count(const Commit& commit, std::optional<Timestamp> seen_at,
                                           Timestamp effective) {
  if (owner.empty()) return VoidReason::no_owner;
  if (commit.term != term) return VoidReason::stale_term;
  if (commit.node != owner) return VoidReason::foreign_node;
  if (commit.seq != seq + 1) return VoidReason::sequence_gap;
  if (seen_at && remembered(*seen_at, effective)) return VoidReason::duplicate;
  seq = commit.seq;
  return std::nullopt;
}

}  // namespace ringledger
