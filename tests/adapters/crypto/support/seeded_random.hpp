// A Random that gives the same bytes for the same seed. Not thread-safe.
#pragma once

#include <random>

#include "commands/ports/system.hpp"

namespace ringledger::testing {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) b = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace ringledger::testing
