#include "commands/provider_outcome.hpp"

#include "commands/connection.hpp"

namespace ringledger {
namespace {

std::optional<std::string> named(const std::string& request_id) {
  return request_id.empty() ? std::nullopt : std::optional(request_id);
}

std::vector<Event> of_release(const RecordProviderOutcome& c, const numbers::Number& n) {
  std::vector<Event> events;
  if (c.released) events.push_back(numbers::Released{n.id, n.workspace, c.revision, named(c.request_id)});
  if (c.release_refused) {
    events.push_back(numbers::ReleaseFailed{n.id, n.workspace, c.release_refused->code,
                                            c.release_refused->message, c.revision, named(c.request_id)});
  }
  return events;
}

std::vector<Event> of_update(const RecordProviderOutcome& c, const numbers::Number& n) {
  std::vector<Event> events;
  if (c.cnam_refused) {
    events.push_back(numbers::CnamRefused{n.id, n.workspace, c.revision, c.cnam_refused->code,
                                          c.cnam_refused->message, named(c.cnam_request_id)});
  }
  if (c.gone || c.refused) {
    auto error = c.refused.value_or(ProviderError{});
    events.push_back(numbers::ProviderFailed{n.id, n.workspace, c.revision, c.gone, error.code, error.message,
                                             c.refused_groups, c.actual, named(c.request_id)});
  } else if (c.actual) {
    events.push_back(
        numbers::ProviderSynced{n.id, n.workspace, c.revision, *c.actual, c.replaced, named(c.request_id)});
  }
  return events;
}

bool is_news(const ProviderError& error, const numbers::Number& n) {
  return error.code != n.provider_error_code || n.provider_error_message.empty();
}

std::vector<Event> of_connection(const RecordProviderOutcome& c, const Book& book) {
  const auto* con = connection_in(c.workspace, c.connection, book);
  bool same = con && con->version == c.connection_version;  // else it was asked with older credentials
  if (!same || con->state == *c.health) return {};
  auto error = c.refused.value_or(ProviderError{});
  return {connections::Verified{con->id, con->workspace, *c.health, con->account_type, error.code,
                                error.message, named(c.request_id)}};
}

/// Nothing waits for this outcome (any more).
bool is_late(const RecordProviderOutcome& c, const numbers::Number& n) {
  if (n.release_pending) return n.release_refused || c.revision != n.wanted_revision;
  if (n.deleted || c.revision <= n.synced_revision) return true;
  return c.delayed && (c.revision != n.wanted_revision || n.given_up());
}

}  // namespace

Decision<RecordProviderOutcome::Answer> decide(const RecordProviderOutcome& c, const Book& book,
                                               const Context&) {
  if (c.health) return Accepted<RecordProviderOutcome::Answer>{of_connection(c, book), {c.number}};
  const auto* n = book.find<numbers::Number>(c.number);
  Accepted<RecordProviderOutcome::Answer> accepted{{}, {c.number}};
  bool same = n && n->workspace == c.workspace && n->connection == c.connection;
  if (!same || is_late(c, *n)) return accepted;  // moved meanwhile: its new place has its own wish
  auto events = n->release_pending ? of_release(c, *n) : of_update(c, *n);
  if (c.delayed && is_news(*c.delayed, *n)) {
    events.push_back(numbers::ProviderDelayed{n->id, n->workspace, c.revision, c.tries, c.delayed->code,
                                              c.delayed->message, named(c.request_id)});
  }
  accepted.events = std::move(events);
  return accepted;
}

}  // namespace ringledger
