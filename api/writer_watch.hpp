// On a shared log: looks after the node that writes a partition, claims when it is gone, and hands over to
// the node that the consumer group prefers (protocol.md "Liveness", docs/adr/0008). Safety never depends on
// this: who writes is arbitrated by the log alone.
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
  /// What the owner's URL says: `denies`: somebody answers, and does not write in that term. An owner whose
  /// commits come is never judged silent: it is cut off from this node alone, and would claim back.
  enum class Reach { writes, denies, silent };
  /// Whom the consumer group prefers as the writer; `unknown` while it settles or cannot be asked.
  enum class Hint { this_node, another, unknown };
  struct Ports {
    Executor* executor;  ///< serial
    Executor* blocking;  ///< runs `reach`
    Clock* clock;
    Random* random;
    std::string own_url;
    std::function<Seat()> seat;
    std::function<Reach(const Seat&)> reach;  ///< blocks, a second at most
    std::function<Hint()> hint;
    std::function<bool()> may_claim;                ///< false: not now
    std::function<void()> contend;                  ///< claim a new term
    std::function<void()> hand_over;                ///< let another claim
    std::function<void(const std::string&)> alarm;  ///< for an operator
  };
  explicit WriterWatch(Ports ports) : x_ports(std::move(ports)) {}

  /// Looks every second, until the executor stops.
  void start();

  static constexpr std::int64_t look_ms = 1000;
  static constexpr int silent_looks = 3;    ///< in a row before this node claims, so over 2 s
  static constexpr int unhinted_looks = 9;  ///< when another is preferred: the group sees a death in 6 s
  static constexpr std::int64_t young_ms = 5000;  ///< a new owner that does not write yet is left so long
  static constexpr int settled_looks = 3;  ///< another was preferred as often before it is handed over to
  static constexpr std::int64_t first_backoff_ms = 250, most_backoff_ms = 8000;
  static constexpr std::size_t claims_a_minute = 6;

 private:
  void look();
  void look_at_own_seat();
  void judge(const Seat& seat, Reach reached);
  [[nodiscard]] bool is_free(const Seat& seat, Reach reached) const;
  void claim_soon(std::uint64_t term);
  void claim();
  void look_later();

  Ports x_ports;
  int x_misses = 0, x_preferred_elsewhere = 0;
  std::uint64_t x_looked_at = 0;       ///< term of the last look
  std::uint64_t x_counted = 0;         ///< commits, at the last look
  std::int64_t x_looked_at_since = 0;  ///< when its first was
  std::int64_t x_backoff_ms = first_backoff_ms;
  std::deque<std::int64_t> x_claims;  ///< when, in the last minute
};

}  // namespace ringledger
