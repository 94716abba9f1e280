// How a call's state follows from its facts. What reports change is a maximum of an order, so that doubles,
// delays and shuffles end in the same state (twilio.md B.10: arrival order is not guaranteed).
#include "domain/call.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace ringledger::calls {
namespace {

constexpr std::array<std::string_view, 4> running{"queued", "initiated", "ringing", "in-progress"};
constexpr std::array<std::string_view, 6> over{"canceled", "failed",   "no-answer",
                                               "busy",     "answered", "completed"};

template <std::size_t N>
int place_in(const std::array<std::string_view, N>& words, std::string_view word) {
  auto at = std::ranges::find(words, word);
  return at == words.end() ? -1 : static_cast<int>(at - words.begin());
}

/// A word that is new to us is no end, and less than any we know.
auto progress(std::string_view status, std::int64_t sequence) {
  bool final = is_final(status);
  return std::tuple(final, final ? place_in(over, status) : place_in(running, status), sequence,
                    std::string(status));
}

/// The longest and the latest that was told.
template <class T>
void raise(std::optional<T>& most, const std::optional<T>& told) {
  if (told && (!most || *most < *told)) most = told;
}

void remember(Call& c, const std::string& report) {
  auto at = std::ranges::lower_bound(c.reports, report);
  if (at == c.reports.end() || *at != report) c.reports.insert(at, report);
}

Call on(const Received& e) {
  Call c;
  c.id = e.call;
  c.workspace = e.workspace;
  c.number = e.number;
  c.connection = e.connection;
  c.account_sid = e.account_sid;
  c.provider_sid = e.provider_sid;
  c.to = e.to;
  c.direction = e.direction;
  c.route = e.route;
  c.caller_country = e.caller_country;
  c.from = e.from;
  c.caller_name = e.contact_name.clear() ? e.contact_name : e.caller_name;
  c.status = e.status;
  c.started_at = e.started_at;
  c.contact = e.contact;
  return c;
}

void on(Call& c, const Attributed& e) { c.attribution = e.attribution; }
void on(Call& c, const AttributionRecomputed& e) { c.attribution = e.attribution; }
void on(Call& c, const Updated& e) { leads::update(c, e); }

void on(Call& c, const StatusReported& e, Timestamp at) {
  remember(c, e.report);
  raise(c.duration_s, e.duration_s);
  if (is_final(e.status)) raise(c.ended_at, std::optional(e.told_at.value_or(at)));
  auto sequence = e.sequence.value_or(-1);
  if (progress(e.status, sequence) <= progress(c.status, c.status_sequence)) return;
  c.status = e.status;
  c.status_sequence = sequence;
}

void on(Call& c, const ForwardEnded& e) {
  remember(c, e.report);
  if (c.forward_status.empty() || progress(e.status, 0) > progress(c.forward_status, 0))
    c.forward_status = e.status;
}

Outcome of_words(std::string_view status, bool talked) {
  if (status == "completed" || status == "answered") return talked ? Outcome::answered : Outcome::no_answer;
  if (status == "busy") return Outcome::busy;
  if (status == "failed") return Outcome::failed;
  return status == "canceled" ? Outcome::canceled : Outcome::no_answer;
}

}  // namespace

void forget_caller(Call& call) {
  call.from = call.caller_name = call.notes = {};
  call.tags = {};
  ++call.version;
}

bool is_final(std::string_view status) { return place_in(over, status) >= 0; }

bool has_report(const Call& call, std::string_view report) {
  return std::ranges::binary_search(call.reports, report, std::less<std::string_view>());
}

std::optional<Outcome> outcome_of(const Call& c) {
  switch (c.route.kind) {
    case RouteKind::parking:
      return Outcome::parked;
    case RouteKind::inactive:
      return Outcome::inactive;
    case RouteKind::no_target:
    case RouteKind::unknown_number:
      return Outcome::unrouted;
    case RouteKind::blocked_country:
      return Outcome::blocked_country;
    case RouteKind::forward:
      break;
  }
  if (!c.forward_status.empty()) return of_words(c.forward_status, true);  // Twilio tells it was answered
  if (!is_final(c.status)) return std::nullopt;
  return of_words(c.status, c.duration_s.value_or(0) > 0);
}

std::optional<Call> evolve(std::optional<Call> state, const Event& event, Timestamp at) {
  return std::visit(
      [&]<class E>(const E& e) -> std::optional<Call> {
        if constexpr (std::is_same_v<E, Received>) return on(e);
        if (!state) return std::nullopt;
        if constexpr (std::is_same_v<E, StatusReported>)
          on(*state, e, at);
        else if constexpr (!std::is_same_v<E, Received>)
          on(*state, e);
        return std::move(state);
      },
      event);
}

}  // namespace ringledger::calls
