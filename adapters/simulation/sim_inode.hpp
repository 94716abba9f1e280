// One simulated file's content: what programs see, what the platter holds, and the writes in between.
#pragma once

#include <vector>

#include "adapters/simulation/sim_random.hpp"
#include "adapters/simulation/sparse_bytes.hpp"

namespace ringledger {

/// Not thread-safe.
class SimInode {
 public:
  [[nodiscard]] const SparseBytes& seen() const { return seen_; }
  void write(std::uint64_t offset, std::string_view bytes);
  void resize(std::uint64_t size);
  /// Everything seen is durable from now on.
  void sync();
  /// A sync that failed, as Linux does it: of the writes since the last one some reached the platter,
  /// and the others count as clean, so that no later sync will write them, although they are seen.
  void fail_sync(SimRandom& random);
  /// The power goes: each write since the last sync is kept, lost, or torn at a byte.
  void crash(SimRandom& random);
  /// Flips bits on the platter and in the cache. REQUIRES: offset < seen().size().
  void corrupt(std::uint64_t offset, std::uint8_t mask);

 private:
  struct Write {
    bool resizes;  ///< to `offset`; otherwise bytes are written there
    std::uint64_t offset;
    std::string bytes;
  };
  static void apply(SparseBytes& to, const Write& write);
  void apply_some(SimRandom& random);

  SparseBytes seen_, durable_;
  std::vector<Write> pending_;
};

}  // namespace ringledger
