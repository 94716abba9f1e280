// On a shared log: looks after the node that writes, and claims when it is gone (protocol.md "Liveness").
// Safety never depends on this: who writes is arbitrated by the log alone.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "commands/ports/system.hpp"
#include "commands/shard.hpp"

namespace ringledger {

class WriterWatch {
 public:
  using Seat = Shard::Seat;
  struct Ports {
    Executor* executor;  ///< serial
    Executor* blocking;  ///< runs `reach`
    Clock* clock;
    Random* random;
    std::function<Seat()> seat;
    std::function<bool(const Seat&)> reach;  ///< does the owner answer as one? Blocks, a second at most
    std::function<void()> contend;           ///< claim a new term
    std::function<void(const std::string&)> alarm;  ///< for an operator
  };
  explicit WriterWatch(Ports ports) : x_ports(std::move(ports)) {}

  /// Looks every second, until the executor stops.
  void start();

  static constexpr std::int64_t look_ms = 1000;
  static constexpr int most_misses = 3;  ///< in a row, so over 2 s
  static constexpr std::int64_t first_backoff_ms = 250, most_backoff_ms = 8000;
  static constexpr std::size_t claims_a_minute = 6;

 private:
  void look();
  void judge(const Seat& seat, bool reached);
  void claim();
  void look_later();

  Ports x_ports;
  int x_misses = 0;
  std::uint64_t x_looked_at = 0;  ///< term of the last look
  std::int64_t x_backoff_ms = first_backoff_ms;
  std::deque<std::int64_t> x_claims;  ///< when, in the last minute
};

}  // namespace ringledger
