#include "commands/provider_outcome.hpp"

namespace ringledger {

Decision<RecordProviderOutcome::Answer> decide(const RecordProviderOutcome& c, const Book& book,
                                               const Context&) {
  const auto* n = book.find<numbers::Number>(c.number);
  Accepted<RecordProviderOutcome::Answer> accepted{{}, {c.number}};
  bool same = n && n->workspace == c.workspace && n->connection == c.connection;
  if (!same) return accepted;  // moved meanwhile: its new place has its own wish
  auto& events = accepted.events;
  if (n->release_pending) {
    if (c.released) events.push_back(numbers::Released{n->id, n->workspace});
    if (c.release_refused) {
      events.push_back(
          numbers::ReleaseFailed{n->id, n->workspace, c.release_refused->code, c.release_refused->message});
    }
    return accepted;
  }
  if (n->deleted || c.revision <= n->synced_revision) return accepted;
  if (c.cnam_refused) {
    events.push_back(
        numbers::CnamRefused{n->id, n->workspace, c.revision, c.cnam_refused->code, c.cnam_refused->message});
  }
  if (c.actual) {
    events.push_back(numbers::ProviderSynced{n->id, n->workspace, c.revision, *c.actual, c.replaced});
  } else if (c.gone || c.refused) {
    auto error = c.refused.value_or(ProviderError{});
    events.push_back(
        numbers::ProviderFailed{n->id, n->workspace, c.revision, c.gone, error.code, error.message});
  }
  return accepted;
}

}  // namespace ringledger
