// The cache in front of `access.v1`: who a key belongs to and what it may do, asked at every request.
#pragma once

#include <array>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "projections/access.hpp"
#include "projections/runner.hpp"

namespace ringledger {

/// Thread-safe. A row that the runner wrote is never answered in its old state after the write
/// returned. What does not exist is not remembered, so guessed keys push nobody out.
class AccessDirectory {
 public:
  /// Listens to the runner, which must outlive it and must not fold before this returns; AccessView
  /// must be registered. `most_rows`: bound of the cache.
  explicit AccessDirectory(ViewRunner& runner, std::size_t most_rows = 65'536);

  using Found = Result<std::shared_ptr<const AccessRow>>;  ///< nullptr: there is none
  [[nodiscard]] Found key(KeyId id) { return find(access_key(id)); }
  [[nodiscard]] Found member(MemberId id) { return find(access_key(id)); }
  [[nodiscard]] Found account(AccountId id) { return find(access_key(id)); }
  [[nodiscard]] Found workspace(WorkspaceId id) { return find(access_key(id)); }

 private:
  static constexpr std::size_t shards = 16;
  struct Shard {
    std::shared_mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<const AccessRow>> rows;
    std::uint64_t written = 0;  ///< grows with every write told: a row read before it is not kept
  };
  struct Cache {
    std::array<Shard, shards> shards;
    Shard& of(const std::string& key) { return shards[std::hash<std::string>{}(key) % shards.size()]; }
    void forget(const std::vector<std::string>& keys);
  };

  Found find(const std::string& key);
  ViewRunner& x_runner;
  std::size_t x_most_in_shard;
  std::shared_ptr<Cache> x_cache = std::make_shared<Cache>();  // shared with the runner's hook
};

}  // namespace ringledger
