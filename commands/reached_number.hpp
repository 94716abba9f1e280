// Which of our numbers a provider's webhook tells of.
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

}  // namespace ringledger
