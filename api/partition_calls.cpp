// A partition's part in calls and messages that Twilio's webhooks told nothing of: asking for them.
#include "adapters/twilio/missed_webhooks.hpp"
#include "api/internal_ticket.hpp"
#include "api/logging.hpp"
#include "api/partition.hpp"

namespace ringledger {

namespace {

MissedWebhooksOptions options_of(const TwilioConfig& config) {
  MissedWebhooksOptions options;
  options.ask_after_ms = options.calls.late_after_ms = config.call_ask_after_s * 1000;
  options.calls.every_ms = config.call_list_every_s * 1000;
  options.calls.look_back_ms = config.call_look_back_h * 3'600'000;
  options.messages.every_ms = options.messages.late_after_ms = config.message_list_every_s * 1000;
  options.messages.look_back_ms = config.message_look_back_h * 3'600'000;
  options.self_wake_ms = std::min(
      {options.self_wake_ms, options.ask_after_ms, options.calls.every_ms, options.messages.every_ms});
  return options;
}

/// A list that is too long is cut, which must be seen.
void tell_cut(std::string_view outcome) {
  if (outcome == "calls_cut") log_error("Twilio's list of calls is too long to be read whole");
  if (outcome == "messages_cut") log_error("Twilio's list of messages is too long to be read whole");
}

}  // namespace

void Partition::assemble_missed_webhooks() {
  auto record = [this]<class C>(AccountId account, const std::string& account_sid, C command,
                                MissedWebhooksPorts::Done done) {
    auto key = command.natural_key(account_sid);
    auto ticket =
        natural_ticket(*x_parts.vault, *x_machine.random, account, {"system"}, std::move(command), key);
    ticket->answer = [d = std::move(done)](const CommandAnswer& a) mutable { d(!a.refused); };
    x_shard->submit(std::move(ticket));
  };
  x_missed = std::make_shared<MissedWebhooks>(
      MissedWebhooksPorts{[this] { return x_views->sight(); }, *x_parts.carrier,
                          [this](AccountId a, ConnectionId c) { return credentials(a, c); },
                          [this](AccountId a, const std::string& account_sid, const std::string& call_sid) {
                            return known_call(a, account_sid, call_sid);
                          },
                          [this](AccountId a, const std::string& account_sid, const std::string& sid) {
                            return knows_message(a, account_sid, sid);
                          },
                          record, record, *x_machine.providers, *x_machine.clock,
                          [this](std::string_view what) {
                            x_parts.metrics.reconciler_call(what);
                            tell_cut(what);
                          },
                          [this] { return x_shard->open(); }},
      options_of(x_parts.config.twilio));
}

std::optional<calls::Call> Partition::known_call(AccountId account, const std::string& account_sid,
                                                 const std::string& call_sid) {
  auto at = x_book->get(book_key(account, row_kind<CallBySid>, sid_name(account_sid, call_sid)));
  if (!at || !*at) return std::nullopt;  // decided anyway, which finds out
  auto call = std::get<CallBySid>(**at).call;
  auto row = x_book->get(book_key(account, row_kind<calls::Call>, raw_name(call.raw)));
  return row && *row ? std::optional(std::get<calls::Call>(**row)) : std::nullopt;
}

bool Partition::knows_message(AccountId account, const std::string& account_sid,
                              const std::string& message_sid) {
  auto at = x_book->get(book_key(account, row_kind<MessageBySid>, sid_name(account_sid, message_sid)));
  return at && *at;  // else decided anyway, which finds out
}

}  // namespace ringledger
