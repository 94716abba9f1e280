#include "adapters/simulation/sim_random.hpp"

#include <bit>

namespace ringledger {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t stable_hash(std::string_view text, std::uint64_t hash) {
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

SimRandom::SimRandom(std::uint64_t seed, std::string_view stream) {
  if (!stream.empty()) seed ^= stable_hash(stream);
  for (auto& word : state_) word = splitmix(seed);
}

/// Blackman and Vigna's xoshiro256**.
std::uint64_t SimRandom::next() {
  auto& s = state_;
  auto answer = std::rotl(s[1] * 5, 7) * 9;
  auto t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return answer;
}

void SimRandom::fill(std::span<std::uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word = i % 8 == 0 ? next() : word >> 8;
    bytes[i] = static_cast<std::uint8_t>(word & 0xff);
  }
}

std::uint64_t SimRandom::below(std::uint64_t bound) {
  std::lock_guard lock(mutex_);
  auto limit = ~std::uint64_t{0} - (~std::uint64_t{0} % bound);  // no remainder is favoured
  auto drawn = next();
  while (drawn >= limit) drawn = next();
  return drawn % bound;
}

}  // namespace ringledger
