#include "commands/number.hpp"

#include "commands/pool.hpp"

namespace ringledger {
namespace {

/// In a query a plus that is not encoded reads as a blank.
bool names(const Text<40>& confirm, const E164& number) {
  const auto& text = confirm.value;
  return text == number.text || (text.starts_with(' ') && text.substr(1) == number.text.substr(1));
}

}  // namespace

std::vector<Error> field_faults(const RenameNumber& c, const Book&, const Context&) {
  return c.label.present ? std::vector<Error>() : field_fault("/label", "is required; null clears it");
}

Decision<RenameNumber::Answer> decide(const RenameNumber& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* n = number_in(c.workspace, c.number, book);
  if (!n) return no_such_thing();
  if (auto fault = version_fault(*n, ctx)) return std::unexpected(*fault);
  if (auto fault = release_fault(*n)) return std::unexpected(*fault);
  auto label = c.label.value ? std::optional(c.label.value->value) : std::nullopt;
  std::vector<Event> events;
  if (label != n->label || n->given_up()) events.push_back(numbers::Renamed{n->id, n->workspace, label});
  auto now = after(*n, events, ctx);
  return Accepted<RenameNumber::Answer>{std::move(events),
                                        {now.id, now.version, now.label, provider_progress(now)}};
}

Decision<ToggleCnam::Answer> decide(const ToggleCnam& c, const Book& book, const Context& ctx) {
  const auto* n = number_in(c.workspace, c.number, book);
  if (!n) return no_such_thing();
  if (auto fault = version_fault(*n, ctx)) return std::unexpected(*fault);
  if (auto fault = release_fault(*n)) return std::unexpected(*fault);
  if (n->origin != numbers::Origin::twilio) {
    return refuse(Code::capability_missing,
                  "Caller names are looked up by Twilio, for Twilio's numbers only.");
  }
  std::vector<Event> events;
  if (c.enabled != n->cnam_enabled || n->given_up())
    events.push_back(numbers::CnamToggled{n->id, n->workspace, c.enabled});
  auto now = after(*n, events, ctx);
  return Accepted<ToggleCnam::Answer>{std::move(events),
                                      {now.id, now.version, cnam_progress(now), provider_progress(now)}};
}

Decision<ActivateNumber::Answer> decide(const ActivateNumber& c, const Book& book, const Context& ctx) {
  const auto* n = number_in(c.workspace, c.number, book);
  if (!n) return no_such_thing();
  if (auto fault = version_fault(*n, ctx)) return std::unexpected(*fault);
  if (auto fault = release_fault(*n)) return std::unexpected(*fault);
  std::vector<Event> events;
  bool wished = c.status != n->status || n->given_up();
  if (wished && c.status == numbers::Status::active) {
    events.push_back(numbers::Activated{n->id, n->workspace});
  } else if (wished) {
    events = ending_lease(n->id, sessions::ReleasedBy::deactivation, book);
    for (auto& e : ending_drain(n->id, book)) events.push_back(std::move(e));
    events.emplace_back(numbers::Deactivated{n->id, n->workspace});
  }
  auto now = after(*n, events, ctx);
  return Accepted<ActivateNumber::Answer>{
      std::move(events), {now.id, now.version, now.status, now.routing, provider_progress(now)}};
}

Decision<DeleteNumber::Answer> decide(const DeleteNumber& c, const Book& book, const Context& ctx) {
  const auto* n = number_in(c.workspace, c.number, book);
  if (!n) return no_such_thing();
  if (auto fault = version_fault(*n, ctx)) return std::unexpected(*fault);
  if (c.release && n->origin != numbers::Origin::twilio) {
    return refuse(Code::not_releasable, "Only numbers of a Twilio connection can be released from here.");
  }
  if (c.release && (!c.confirm || !names(*c.confirm, n->e164))) {
    return refuse(Code::confirmation_required,
                  "Releasing is for good; repeat with confirm=%2B" + n->e164.text.substr(1) +
                      " in the query, or \"confirm\":\"" + n->e164.text + "\" in the body.",
                  {{Code::confirmation_required, "must be the number itself", "/confirm"}});
  }
  bool waiting = n->release_pending && !n->release_refused;
  if (waiting) {  // deleted already, and the release is on its way: too late to keep it there
    return Accepted<DeleteNumber::Answer>{{}, {n->id, n->version, true, true, provider_progress(*n)}, 202};
  }
  auto standing = warnings_of_moving(*n, book, ctx.now);
  if (auto fault = warnings_fault(standing, c.acknowledged)) return std::unexpected(*fault);
  auto events = ending_lease(n->id, sessions::ReleasedBy::removal, book);
  events.emplace_back(
      numbers::Deleted{n->id, n->workspace, n->campaign, c.release, heeded(standing, c.acknowledged)});
  auto now = after(*n, events, ctx);
  return Accepted<DeleteNumber::Answer>{std::move(events),
                                        {now.id, now.version, true, c.release, provider_progress(now)},
                                        c.release ? 202 : 200};
}

}  // namespace ringledger
