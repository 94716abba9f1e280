// Which records of a partition count: the one pure rule set that both engines and every reader share
// (../shared/spec/protocol.md "Rules").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/commit.hpp"

namespace ringledger {

/// How long a command's id is remembered, in the account's log time.
inline constexpr std::int64_t remembered_ms = 7LL * 24 * 3600 * 1000;

BOOST_DEFINE_ENUM_CLASS(VoidReason, no_owner, stale_term, foreign_node, sequence_gap, duplicate)

/// Who may write, as the log alone says.
struct Ownership {
  std::string epoch;       ///< of the first LOG record; "" before it: nothing counts
  std::uint64_t term = 0;  ///< T
  std::string owner;       ///< node of the counted claim; "" = none
  std::string owner_url;
  std::uint64_t seq = 0;  ///< S: the last counted commit's seq in this term
  std::string basis;      ///< chained hash of the counted commits
  RL_FIELDS(Ownership, epoch, term, owner, owner_url, seq, basis);

  /// True when the claim counts; then it is the new owner.
  bool take(const Claim& claim);
  /// Whether a commit so stamped counts, as far as ownership goes.
  [[nodiscard]] bool is_next(std::uint64_t of_term, std::string_view node, std::uint64_t of_seq) const {
    return !owner.empty() && of_term == term && node == owner && of_seq == seq + 1;
  }
  /// nullopt: the commit counts as far as ownership goes; then `seq` has moved. `duplicate` is said by
  /// the caller, who holds the index: `seen_at` is the effective time of an earlier counted commit
  /// with the same key_hash, `effective` is effective_time of this one.
  std::optional<VoidReason> count(const Commit& commit, std::optional<Timestamp> seen_at,
                                  Timestamp effective);
};

/// e := max(time, account.eff).
inline Timestamp effective_time(Timestamp log_time, Timestamp account_eff) {
  return log_time < account_eff ? account_eff : log_time;
}

/// Still remembered at `effective`?
inline bool remembered(Timestamp seen_at, Timestamp effective) {
  return effective.ms - seen_at.ms < remembered_ms;
}

}  // namespace ringledger
