// `Prefer: wait` of a command: the outcomes at the provider that were recorded for its wishes take the
// answer's place once all are known.
#include "api/edge_running.hpp"
#include "api/position.hpp"
#include "api/problem.hpp"
#include "projections/inventory_query.hpp"

namespace ringledger {
namespace {

/// Each holds its numbers in memory meanwhile; past it a command about many numbers is answered at once.
constexpr int most_waits_for_many = 64;

std::string text_of(const RecordedOutcome::Error& error) {
  return error.cnam ? "The provider cannot look up caller names for this number."
                    : "The provider refused: " + error.message;
}

/// What the provider refused for good.
Refusal refusal_of(const RecordedOutcome::Error& error) {
  auto refusal = plain(Code::provider_refused, text_of(error));
  refusal.provider = ProviderError{static_cast<int>(error.code), error.message, ""};
  return refusal;
}

}  // namespace

bool Edge::wants_outcomes(const RunningPtr& running, std::uint64_t offset) {
  const auto& prepared = running->prepared;
  if (running->wait_ms <= 0 || (!prepared.number && !prepared.with_outcomes)) return false;
  if (!prepared.number) {
    bool room = x_waits_for_many->fetch_add(1) < most_waits_for_many;
    running->waiting = std::shared_ptr<void>(nullptr, [count = x_waits_for_many](void*) { --*count; });
    if (!room) return false;
  }
  std::vector<NumberId> named;
  if (prepared.number) named.push_back(*prepared.number);
  running->outcomes.emplace(running->call.caller.account, offset, std::move(named));
  return true;
}

void Edge::wait_for_outcomes(const RunningPtr& running, HttpResponse response, std::int64_t until_ms) {
  auto held = std::make_shared<HttpResponse>(std::move(response));
  x_ports.readers->post([this, running, held, until_ms] {
    auto left_ms = until_ms - x_ports.clock->monotonic_ms();
    if (outcomes_known(running, *held) || left_ms <= 0) return finish(running, std::move(*held));
    auto key = inventory_key(running->call.caller.account, running->outcomes->awaited());
    // Looked at and not there yet; a write between the look and the wait is caught by the next look,
    // which comes after half a second at the latest.
    x_ports.gate->when_written(
        key, std::min<std::int64_t>(left_ms, 500),
        [this, running, held, until_ms](bool) { wait_for_outcomes(running, std::move(*held), until_ms); });
  });
}

/// True: `response` is what it will be.
bool Edge::outcomes_known(const RunningPtr& running, HttpResponse& response) {
  using State = RecordedOutcome::State;
  auto& outcomes = *running->outcomes;
  Sight sight = x_ports.views->sight();
  auto settled = outcomes.settled(sight.of<HistoryView>(), x_ports.commit_at, sight.position());
  if (settled && !*settled) return false;
  if (!settled || outcomes.recorded().empty()) return true;
  auto headers = std::exchange(response.headers, {});
  std::erase_if(headers, [](auto& h) { return h.first == "Ringledger-Position"; });
  headers.emplace_back("Ringledger-Position", position_text(x_ports.log, outcomes.position()));
  const auto& [first, state] = outcomes.recorded().front();
  if (!running->prepared.number) {
    std::map<NumberId, std::string> refused;
    for (const auto& [outcome, came] : outcomes.recorded())
      if (came == State::refused) refused.emplace(outcome.id(), text_of(outcome.error()));
    response.body = running->prepared.with_outcomes(response.body, refused);
  } else if (state == State::refused) {
    response = problem(refusal_of(first.error()), running->call.trace_id);
    std::erase_if(headers, [](auto& h) { return h.first == "Content-Type"; });
    std::ranges::move(headers, std::back_inserter(response.headers));
    return true;
  } else {
    const auto& n = first.number();
    response.body = running->prepared.with_outcome(response.body, n.visible() ? &n : nullptr);
  }
  response.status = 200;
  response.headers = std::move(headers);
  return true;
}

}  // namespace ringledger
