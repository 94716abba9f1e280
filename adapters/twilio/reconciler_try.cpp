// What the Reconciler does with a number's turn, and what follows from how it ended; what it tells of a
// failing provider is in reconciler_health.cpp.
#include <algorithm>

#include "adapters/twilio/reconciler_core.hpp"

namespace ringledger {

Result<std::optional<SyncRow>> Reconciler::Core::row_of(const Job& job) const {
  auto sight = x_ports.sight();
  return work_for(sight.of<ProviderSyncView>(), job.place.account, job.number);
}

void Reconciler::Core::run(const Job& job) {
  if (!may_act()) return ended_well(job, false);
  auto sight = x_ports.sight();
  // What is wanted by now: ten quick changes cost one call.
  auto row = work_for(sight.of<ProviderSyncView>(), job.place.account, job.number);
  if (!row) return ended_badly(job, "unreadable");
  if (!*row || (*row)->number.connection != job.place.connection) return ended_well(job, false);
  Turn turn{job, std::move((*row)->number), std::move((*row)->wish), {}};
  turn.connection = connection_of(sight, turn.number.workspace, job.place.connection);
  auto credentials = x_ports.credentials(job.place.account, job.place.connection);
  if (!credentials) {
    if (turn.connection) watch(job.place, *turn.connection);
    return ended_badly(job, "no_credentials", x_options.max_backoff_ms);
  }
  auto number = whole(job.place.account, std::move(turn.number));
  if (!number) return ended_badly(job, "unreadable");
  turn.number = std::move(*number);
  attempt(turn, *credentials);
}

/// Masked hooks must never be written to the provider, nor recorded as what is there.
std::optional<numbers::Number> Reconciler::Core::whole(AccountId account, numbers::Number number) const {
  const auto& restore = number.wanted.restore;
  bool withheld = is_withheld(number.actual.hooks) || (restore && is_withheld(*restore));
  if (!withheld) return number;
  return x_ports.with_secrets(account, number);
}

void Reconciler::Core::attempt(const Turn& turn, const CarrierCredentials& credentials) {
  std::function<bool()> go_on = [this] { return may_act(); };
  AttemptMeans means{x_ports.carrier, credentials, x_options.public_base_url, go_on};
  bool releasing = work_of(turn.number) == SyncWork::release;
  auto attempt = releasing ? release(turn.number, means) : bring_to_wanted(turn.number, means);
  if (attempt.outcome) {
    if (attempt.metric != "unchanged") tell_health(turn, connections::State::active, {});
    return record(turn, std::move(attempt));
  }
  if (attempt.again) return provider_failed(turn, *attempt.again);
  ended_well(turn.job, false);  // stopping
}

void Reconciler::Core::record(const Turn& turn, Attempt attempt) {
  const auto& job = turn.job;
  Tried tried{turn.number.wanted_revision, turn.number.version, attempt.metric};
  x_ports.record(job.place.account, std::move(*attempt.outcome), std::move(attempt.natural_key), turn.wish,
                 [self = shared_from_this(), job, tried](bool committed) {
                   auto& pool = self->x_ports.pool;  // not on the shard's thread
                   pool.post([self, job, tried, committed] { self->recorded(job, tried, committed); });
                 });
}

/// A record that takes no work off the list must not be repeated at full speed.
void Reconciler::Core::recorded(const Job& job, const Tried& tried, bool committed) {
  auto row = committed ? row_of(job) : fail(Code::internal, "not committed");
  bool same = row && *row && (*row)->number.connection == job.place.connection &&
              (*row)->number.wanted_revision == tried.revision && (*row)->number.version == tried.version;
  if (!row || same) return ended_badly(job, "not_recorded");
  x_ports.metric(tried.metric);
  ended_well(job, tried.metric != "unchanged");
}

void Reconciler::Core::provider_failed(const Turn& turn, const CarrierFailure& failure) {
  if (concerns_account(failure)) return account_failed(turn, failure);
  tell_delay(turn, failure);
  ended_badly(turn.job, "unavailable", std::int64_t{failure.retry_after_s} * 1000);
}

/// Sets the pause and tells how long it is.
std::int64_t Reconciler::Core::pause(Line& line, std::uint64_t round, std::int64_t at_least_ms) {
  constexpr int most_doublings = 20;
  if (round == line.round) {
    line.failures = std::min(line.failures + 1, most_doublings);
    ++line.round;
  }
  auto doubled = x_options.first_backoff_ms << std::max(line.failures - 1, 0);
  auto longest = std::min(x_options.max_backoff_ms, doubled);
  auto spread = static_cast<std::uint64_t>(std::max<std::int64_t>(longest, 1));
  auto delay_ms = 1 + static_cast<std::int64_t>(x_ports.random.next_u64() % spread);  // full jitter
  delay_ms = std::max(delay_ms, at_least_ms);
  line.not_before = std::max(line.not_before, x_ports.clock.monotonic_ms() + delay_ms);
  return delay_ms;
}

void Reconciler::Core::leave(const Job& job) {
  x_busy.erase({job.place.account, job.number});
  --x_in_flight;
  --x_lines[job.place].in_flight;
}

/// `proved`: the provider answered, so the connection is well again.
void Reconciler::Core::ended_well(const Job& job, bool proved) {
  {
    std::lock_guard lock(x_mutex);
    auto& line = x_lines[job.place];
    if (proved && line.round == job.round) line.failures = 0;
    x_tries.erase({job.place.account, job.number});
    leave(job);
  }
  wake();
  maybe_stopped();
}

void Reconciler::Core::ended_badly(const Job& job, std::string_view metric, std::int64_t at_least_ms) {
  x_ports.metric(metric);
  std::int64_t delay_ms = 0;
  {
    std::lock_guard lock(x_mutex);
    delay_ms = pause(x_lines[job.place], job.round, at_least_ms);
    leave(job);
  }
  wake_after(delay_ms);
  wake();  // room for other connections
  maybe_stopped();
}

}  // namespace ringledger
