// A telephony provider as the product sees it: list, look up, write settings, release. Blocking.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "commands/call_report.hpp"
#include "commands/message_report.hpp"
#include "domain/described.hpp"
#include "domain/number.hpp"
#include "domain/result.hpp"

namespace ringledger {

/// Credentials in clear, held only while calling.
struct CarrierCredentials {
  std::string account_sid;
  std::string auth_token;
};

/// What the provider answered when it said no. `code` 0 when it gave none.
struct ProviderError {
  int code = 0;
  std::string message;
  std::string more_info;
  RL_FIELDS(ProviderError, code, message, more_info);
};

/// Why a call to the provider failed.
struct CarrierFailure {
  enum class Kind {
    unavailable,          ///< no answer, 5xx, 429: repeat later; it may have happened
    invalid_credentials,  ///< 401 or Twilio 20003
    gone,                 ///< the resource does not exist there (404, 20404)
    refused               ///< any other 4xx: repeating the same is pointless
  } kind = Kind::unavailable;
  ProviderError error;
  int retry_after_s = 0;
  std::string request_id{};  ///< the provider's own name for the request; "" when there was no answer

  /// The account is not active; no number is to blame.
  [[nodiscard]] bool account_suspended() const {
    return kind == Kind::refused && (error.code == 20005 || error.code == 10001);
  }
};

template <class T>
using CarrierResult = std::expected<T, CarrierFailure>;

/// The fields to set, all at once; an absent one is left alone. Twilio's update is "set to".
struct ProviderUpdate {
  std::optional<std::string> friendly_name, voice_url, voice_method, voice_fallback_url,
      voice_fallback_method, voice_application_sid, trunk_sid, status_callback, status_callback_method,
      sms_url, sms_method, sms_fallback_url, sms_fallback_method, sms_application_sid;
  std::optional<bool> voice_caller_id_lookup;
  friend bool operator==(const ProviderUpdate&, const ProviderUpdate&) = default;
};

/// Calls `visit(name, field of the update, field of the hooks)` for every hook.
void each_hook(auto&& update, auto&& hooks, auto&& visit) {
  visit("voice_url", update.voice_url, hooks.voice_url);
  visit("voice_method", update.voice_method, hooks.voice_method);
  visit("voice_fallback_url", update.voice_fallback_url, hooks.voice_fallback_url);
  visit("voice_fallback_method", update.voice_fallback_method, hooks.voice_fallback_method);
  visit("voice_application_sid", update.voice_application_sid, hooks.voice_application_sid);
  visit("trunk_sid", update.trunk_sid, hooks.trunk_sid);
  visit("status_callback", update.status_callback, hooks.status_callback);
  visit("status_callback_method", update.status_callback_method, hooks.status_callback_method);
  visit("sms_url", update.sms_url, hooks.sms_url);
  visit("sms_method", update.sms_method, hooks.sms_method);
  visit("sms_fallback_url", update.sms_fallback_url, hooks.sms_fallback_url);
  visit("sms_fallback_method", update.sms_fallback_method, hooks.sms_fallback_method);
  visit("sms_application_sid", update.sms_application_sid, hooks.sms_application_sid);
}

/// The same for every setting: the label, the hooks, the caller name lookup.
void each_setting(auto&& update, auto&& settings, auto&& visit) {
  visit("friendly_name", update.friendly_name, settings.friendly_name);
  each_hook(update, settings.hooks, visit);
  visit("voice_caller_id_lookup", update.voice_caller_id_lookup, settings.voice_caller_id_lookup);
}

/// An accepted release.
struct Receipt {
  std::string request_id;
};
/// An accepted update: what the number is now.
struct Written {
  numbers::ProviderSettings settings;
  std::string request_id;
};

/// Part of a provider's list, the newest first.
template <class Report>
struct ReportPage {
  std::vector<Report> reports;
  std::string next;  ///< names the next page; "" after the last one
};

class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Checks the credentials (GET /Accounts/{AC}.json). `type`: "Trial" or "Full".
  struct Account {
    std::string status, type, friendly_name;
  };
  virtual CarrierResult<Account> verify(const CarrierCredentials&) = 0;
  /// Every number of the account, paged to its end.
  virtual CarrierResult<std::vector<numbers::ProviderNumber>> list_numbers(const CarrierCredentials&) = 0;
  /// One number by E.164 (exact), or nullopt when the account does not own it.
  virtual CarrierResult<std::optional<numbers::ProviderNumber>> find_number(const CarrierCredentials&,
                                                                            const E164&) = 0;
  virtual CarrierResult<numbers::ProviderNumber> fetch_number(const CarrierCredentials&,
                                                              const std::string& sid) = 0;
  virtual CarrierResult<Written> update_number(const CarrierCredentials&, const std::string& sid,
                                               const ProviderUpdate&) = 0;
  /// Success also when it was already gone.
  virtual CarrierResult<Receipt> release_number(const CarrierCredentials&, const std::string& sid) = 0;

  /// One call as it is now.
  virtual CarrierResult<CallReport> fetch_call(const CarrierCredentials&, const std::string& sid) = 0;
  /// Inbound calls that ended at `since` or later, a page at a time; `page`: "" for the first, else what the
  /// page before named.
  virtual CarrierResult<ReportPage<CallReport>> list_calls(const CarrierCredentials&, Timestamp since,
                                                           const std::string& page) = 0;
  /// The same of inbound messages that came at `since` or later.
  virtual CarrierResult<ReportPage<MessageReport>> list_messages(const CarrierCredentials&, Timestamp since,
                                                                 const std::string& page) = 0;
};

}  // namespace ringledger
