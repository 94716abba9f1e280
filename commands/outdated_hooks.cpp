#include "commands/outdated_hooks.hpp"

namespace ringledger {

Decision<RenewOutdatedHooks::Answer> decide(const RenewOutdatedHooks& c, const Book& book, const Context&) {
  Accepted<RenewOutdatedHooks::Answer> accepted;
  for (const auto& [number, revision] : c.numbers) {
    const auto* n = book.find<numbers::Number>(number);
    bool ours = n && !n->deleted && (n->wanted.hooks || n->wanted.shadow);
    if (!ours || n->wanted_revision != revision) continue;
    accepted.events.push_back(numbers::HooksOutdated{n->id, n->workspace, c.public_url});
    ++accepted.result.renewed;
  }
  return accepted;
}

}  // namespace ringledger
