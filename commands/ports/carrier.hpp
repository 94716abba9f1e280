// A telephony provider as the product sees it: list, look up, write settings, release. Blocking.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>
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
};

template <class T>
using CarrierResult = std::expected<T, CarrierFailure>;

/// The fields to set, all at once; an absent one is left alone. Twilio's update is "set to".
struct ProviderUpdate {
  std::optional<std::string> friendly_name, voice_url, voice_method, voice_fallback_url,
      voice_application_sid, trunk_sid, status_callback, sms_url, sms_application_sid;
  std::optional<bool> voice_caller_id_lookup;
  friend bool operator==(const ProviderUpdate&, const ProviderUpdate&) = default;
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
  virtual CarrierResult<numbers::ProviderNumber> update_number(const CarrierCredentials&,
                                                               const std::string& sid,
                                                               const ProviderUpdate&) = 0;
  /// Success also when it was already gone.
  virtual CarrierResult<void> release_number(const CarrierCredentials&, const std::string& sid) = 0;
};

}  // namespace ringledger
