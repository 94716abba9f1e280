// Twilio as a Carrier: its REST API of 2010-04-01 over HttpClient (twilio.md B.1, B.2, B.7).
#pragma once

#include <atomic>
#include <string>

#include "commands/ports/carrier.hpp"
#include "commands/ports/http_client.hpp"

namespace ringledger {

/// Thread-safe when the HttpClient is. Reading is repeated up to twice when Twilio answers 429 or 5xx; a
/// write never: the caller decides what to do about `unavailable`.
class TwilioCarrier final : public Carrier {
 public:
  /// Most pages of one list, 1,000 numbers each; a longer list is `unavailable`, not cut short.
  static constexpr int max_pages = 1000;

  /// `base_url`: "https://api.twilio.com" or a simulator's, without path. `http` must outlive this.
  TwilioCarrier(HttpClient& http, std::string base_url, int timeout_ms = 10'000);

  CarrierResult<Account> verify(const CarrierCredentials& who) override;
  /// Numbers whose `phone_number` is no E.164 (short codes) are left out: nothing here can hold them.
  CarrierResult<std::vector<numbers::ProviderNumber>> list_numbers(const CarrierCredentials& who) override;
  CarrierResult<std::optional<numbers::ProviderNumber>> find_number(const CarrierCredentials& who,
                                                                    const E164& e164) override;
  CarrierResult<numbers::ProviderNumber> fetch_number(const CarrierCredentials& who,
                                                      const std::string& sid) override;
  CarrierResult<Written> update_number(const CarrierCredentials& who, const std::string& sid,
                                       const ProviderUpdate& update) override;
  CarrierResult<Receipt> release_number(const CarrierCredentials& who, const std::string& sid) override;
  CarrierResult<CallReport> fetch_call(const CarrierCredentials& who, const std::string& sid) override;
  CarrierResult<ReportPage<CallReport>> list_calls(const CarrierCredentials& who, Timestamp since,
                                                   const std::string& page) override;
  CarrierResult<ReportPage<MessageReport>> list_messages(const CarrierCredentials& who, Timestamp since,
                                                         const std::string& page) override;

 private:
  Result<HttpAnswer> ask(const CarrierCredentials& who, std::string method, const std::string& target,
                         std::string form = {});
  CarrierResult<std::string> get(const CarrierCredentials& who, const std::string& target);
  std::int64_t pause_ms(int reads, int retry_after_s);
  CarrierResult<std::vector<numbers::ProviderNumber>> list(const CarrierCredentials& who, std::string target);
  HttpClient& http_;
  std::string base_url_;
  int timeout_ms_;
  std::atomic<std::uint64_t> pauses_{0};  ///< so far: spreads the jitter
};

}  // namespace ringledger
