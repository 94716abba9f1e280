#include "api/rate_limit.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

namespace ringledger {
namespace {
constexpr std::size_t most_shards = 16;  ///< locks, so that io threads seldom meet
constexpr std::int64_t unit = 1000;      ///< buckets count thousandths: one per ms at 1 unit/s

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

RateLimiter::Options named(RateLimiter::Options options, std::string_view policy) {
  options.policy = policy;
  return options;
}

/// Which of two buckets that allow it is nearer to its end.
const RateDecision& tighter(const RateDecision& a, const RateDecision& b) {
  if (a.limit == 0 || b.limit == 0) return a.limit == 0 ? b : a;
  return b.remaining < a.remaining ? b : a;
}
}  // namespace

struct RateLimiter::Shard {
  struct Bucket {
    std::string key;
    std::int64_t level = 0;  ///< thousandths of a unit left
    std::int64_t at_ms = 0;  ///< when that was so
  };
  mutable std::mutex mutex;
  std::list<Bucket> by_use;  ///< most recently used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_key;

  Bucket& bucket(std::string_view key, std::int64_t full, std::int64_t now, std::size_t most) {
    if (auto found = by_key.find(key); found != by_key.end()) {
      by_use.splice(by_use.begin(), by_use, found->second);
      return by_use.front();
    }
    while (by_use.size() >= most) {
      by_key.erase(by_use.back().key);
      by_use.pop_back();
    }
    by_use.push_front({std::string(key), full, now});
    by_key.emplace(by_use.front().key, by_use.begin());
    return by_use.front();
  }
};

RateLimiter::RateLimiter(const Clock& clock, Options options) : clock_(clock), options_(options) {
  constexpr std::int64_t most = 1'000'000'000;
  options_.units_per_second = std::clamp<std::int64_t>(options_.units_per_second, 0, most);
  if (options_.burst <= 0) options_.burst = 2 * options_.units_per_second;
  options_.burst = std::min(options_.burst, most);
  options_.max_keys = std::max<std::size_t>(options_.max_keys, 1);
  shard_count_ = std::clamp<std::size_t>(options_.max_keys / 1024, 1, most_shards);
  shards_ = std::make_unique<Shard[]>(shard_count_);
}

RateLimiter::~RateLimiter() = default;

RateDecision RateLimiter::take(std::string_view key, std::int64_t cost) {
  RateDecision d;
  d.policy = options_.policy;
  if (options_.units_per_second == 0) return d;
  auto rate = options_.units_per_second;  // thousandths per millisecond
  auto full = options_.burst * unit;
  auto price = std::clamp<std::int64_t>(cost, 1, options_.burst) * unit;
  auto now = clock_.monotonic_ms();
  auto& shard = shards_[std::hash<std::string_view>{}(key) % shard_count_];
  std::lock_guard lock(shard.mutex);
  auto& b = shard.bucket(key, full, now, options_.max_keys / shard_count_);
  auto passed = std::max<std::int64_t>(now - b.at_ms, 0);
  b.level = passed >= ceil_div(full - b.level, rate) ? full : b.level + passed * rate;
  b.at_ms = std::max(now, b.at_ms);
  d.allowed = b.level >= price;
  if (d.allowed) b.level -= price;
  d.limit = options_.burst;
  d.window_s = std::max<std::int64_t>(ceil_div(options_.burst, rate), 1);
  d.remaining = b.level / unit;
  d.reset_s = ceil_div(full - b.level, rate * unit);
  if (!d.allowed) d.retry_after_s = std::max<std::int64_t>(ceil_div(price - b.level, rate * unit), 1);
  return d;
}

std::size_t RateLimiter::keys() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < shard_count_; ++i) {
    std::lock_guard lock(shards_[i].mutex);
    n += shards_[i].by_use.size();
  }
  return n;
}

RateLimits::RateLimits(const Clock& clock, Options options)
    : x_keys(clock, named(options.key, "key")),
      x_accounts(clock, named(options.account, "account")),
      x_addresses(clock, named(options.address, "address")),
      x_pages(clock, named(options.page, "key")),
      x_page_addresses(clock, named(options.page_address, "address")) {}

RateDecision RateLimits::of_caller(std::string_view key, std::string_view account, std::int64_t cost) {
  return of_both(x_keys, key, account, cost);
}

RateDecision RateLimits::of_page(std::string_view key, std::string_view account) {
  return of_both(x_pages, key, account, 1);
}

RateDecision RateLimits::of_visit(std::string_view peer, std::string_view key, std::string_view account) {
  auto by_address = x_page_addresses.take(network_of(peer));
  if (!by_address.allowed) return by_address;
  auto by_page = of_page(key, account);
  return by_page.allowed ? tighter(by_address, by_page) : by_page;
}

RateDecision RateLimits::of_both(RateLimiter& keys, std::string_view key, std::string_view account,
                                 std::int64_t cost) {
  auto by_key = keys.take(key, cost);
  if (!by_key.allowed || account.empty()) return by_key;
  auto by_account = x_accounts.take(account, cost);
  return by_account.allowed ? tighter(by_key, by_account) : by_account;
}

RateDecision RateLimits::of_stranger(std::string_view peer, std::int64_t cost) {
  return x_addresses.take(network_of(peer), cost);
}

std::string network_of(std::string_view peer) {
  std::string host(peer.substr(0, peer.rfind(':')));
  boost::system::error_code no_address;
  auto address = boost::asio::ip::make_address(host, no_address);
  if (no_address || address.is_v4()) return host;
  auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

HttpHeaders rate_limit_headers(const RateDecision& d) {
  HttpHeaders out;
  if (d.limit == 0) return out;
  auto policy = "\"" + std::string(d.policy) + "\"";
  out.emplace_back("RateLimit-Policy",
                   policy + ";q=" + std::to_string(d.limit) + ";w=" + std::to_string(d.window_s));
  out.emplace_back("RateLimit",
                   policy + ";r=" + std::to_string(d.remaining) + ";t=" + std::to_string(d.reset_s));
  if (!d.allowed) out.emplace_back("Retry-After", std::to_string(d.retry_after_s));
  return out;
}

void tell_rate(const RateDecision& decision, HttpResponse& response) {
  if (!decision.allowed)
    std::erase_if(response.headers, [](const auto& h) { return h.first == "Retry-After"; });
  for (auto& h : rate_limit_headers(decision)) response.headers.push_back(std::move(h));
}

}  // namespace ringledger
