#include "adapters/system/system_random.hpp"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace ringledger {
namespace {

void from_kernel(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    auto n = ::getrandom(bytes.data(), bytes.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      std::perror("getrandom");
      std::abort();
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

/// Counts the forks this process descends from, so that a block fetched before one is thrown away.
std::atomic<unsigned>& forks() {
  static std::atomic<unsigned> count = 0;
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { count.fetch_add(1, std::memory_order_relaxed); });
  return count;
}

struct Block {
  static constexpr std::size_t size = 4096;
  std::array<std::uint8_t, size> bytes{};
  std::size_t used = size;
  unsigned fork = 0;

  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { explicit_bzero(bytes.data(), size); }

  void take(std::span<std::uint8_t> out) {
    auto generation = forks().load(std::memory_order_relaxed);
    if (out.size() > size - used || fork != generation) {
      from_kernel(bytes);
      used = 0;
      fork = generation;
    }
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(used), out.size(), out.begin());
    explicit_bzero(bytes.data() + used, out.size());
    used += out.size();
  }
};

}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  if (bytes.size() > Block::size / 8) return from_kernel(bytes);
  thread_local Block block;
  block.take(bytes);
}

}  // namespace ringledger
