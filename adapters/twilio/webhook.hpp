// What Twilio posts to us: is it from Twilio, and what does it say (twilio.md B.9, B.10).
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "adapters/http/url.hpp"
#include "commands/call_report.hpp"
#include "commands/message.hpp"
#include "domain/call.hpp"

namespace ringledger::twilio {

/// Twilio's own forms have a kilobyte; parameters may be added.
inline constexpr std::size_t max_webhook_bytes = 64 * 1024;
inline constexpr std::size_t max_webhook_fields = 500;

/// Whose post it must be.
struct WebhookSender {
  std::string account_sid;
  std::vector<std::string> tokens;  ///< today's, and the one before while it is being replaced
};

/// The form of a post to `url` (our configured public URL, the path and query as received), when `signature`
/// proves that the account sent it; else nullopt, whatever is wrong. `body` is the form as it came.
std::optional<FormFields> proven_form(const WebhookSender& sender, std::string_view url,
                                      std::string_view body, std::string_view signature);

/// Of a call or a message: what may stand in a natural key.
bool is_sid(std::string_view text);
/// Code::validation_failed: no CallSid, or one that cannot be one.
Result<CallReport> read_call(const FormFields& form, std::string_view body);
/// Of the `action` of `<Dial>`: how the forwarded leg ended; nullopt for any other post.
std::optional<ForwardReport> read_forward(const FormFields& form);

/// Code::validation_failed: no MessageSid, or one that cannot be one.
Result<MessageReport> read_message(const FormFields& form, std::string_view body);

/// The TwiML of a route: forwarding, or a refusal that costs nothing (WHK-08). `status_url`: where the end of
/// the forwarded leg is told, again when we did not take it.
std::string twiml_of(const calls::Route& route, const CallReport& report, const std::string& status_url);
/// Answers what wants no answer.
std::string empty_twiml();

/// "Tue, 31 Aug 2010 20:36:28 +0000" (RFC 2822, as Twilio writes it); nullopt for anything else.
std::optional<Timestamp> parse_rfc2822(std::string_view text);

}  // namespace ringledger::twilio
