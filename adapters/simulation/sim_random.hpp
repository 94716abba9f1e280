// A seeded stream of random numbers: the same seed and name give the same numbers, on every machine.
#pragma once

#include <array>
#include <mutex>
#include <string_view>

#include "commands/ports/system.hpp"

namespace ringledger {

/// xoshiro256** seeded by splitmix64. Guessable: for simulations and tests only. Thread-safe.
class SimRandom final : public Random {
 public:
  /// `stream` separates parts that draw from one seed, so that one drawing more does not shift another.
  explicit SimRandom(std::uint64_t seed, std::string_view stream = {});
  void fill(std::span<std::uint8_t> bytes) override;
  /// Evenly from [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// True in `percent` of 100 draws.
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::uint64_t next();

  std::mutex mutex_;
  std::array<std::uint64_t, 4> state_{};
};

/// A stable 64-bit hash of a text (FNV-1a), continuing from `hash`.
std::uint64_t stable_hash(std::string_view text, std::uint64_t hash = 14695981039346656037ULL);

}  // namespace ringledger
