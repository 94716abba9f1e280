// Unguessable bytes from the kernel (getrandom), fetched in blocks per thread.
#pragma once

#include "commands/ports/system.hpp"

namespace ringledger {

/// Thread-safe; a small draw costs a copy, one in about 250 a system call. Bytes handed out are wiped
/// from the block, and a child process never repeats its parent's. Aborts when the kernel has no
/// randomness to give: no answer would be safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace ringledger
