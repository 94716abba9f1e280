// How a node's key vault shares keys with the vaults of the other nodes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapters/crypto/key_file.hpp"

namespace ringledger {

class KeyExchange {
 public:
  virtual ~KeyExchange() = default;
  /// Durable for all nodes when it succeeds; after a failure they are published again, by the same versions.
  virtual Result<void> publish(const std::vector<key_file::Record>& keys) = 0;
  /// No key of these subjects counts from now on, for anybody. `known`: those that are to vanish.
  virtual Result<void> publish_destroyed(const std::vector<std::string>& subjects,
                                         const std::vector<key_file::Record>& known) = 0;
  /// Blocks until the vault has adopted all that was published before this call.
  virtual Result<void> catch_up() = 0;
  /// The same without blocking, however long it takes: `then` runs on another thread, once, unless this ends
  /// before.
  virtual void when_caught_up(std::move_only_function<void()> then) = 0;
};

}  // namespace ringledger
