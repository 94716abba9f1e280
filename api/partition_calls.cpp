// A partition's part in calls that Twilio's webhooks told nothing of: asking for them.
#include "adapters/twilio/call_reconciler.hpp"
#include "api/internal_ticket.hpp"
#include "api/logging.hpp"
#include "api/partition.hpp"

namespace ringledger {

void Partition::assemble_calls() {
  const auto& config = x_parts.config.twilio;
  CallReconcilerOptions options;
  options.ask_after_ms = config.call_ask_after_s * 1000;
  options.list_every_ms = config.call_list_every_s * 1000;
  options.look_back_ms = config.call_look_back_h * 3'600'000;
  options.self_wake_ms = std::min({options.self_wake_ms, options.ask_after_ms, options.list_every_ms});
  auto record = [this](AccountId account, const std::string& account_sid, ReconcileCall command,
                       std::move_only_function<void(bool)> done) {
    auto key = command.natural_key(account_sid);
    auto ticket =
        natural_ticket(*x_parts.vault, *x_machine.random, account, {"system"}, std::move(command), key);
    ticket->answer = [d = std::move(done)](const CommandAnswer& a) mutable { d(!a.refused); };
    x_shard->submit(std::move(ticket));
  };
  x_calls = std::make_shared<CallReconciler>(
      CallReconcilerPorts{[this] { return x_views->sight(); }, *x_parts.carrier,
                          [this](AccountId a, ConnectionId c) { return credentials(a, c); },
                          [this](AccountId a, const std::string& account_sid, const std::string& call_sid) {
                            return known_call(a, account_sid, call_sid);
                          },
                          std::move(record), *x_machine.providers, *x_machine.clock,
                          [this](std::string_view what) {
                            x_parts.metrics.reconciler_call(what);
                            if (what == "calls_cut")
                              log_error("Twilio's list of calls is too long to be read whole");
                          },
                          [this] { return x_shard->open(); }},
      options);
}

std::optional<calls::Call> Partition::known_call(AccountId account, const std::string& account_sid,
                                                 const std::string& call_sid) {
  auto at = x_book->get(book_key(account, row_kind<CallBySid>, sid_name(account_sid, call_sid)));
  if (!at || !*at) return std::nullopt;  // decided anyway, which finds out
  auto call = std::get<CallBySid>(**at).call;
  auto row = x_book->get(book_key(account, row_kind<calls::Call>, raw_name(call.raw)));
  return row && *row ? std::optional(std::get<calls::Call>(**row)) : std::nullopt;
}

}  // namespace ringledger
