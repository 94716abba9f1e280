// Token buckets: what a caller may do, when it may again, and how many callers are remembered.
#include "api/rate_limit.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace ringledger;

namespace {
class HandClock : public Clock {
 public:
  std::int64_t ms = 1'000'000;
  [[nodiscard]] Timestamp now() const override { return {ms}; }
  [[nodiscard]] std::int64_t monotonic_ms() const override { return ms; }
};

std::string header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [n, v] : headers) {
    if (n == name) return v;
  }
  return "-";
}
}  // namespace

TEST_CASE("a rested key may burst, then goes at its rate, and is told when to come back") {
  HandClock clock;
  RateLimiter limiter(clock, {.units_per_second = 2, .burst = 4});
  for (int left = 3; left >= 0; --left) {
    auto d = limiter.take("k");
    CHECK(d.allowed);
    CHECK(d.remaining == left);
  }
  auto refused = limiter.take("k");
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after_s == 1);
  CHECK(refused.reset_s == 2);
  clock.ms += 499;
  CHECK_FALSE(limiter.take("k").allowed);
  clock.ms += 1;
  CHECK(limiter.take("k").allowed);
  CHECK_FALSE(limiter.take("k").allowed);
  clock.ms += 3'600'000;
  CHECK(limiter.take("k").remaining == 3);
}

TEST_CASE("a dear request costs more; one dearer than the burst is charged the burst, not refused for ever") {
  HandClock clock;
  RateLimiter limiter(clock, {.units_per_second = 10, .burst = 10});
  CHECK(limiter.take("k", 7).remaining == 3);
  auto refused = limiter.take("k", 8);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.remaining == 3);
  clock.ms += 1000;
  CHECK(limiter.take("k", 1'000'000).allowed);
  CHECK(limiter.take("k", 1'000'000).retry_after_s == 1);
}

TEST_CASE("keys do not share a bucket; a clock that goes back gives nothing") {
  HandClock clock;
  RateLimiter limiter(clock, {.units_per_second = 1, .burst = 1});
  CHECK(limiter.take("a").allowed);
  CHECK(limiter.take("b").allowed);
  CHECK_FALSE(limiter.take("a").allowed);
  clock.ms -= 5000;
  CHECK_FALSE(limiter.take("a").allowed);
  clock.ms += 5000;
  CHECK_FALSE(limiter.take("a").allowed);
}

TEST_CASE("memory is bounded: the key longest unused is forgotten, a used one is kept") {
  HandClock clock;
  RateLimiter limiter(clock, {.units_per_second = 1, .burst = 1, .max_keys = 3});
  CHECK(limiter.take("hot").allowed);
  for (int i = 0; i < 1000; ++i) {
    limiter.take("cold" + std::to_string(i));
    CHECK_FALSE(limiter.take("hot").allowed);
  }
  CHECK(limiter.keys() == 3);
  RateLimiter many(clock, {.units_per_second = 1, .burst = 0, .max_keys = 20'000});
  for (int i = 0; i < 40'000; ++i) many.take("key" + std::to_string(i));
  CHECK(many.keys() <= 20'000);
  CHECK(many.keys() >= 19'000);
}

TEST_CASE("no rate means no limit, no memory and no headers") {
  HandClock clock;
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 100; ++i) CHECK(limiter.take("k").allowed);
  CHECK(limiter.keys() == 0);
  CHECK(rate_limit_headers(limiter.take("k")).empty());
}

TEST_CASE("the headers tell policy, what is left, and on a refusal when to retry") {
  HandClock clock;
  RateLimiter limiter(clock, {.units_per_second = 2, .burst = 10});
  auto fine = rate_limit_headers(limiter.take("k", 4));
  CHECK(header(fine, "RateLimit-Policy") == "\"key\";q=10;w=5");
  CHECK(header(fine, "RateLimit") == "\"key\";r=6;t=2");
  CHECK(header(fine, "Retry-After") == "-");
  CHECK(header(rate_limit_headers(limiter.take("k", 10)), "Retry-After") == "2");
}

TEST_CASE("an account's keys share its bucket; the key's own is told while it is the tighter one") {
  HandClock clock;
  RateLimits limits(clock, {.key = {.units_per_second = 1, .burst = 3},
                            .account = {.units_per_second = 1, .burst = 4},
                            .address = {}});
  auto first = limits.of_caller("k1", "a", 2);
  CHECK((first.allowed && first.policy == "key" && first.remaining == 1));
  auto second = limits.of_caller("k2", "a", 2);
  CHECK((second.allowed && second.policy == "account" && second.remaining == 0));
  auto third = limits.of_caller("k3", "a", 1);
  CHECK_FALSE(third.allowed);
  CHECK(header(rate_limit_headers(third), "RateLimit-Policy") == "\"account\";q=4;w=4");
  CHECK(limits.of_caller("k4", "b", 1).allowed);
  CHECK(limits.of_caller("operator", "", 1).allowed);
  auto by_key = limits.of_caller("k1", "b", 2);
  CHECK((!by_key.allowed && by_key.policy == "key"));
}

TEST_CASE("a page's key has a bucket of its own, beside that of its account") {
  HandClock clock;
  RateLimits limits(clock, {.key = {.units_per_second = 1, .burst = 1},
                            .account = {.units_per_second = 1, .burst = 4},
                            .page = {.units_per_second = 1, .burst = 2}});
  CHECK(limits.of_caller("k", "a", 1).allowed);
  for (int i = 0; i < 2; ++i) CHECK(limits.of_page("k", "a").allowed);
  auto third = limits.of_page("k", "a");
  CHECK((!third.allowed && third.policy == "key" && third.limit == 2));
  CHECK(limits.of_page("k2", "a").allowed);
  CHECK_FALSE(limits.of_page("k2", "a").allowed);  // the account's four
  CHECK(limits.of_page("k3", "b").allowed);
}

TEST_CASE(
    "POOL-05 whoever begins too many visits from one address spends nothing of the key and the account") {
  HandClock clock;
  RateLimits limits(clock, {.account = {.units_per_second = 1, .burst = 10},
                            .page = {.units_per_second = 1, .burst = 5},
                            .page_address = {.units_per_second = 1, .burst = 2}});
  CHECK(limits.of_visit("192.0.2.1:1", "k", "a").policy == "address");
  CHECK(limits.of_visit("192.0.2.1:2", "k", "a").allowed);
  for (int i = 0; i < 20; ++i) {
    auto refused = limits.of_visit("192.0.2.1:3", "k", "a");
    CHECK((!refused.allowed && refused.policy == "address" && refused.retry_after_s == 1));
  }
  CHECK(limits.of_page("k", "a").remaining ==
        2);  // what was not begun is not counted: five, less two and this
  for (const char* peer : {"192.0.2.2:1", "192.0.2.3:1"}) CHECK(limits.of_visit(peer, "k", "a").allowed);
  auto by_key = limits.of_visit("192.0.2.4:1", "k", "a");
  CHECK((!by_key.allowed && by_key.policy == "key"));
}

TEST_CASE("strangers share the bucket of their address, whatever their port") {
  HandClock clock;
  RateLimits limits(clock, {.key = {}, .account = {}, .address = {.units_per_second = 1, .burst = 1}});
  CHECK(limits.of_stranger("192.0.2.1:1").allowed);
  auto again = limits.of_stranger("192.0.2.1:2");
  CHECK((!again.allowed && again.policy == "address"));
  CHECK(limits.of_stranger("192.0.2.2:1").allowed);
  CHECK(limits.of_caller("k", "a", 1).policy == "account");  // without limits: none is told
}

TEST_CASE("a host of IPv6 has a network of addresses and one bucket") {
  CHECK(network_of("192.0.2.1:443") == "192.0.2.1");
  CHECK(network_of("::ffff:192.0.2.1:443") == "192.0.2.1");
  CHECK(network_of("2001:db8:1:2::1:443") == network_of("2001:db8:1:2:ffff::9:443"));
  CHECK(network_of("2001:db8:1:2::1:443") != network_of("2001:db8:1:3::1:443"));
  CHECK(network_of("2001:db8:1:2::1:443").size() == 8);
}

TEST_CASE("many threads together get exactly what the bucket holds") {
  HandClock clock;
  RateLimiter limiter(clock, {.units_per_second = 1000, .burst = 1000});
  std::atomic<int> allowed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) allowed += limiter.take("k").allowed;
    });
  }
  for (auto& t : threads) t.join();
  CHECK(allowed == 1000);
}
