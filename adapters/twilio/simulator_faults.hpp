// Faults to order for the simulated REST API, and the log of requests it saw and made.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <deque>
#include <expected>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/url.hpp"

namespace ringledger::simulated {

/// What to do to the next `times` requests that match; an empty filter matches all.
struct Fault {
  std::uint64_t id = 0;
  std::string resource;  ///< as in the path, e.g. "IncomingPhoneNumbers", or "Accounts"
  std::string method;
  std::string account_sid;
  std::int64_t times = 1;
  int status = 0;         ///< not 0: answered with this status and `code`, the work is not done
  int code = 0;           ///< Twilio's error code; 0: one that fits the status
  int retry_after_s = 0;  ///< not 0: the header Retry-After
  int delay_ms = 0;
  bool drop_answer = false;   ///< does the work, then closes
  bool drop_request = false;  ///< of our webhooks: never sent; `resource` is the hook, e.g. "StatusCallback"
};

/// Reads the body of `POST /_sim/faults`; the reason when it is none.
std::expected<Fault, std::string> read_fault(const boost::json::object& body);
boost::json::object show_fault(const Fault& fault);

/// Not thread-safe. At most 1,000 faults wait at a time; the first that matches is used.
class Faults {
 public:
  static constexpr std::size_t max_waiting = 1000;
  /// The stored fault with its id, nullopt when max_waiting is reached.
  std::optional<Fault> add(Fault fault);
  std::optional<Fault> take(std::string_view resource, std::string_view method, std::string_view account_sid);
  /// Whether the next webhook to that hook is lost.
  bool take_webhook(std::string_view hook, std::string_view method, std::string_view account_sid);
  void clear() { waiting_.clear(); }
  [[nodiscard]] const std::list<Fault>& waiting() const { return waiting_; }

 private:
  std::optional<Fault> take(bool webhook, std::string_view resource, std::string_view method,
                            std::string_view account_sid);
  std::list<Fault> waiting_;
  std::uint64_t last_id_ = 0;
};

struct LoggedRequest {
  bool sent = false;  ///< by us (a webhook); else received
  std::string account_sid, method, url;
  FormFields params;
  int status = 0;  ///< 0: no answer came
  bool faulted = false, dropped = false;
  std::int64_t at_ms = 0;
};

/// Not thread-safe. Keeps the newest 10,000 requests and 32 MiB.
class RequestLog {
 public:
  static constexpr std::size_t max_items = 10'000, max_bytes = 32 * 1024 * 1024;
  void add(LoggedRequest request);
  void clear();
  /// Oldest first; "" is every account.
  [[nodiscard]] boost::json::array show(std::string_view account_sid) const;

 private:
  std::deque<LoggedRequest> items_;
  std::size_t bytes_ = 0;
};

}  // namespace ringledger::simulated
