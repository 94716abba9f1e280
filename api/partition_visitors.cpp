// A partition's part in visitor sessions: their routes, and the commands of their timers.
#include "adapters/json/json_reader.hpp"
#include "api/internal_ticket.hpp"
#include "api/partition.hpp"

namespace ringledger {

void Partition::assemble_visitors() {
  x_sessions = std::make_shared<SessionKeeper>(SessionKeeper::Ports{
      [this] { return x_views->sight(); },
      [this](AccountId a, LapseSession c, SessionKeeper::Answered done) { lapse(a, c, std::move(done)); },
      [this] { return x_shard->open() ? x_shard->term() : 0; }, x_machine.readers, x_machine.clock});
  x_visitors = std::make_unique<Visitors>(Visitors::Ports{
      x_shard.get(), x_trackers.get(), x_sessions.get(), x_parts.vault, x_parts.limits.get(), x_gate.get(),
      &x_parts.metrics, x_machine.random, x_machine.readers, x_log_name, x_forwarding.get()});
  assemble_cleanup();
}

void Partition::assemble_cleanup() {
  auto forget = [this](AccountId account, const ForgetVisits& command,
                       std::move_only_function<void(bool)> done) {
    auto ticket = natural_ticket(*x_parts.vault, *x_machine.random, account, {"system"}, command,
                                 command.natural_key());
    ticket->answer = [this, d = std::move(done)](const CommandAnswer& a) mutable {
      if (a.refused) return d(false);
      when_shown(a.offset, [told = std::move(d)]() mutable { told(true); });
    };
    x_shard->submit(std::move(ticket));
  };
  x_cleanup = std::make_shared<VisitCleanup>(
      VisitCleanup::Ports{[this] { return x_views->sight(); }, std::move(forget),
                          [this] { return x_shard->open(); }, x_machine.providers, x_machine.clock});
}

/// Known by the session and the deadline, so that a repeat is single too.
void Partition::lapse(AccountId account, LapseSession command, SessionKeeper::Answered done) {
  auto ticket =
      natural_ticket(*x_parts.vault, *x_machine.random, account, {"system"}, command, command.natural_key());
  ticket->answer = [d = std::move(done)](CommandAnswer a) mutable {
    if (a.refused) return d(std::nullopt);
    auto answer = json::from_stored_text<LapseSession::Answer>(a.result.clear);
    d(answer ? std::optional(*answer) : std::nullopt);
  };
  x_shard->submit(std::move(ticket));
}

}  // namespace ringledger
