// Which of our numbers a provider tells of, and what that number was when something came to it.
#pragma once

#include "commands/book.hpp"

namespace ringledger {

/// The number, wherever in the account it is now; nullptr when it is in no inventory, or is not of the
/// provider account that told us: who has another one's token tells nothing about this number.
inline const numbers::Number* reached_number(const connections::Connection& con, const std::string& ours,
                                             const Book& book) {
  const auto e164 = E164::parse(ours);
  const auto* n = e164 ? book.number_by_e164(*e164) : nullptr;
  if (!n || n->deleted) return nullptr;
  const auto* its = book.find<connections::Connection>(n->connection);
  return its && its->account_sid == con.account_sid ? n : nullptr;
}

/// Providers tell in whole seconds when a call began or a message came.
inline constexpr std::int64_t told_within_ms = 999;

/// Whether a call or message to the number at that time was ours to answer.
inline bool asked_us(const numbers::Number& number, Timestamp at) {
  return !number.deleted && number.hooked_at && number.hooked_at->ms <= at.ms + told_within_ms;
}

/// Whether its campaign got the number only after that time. A commit's id tells when it was made.
inline bool assigned_after(const numbers::Number& number, Timestamp at, const Book& book) {
  const auto* by = book.find<AssignedBy>(number.id);
  auto commit = by ? CommitId::parse(by->event.substr(0, by->event.find('/'))) : std::nullopt;
  return commit && static_cast<std::int64_t>(commit->raw.ms()) > at.ms + told_within_ms;
}

}  // namespace ringledger
