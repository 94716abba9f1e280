// Queries over read models in memory: given events, a key asks, the answer is JSON.
#pragma once

#include <boost/json/value.hpp>
#include <map>

#include "api/query_operation.hpp"
#include "projections/access_directory.hpp"
#include "projections/inventory_query.hpp"
#include "tests/projections/support/world.hpp"
#include "tests/support/fakes.hpp"

namespace ringledger::test {

class HandClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return wall; }
  [[nodiscard]] std::int64_t monotonic_ms() const override { return ms; }
  Timestamp wall{1'700'000'000'000};
  std::int64_t ms = 5'000'000;
};

struct Answered {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  std::function<bool(std::string&)> stream;
  [[nodiscard]] boost::json::value json() const;
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] std::string code() const;  ///< of a problem
};

/// An account (1) with an owner (member 1, key 1), a manager (2), a plain member (3) of workspace 1, two
/// workspaces; an account 2 with its owner (9) and workspace 9.
class QueryWorld {
 public:
  QueryWorld();
  /// As the edge does it, but for sockets, rate limits and positions: match, authorise, query.
  Answered get(const std::string& target, const HttpHeaders& headers = {});
  QueryWorld& as(std::uint64_t k) {
    x_key = key(k);
    return *this;
  }
  /// From now on no view can be read; who asks is known from before.
  void fail_reads() {
    for (std::uint64_t k : {1ULL, 2ULL, 3ULL, 9ULL}) x_known.emplace(key(k), caller(key(k)));
    world.store->fail_reads();
  }
  QueryWorld& given(std::vector<Event> events, AccountId account = acc());
  [[nodiscard]] Caller caller(KeyId id) const;
  [[nodiscard]] std::string position(std::uint64_t offset) const {
    return "ep." + ("0." + std::to_string(offset));
  }
  [[nodiscard]] std::uint64_t last_offset() const { return world.log.commits().back().offset; }

  World world;
  mutable AccessDirectory directory{*world.runner};
  HandClock clock;
  ringledger::testing::FakePhones phones;
  ProviderFacts provider;  ///< what list_candidates answers
  int provider_asked = 0;
  bool identified = true;  ///< false: the key ended meanwhile

 private:
  std::expected<HttpResponse, Refusal> ask(Call& call, const Operation& op);
  KeyId x_key = key(1);
  std::map<KeyId, Caller> x_known;
  std::unique_ptr<RouteTable> x_routes;
};

/// Texts of a member of each item.
std::vector<std::string> each(const boost::json::value& list, std::string_view member);
std::string str(const boost::json::value& v);

}  // namespace ringledger::test
