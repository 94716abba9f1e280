// Token buckets: how much a key, an account and an address may ask for, with a bound on how many of each are
// remembered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/http_types.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

struct RateDecision {
  bool allowed = true;
  std::string_view policy{};       ///< whose bucket it is: "key", "account", "address"
  std::int64_t limit = 0;          ///< units the bucket holds; 0: unlimited
  std::int64_t window_s = 1;       ///< seconds in which an empty bucket fills
  std::int64_t remaining = 0;      ///< whole units left after this request
  std::int64_t reset_s = 0;        ///< until the bucket is full again, rounded up
  std::int64_t retry_after_s = 0;  ///< of a refusal: until the same cost would be allowed, at least 1
};

class RateLimiter {
 public:
  struct Options {
    std::int64_t units_per_second = 0;  ///< 0: no limit at all
    std::int64_t burst = 0;             ///< what a bucket holds; 0: two seconds' worth
    std::size_t max_keys = 65'536;      ///< past it the key longest unused is forgotten (its bucket: full)
    std::string_view policy = "key";    ///< what a key is here
  };
  RateLimiter(const Clock& clock, Options options);
  ~RateLimiter();

  /// Takes `cost` (1 and up) units from the key's bucket, or refuses and takes nothing. A cost above
  /// the burst is charged as the whole burst. Thread-safe.
  RateDecision take(std::string_view key, std::int64_t cost = 1);
  /// Buckets remembered now.
  [[nodiscard]] std::size_t keys() const;

 private:
  struct Shard;
  const Clock& clock_;
  Options options_;
  std::size_t shard_count_;
  std::unique_ptr<Shard[]> shards_;
};

/// Who may ask for how much. A request with a valid key costs its key and its account, a page's that of its
/// campaign (and its address, when it begins a visit); any other (a wrong key, a public route, no route)
/// costs the address it came from. So whoever shares an address with a guesser of keys goes on unhindered.
class RateLimits {
 public:
  struct Options {
    RateLimiter::Options key{}, account{}, address{}, page{}, page_address{};
  };
  RateLimits(const Clock& clock, Options options);
  /// `account`: "" for the operator. The tighter of the two buckets, or the one that refuses; what the
  /// account refuses has cost the key.
  RateDecision of_caller(std::string_view key, std::string_view account, std::int64_t cost);
  /// The same of a page, by its campaign's publishable key, which everybody can read.
  RateDecision of_page(std::string_view key, std::string_view account);
  /// The same of a page that begins a visit, of which one address (`peer`) may begin so many: what it is
  /// refused costs neither key nor account, so nobody spends alone what all visitors share.
  RateDecision of_visit(std::string_view peer, std::string_view key, std::string_view account);
  /// `peer`: "address:port".
  RateDecision of_stranger(std::string_view peer, std::int64_t cost = 1);

 private:
  RateDecision of_both(RateLimiter& keys, std::string_view key, std::string_view account, std::int64_t cost);
  RateLimiter x_keys, x_accounts, x_addresses, x_pages, x_page_addresses;
};

/// What a peer's bucket is named by: its IPv4 address, the /64 network of an IPv6 one (one host has them
/// all).
std::string network_of(std::string_view peer);

/// `RateLimit-Policy`, `RateLimit` (draft-ietf-httpapi-ratelimit-headers) and, on a refusal,
/// `Retry-After`; none when there is no limit.
HttpHeaders rate_limit_headers(const RateDecision& decision);
/// Adds them; of a refusal its own `Retry-After` is the only one.
void tell_rate(const RateDecision& decision, HttpResponse& response);

}  // namespace ringledger
